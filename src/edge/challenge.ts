/**
 * What Lambda@Edge does at origin-response: it gives a challenge its name back.
 *
 * A Function URL sends a function's `WWW-Authenticate` on as `x-amzn-Remapped-www-authenticate` (seen on AWS, not
 * documented), so that no client would learn how to authenticate. Nothing else can undo it: CloudFront runs no
 * viewer-response function where the status is 400 or more, but origin-response functions for every status. There only
 * `Transfer-Encoding` and `Via` are read-only, and neither name is among the headers that functions may not add
 * ("Restrictions on all edge functions", CloudFront Developer Guide).
 */
import type { EdgeHeaders, EdgeOriginResponse, OriginResponseEvent } from './edge-event.ts';

const name = 'www-authenticate';
const remappedName = 'x-amzn-remapped-www-authenticate';

/**
 * Renames the header, with all its values, and gives everything else back as it came.
 *
 * It takes any response that there may be: to throw here would put a 503 in the place of an answer that is good.
 */
export async function challenge(event: OriginResponseEvent): Promise<EdgeOriginResponse> {
  const { response } = event.Records[0].cf;
  const { [remappedName]: remapped, ...others } = response?.headers ?? {};
  if (!Array.isArray(remapped)) {
    return response;
  }
  const given: unknown = others[name];
  const headers: EdgeHeaders = {
    ...others,
    [name]: [
      ...(Array.isArray(given) ? given : []),
      ...remapped.map((field) => ({ ...field, key: 'WWW-Authenticate' })),
    ],
  };
  return { ...response, headers };
}
