import { RelayError } from '../errors.ts';
import type { RelayErrorOptions } from '../errors.ts';

/** Makes the same error with something in it changed. */
export function changeError(
  { code, message, cause, upstreamName, retryAfterSeconds, allow, challenge }: RelayError,
  changed: RelayErrorOptions,
): RelayError {
  return new RelayError(code, { message, cause, upstreamName, retryAfterSeconds, allow, challenge, ...changed });
}
