import { RelayError } from '../errors.ts';
import type { Authenticator, Caller, Identification } from './authenticator.ts';
import { changeError } from './change-error.ts';
import { describeFault } from './describe-fault.ts';
import type { Principal } from './principal.ts';

/**
 * Asks one kind of authentication, and believes nothing of it that has not the form of an answer: it may be the user's own,
 * without types. Whatever goes wrong in it lets nobody in. Never rejects.
 */
export async function identify(authenticator: Authenticator, caller: Caller): Promise<Identification> {
  const { name } = authenticator;
  try {
    const identification = await authenticator.identify(caller);
    switch (identification.kind) {
      case 'principal':
        return isPrincipal(identification.principal)
          ? identification
          : refuse(`"${name}" gave a principal whose id is not a string of at least one character`);
      case 'refused':
        return identification.error instanceof RelayError
          ? refuseWith(identification.error, caller)
          : refuse(`"${name}" refused with what is no RelayError`);
      case 'absent':
        return identification;
      default:
        return refuse(`"${name}" gave what is no identification`);
    }
  } catch (thrown) {
    return thrown instanceof RelayError ? refuseWith(thrown, caller) : refuse(hideCredentials(thrown, caller));
  }
}

/** Two ids that are not well-formed would have the same UTF-8, and so be one principal wherever they are written. */
function isPrincipal(value: unknown): value is Principal {
  const { id, isAnonymous = false } = Object(value) as { readonly id?: unknown; readonly isAnonymous?: unknown };
  return typeof id === 'string' && id !== '' && id.isWellFormed() && typeof isAnonymous === 'boolean';
}

function refuse(cause: unknown): Identification {
  return { kind: 'refused', error: new RelayError('internal_error', { cause }) };
}

function refuseWith(error: RelayError, caller: Caller): Identification {
  const cause = hideCredentials(error.cause, caller);
  return { kind: 'refused', error: cause === error.cause ? error : changeError(error, { cause }) };
}

/**
 * Gives what was thrown, for the log; where it quotes the caller's credentials, as an error of a network call may that has
 * a URL or a body in it, its text without them.
 */
function hideCredentials(thrown: unknown, { request, credentials }: Caller): unknown {
  const { authorization = '', 'x-api-key': key = '' } = request.headers;
  const secrets = [
    authorization.slice(authorization.indexOf(' ') + 1),
    key,
    ...(credentials?.kind === 'basic' ? [credentials.password] : []),
  ]
    .filter((secret) => secret !== '')
    // As it is, in a URL and in JSON.
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)]);
  const text = describeFault(thrown);
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  if (!secrets.some((secret) => `${text}${stack}`.includes(secret))) return thrown;
  return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '[credentials]'), text);
}
