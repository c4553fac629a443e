import { RelayError } from '../errors.ts';
import type { Identification } from './authenticator.ts';
import { describeFault } from './describe-fault.ts';

/** Makes the error of what is needed to know a caller and cannot be had now: `identity_unavailable`. */
export function unavailable(what: string, thrown: unknown): RelayError {
  return new RelayError('identity_unavailable', { cause: `${what}: ${describeFault(thrown)}`, retryAfterSeconds: 5 });
}

/** Refuses a caller because of what was thrown: as a `RelayError` says it, or for a bug. */
export function refuseBy(thrown: unknown): Identification {
  return { kind: 'refused', error: RelayError.from(thrown) };
}
