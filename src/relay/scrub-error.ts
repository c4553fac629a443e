import { RelayError } from '../errors.ts';
import { scrub } from '../scrub.ts';

/**
 * What a viewer may be told of an error. Its message is a sentence of our own, in which a value may stand that somebody else
 * gave: the last look before it leaves.
 */
export function scrubError(error: RelayError): RelayError {
  const message = scrub(error.message);
  return message === error.message ? error : new RelayError(error.code, { ...error, message, cause: error.cause });
}
