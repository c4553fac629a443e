import { RelayError } from '../errors.ts';
import type { Authenticator, CallerRequest } from './authenticator.ts';
import type { Principal } from './principal.ts';
import { refuseBy } from './unavailable.ts';

/**
 * The user's own way to know a caller; undefined for whom it does not know. An id that the package's own kinds give
 * (`anonymous`, `api-key:…`, `basic:…`, `jwt:…`) is a bug. It may throw a `RelayError` of the codes
 * `unauthenticated`, `invalid_credentials`, `forbidden` or `identity_unavailable`, whose message the caller reads; anything else that it throws is
 * `internal_error`, and nobody is let in.
 */
export type Recognize = (request: CallerRequest) => Principal | undefined | Promise<Principal | undefined>;

/** What {@link authenticator} may be told besides. */
export interface RecognizerOptions {
  /** What it would accept, as an element of `WWW-Authenticate`, such as `Bearer realm="agent"`. Default: none. */
  readonly challenge?: string | undefined;
  /** For the log, kebab case. Default: `handler`. */
  readonly name?: string | undefined;
}

/** Makes an authenticator of the user's own function. */
export function authenticator(
  recognize: Recognize,
  { challenge, name = 'handler' }: RecognizerOptions = {},
): Authenticator {
  return {
    name,
    challenge,
    async identify({ request, credentials }) {
      try {
        const principal = (await recognize(request)) ?? undefined;
        if (principal !== undefined) return { kind: 'principal', principal: checkId(principal) };
      } catch (thrown) {
        const refusal = readRefusal(thrown);
        if (refusal === undefined) throw thrown;
        return refuseBy(refusal);
      }
      if (credentials === undefined) return { kind: 'absent' };
      return refuseBy(new RelayError('invalid_credentials', { cause: `not recognized by "${name}"` }));
    },
  };
}

/** Ids of the package's own principals who are somebody. */
const ownIds = /^(?:api-key|basic|jwt):/u;

/** Somebody who may choose a name must not be able to choose another's, who comes in by another kind of authentication. */
function checkId(principal: Principal): Principal {
  const { id, isAnonymous } = Object(principal) as Partial<Principal>;
  if (typeof id === 'string' && (ownIds.test(id) || (id === 'anonymous' && isAnonymous !== true))) {
    throw new Error(
      'a principal whose id is "anonymous" or begins with "api-key:", "basic:" or "jwt:", which are not free',
    );
  }
  return principal;
}

const refusalCodes = ['unauthenticated', 'invalid_credentials', 'forbidden', 'identity_unavailable'] as const;

/** By its members: a module that was bundled on its own has a class `RelayError` of its own, and perhaps no types. */
function readRefusal(thrown: unknown): RelayError | undefined {
  if (!(thrown instanceof Error) || thrown.name !== 'RelayError') return undefined;
  const { code, message, cause, challenge, retryAfterSeconds } = thrown as Error & Record<string, unknown>;
  const known = refusalCodes.find((known) => known === code);
  if (known === undefined) return undefined;
  return new RelayError(known, {
    message,
    cause,
    challenge: isChallenge(challenge) ? challenge : undefined,
    retryAfterSeconds: isDelay(retryAfterSeconds) ? retryAfterSeconds : undefined,
  });
}

/** Whether it can be sent in a header: a line of ASCII characters. */
function isChallenge(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]+$/u.test(value);
}

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
