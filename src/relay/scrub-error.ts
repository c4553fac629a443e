import { RelayError, describeCode } from '../errors.ts';

/**
 * What a viewer may be told of an error. Its message is a sentence of our own, in which a value may stand that somebody else
 * gave: the last look before it leaves. The catalogue's own sentences hold none, so that most errors do without the
 * scrubber, which is loaded when it is first needed.
 */
export async function scrubError(error: RelayError): Promise<RelayError> {
  const { code, message, cause, upstreamName, retryAfterSeconds, allow, challenge } = error;
  if (message === describeCode(code)) return error;
  const scrubbed = await loadedScrub(message, describeCode(code));
  if (scrubbed === message) return error;
  return new RelayError(code, { message: scrubbed, cause, upstreamName, retryAfterSeconds, allow, challenge });
}

/** What cannot be scrubbed is not said. */
async function loadedScrub(message: string, instead: string): Promise<string> {
  try {
    const { scrub } = await import('../scrub.ts');
    return scrub(message);
  } catch {
    return instead;
  }
}
