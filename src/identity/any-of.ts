import { RelayError, describeCode } from '../errors.ts';
import type { RelayErrorCode } from '../errors.ts';
import type { Authenticator } from './authenticator.ts';
import { joinChallenges } from './challenges.ts';
import { describeFault } from './describe-fault.ts';
import { identify } from './identify.ts';
import type { Principal } from './principal.ts';

interface Refusal {
  readonly by: Authenticator;
  readonly error: RelayError;
}

/** From the most telling to the least: who is known but not allowed, who cannot be known now, who is not known. */
const precedence: readonly RelayErrorCode[] = ['forbidden', 'internal_error', 'identity_unavailable'];

/**
 * Lets in whom one of these recognizes; they are asked in their order, and the first principal counts. Where none of them
 * does, the most telling refusal is the answer. Nobody in particular is let in only who shows no credentials and whom none of
 * the others refuses: what is not good must not be worth more than nothing.
 */
export function anyOf(authenticators: readonly Authenticator[]): Authenticator {
  return {
    name: 'any-of',
    get challenge() {
      return joinChallenges(authenticators.map(({ challenge }) => challenge));
    },
    async identify(caller) {
      const refusals: Refusal[] = [];
      let nobody: Principal | undefined;
      for (const by of authenticators) {
        const identification = await identify(by, caller);
        if (identification.kind === 'refused') refusals.push({ by, error: identification.error });
        if (identification.kind !== 'principal') continue;
        if (identification.principal.isAnonymous !== true) return identification;
        nobody ??= identification.principal;
      }
      if (refusals.length > 0) return { kind: 'refused', error: join(refusals, authenticators) };
      if (nobody !== undefined && caller.credentials === undefined) return { kind: 'principal', principal: nobody };
      return { kind: 'absent' };
    },
  };
}

function join(refusals: readonly Refusal[], authenticators: readonly Authenticator[]): RelayError {
  const { code, message, challenge, retryAfterSeconds, status } = findMostTelling(refusals.map(({ error }) => error));
  return new RelayError(code, {
    message,
    retryAfterSeconds,
    cause: refusals.map(({ by, error }) => `${by.name}: ${describeFault(error)}`).join('; '),
    challenge:
      status === 401
        ? joinChallenges(
            authenticators.map((by) => refusals.find((refusal) => refusal.by === by)?.error.challenge ?? by.challenge),
          )
        : challenge,
  });
}

/** Of two with the same code, the one that has a sentence of its own: that a token has expired says more than that it is not good. */
function findMostTelling(errors: readonly RelayError[]): RelayError {
  return errors.reduce((found, error) => (rank(error) < rank(found) ? error : found));
}

function rank({ code, message }: RelayError): number {
  const place = precedence.indexOf(code);
  return (place === -1 ? precedence.length : place) + (message === describeCode(code) ? 0.5 : 0);
}
