import { RelayError } from '../errors.ts';
import type { Authenticator, CallerRequest } from './authenticator.ts';
import { changeError } from './change-error.ts';
import { readCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { identify } from './identify.ts';
import type { Principal } from './principal.ts';

/**
 * Finds out who is calling.
 *
 * @throws RelayError `unauthenticated` where the request has no credentials; `invalid_credentials` where it has some that are
 * not good, not well-formed, or of a kind that is not taken; both with a challenge. `forbidden`, `identity_unavailable`, or
 * `internal_error` where authentication itself has a bug. No message and no cause holds anything of the credentials.
 */
export async function authenticate(authenticator: Authenticator, request: CallerRequest): Promise<Principal> {
  const { method, path, headers } = request;
  const credentials = readCredentials(headers);
  // Nothing else of it: a host's request has a body too, which is not to be read before it is known who is calling.
  const identification = await identify(authenticator, { request: { method, path, headers }, credentials });
  const { challenge } = authenticator;
  if (identification.kind === 'principal') return identification.principal;
  throw identification.kind === 'refused'
    ? addChallenge(identification.error, challenge)
    : refuseUnclaimed(credentials, challenge);
}

/** Nothing that the authenticator takes was shown. */
function refuseUnclaimed(credentials: Credentials | undefined, challenge: string | undefined): RelayError {
  if (credentials === undefined) return new RelayError('unauthenticated', { challenge, cause: 'no credentials' });
  const fault = credentials.kind === 'malformed' ? credentials.fault : undefined;
  return new RelayError('invalid_credentials', {
    challenge,
    message: fault,
    cause: fault ?? `credentials of the kind "${credentials.kind}", which is not taken`,
  });
}

/** With 401 something must say what would do (RFC 9110, section 15.5.2); with 403 only the kind that forbids can know it. */
function addChallenge(error: RelayError, challenge: string | undefined): RelayError {
  if (error.status !== 401 || error.challenge !== undefined || challenge === undefined) return error;
  return changeError(error, { challenge });
}
