import { RelayError } from '../errors.ts';
import { scrub } from '../scrub.ts';

/**
 * What a viewer may be told of an error. Its message is a sentence of our own, in which a value may stand that somebody else
 * gave: the last look before it leaves.
 */
export function scrubError(error: RelayError): RelayError {
  const { code, message, cause, upstreamName, retryAfterSeconds, allow, challenge } = error;
  const scrubbed = scrub(message);
  if (scrubbed === message) return error;
  return new RelayError(code, { message: scrubbed, cause, upstreamName, retryAfterSeconds, allow, challenge });
}
