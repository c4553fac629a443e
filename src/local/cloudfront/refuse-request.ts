import type { IncomingMessage } from 'node:http';
import { errorPage } from './error-page.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import { faultHeader } from './request-wishes.ts';
import { fromRawHeaders, without } from './header-list.ts';
import { maxHeadBytes, sizeOfHead } from './header-rules.ts';
import type { EdgeResponse } from './messages.ts';
import { maxUrlBytes } from './target-rules.ts';
import { isViewerHost } from './viewer-host.ts';

const notAllowed =
  'This distribution is not configured to allow the HTTP request method that was used for this request.';

/**
 * What CloudFront refuses before anything of the behaviour runs, and why, which the log is told; undefined where it takes
 * the request.
 */
export function refuseRequest(
  { distribution, onLog }: CloudFrontSettings,
  incoming: IncomingMessage,
  { request, behaviour, requestId }: Exchange,
): EdgeResponse | undefined {
  const refuse = (status: number, page: string, reason: string): EdgeResponse => {
    onLog({ source: 'cloudfront', text: `${status}: ${reason}` });
    return errorPage(status, page, requestId, 'Error');
  };
  const { host } = incoming.headers;
  const names = [distribution.domainName, ...distribution.aliases];
  if (!isViewerHost(host, names)) {
    return refuse(403, 'Bad request.', `the host "${host ?? ''}" is none of ${names.join(', ')} and this machine's`);
  }
  const target = incoming.url ?? '/';
  const headers = without(fromRawHeaders(incoming.rawHeaders), faultHeader);
  const urlBytes = Buffer.byteLength(target);
  const headBytes = sizeOfHead(`${request.method} ${target} HTTP/${incoming.httpVersion}`, headers);
  if (urlBytes > maxUrlBytes || headBytes > maxHeadBytes) {
    const sizes = `the URL has ${urlBytes} bytes, the whole head ${headBytes}`;
    return refuse(413, 'Bad request.', `${sizes}; CloudFront takes ${maxUrlBytes} and ${maxHeadBytes}`);
  }
  const { pathPattern, allowedMethods } = behaviour;
  if (!allowedMethods.includes(request.method)) {
    return refuse(403, notAllowed, `the behaviour of ${pathPattern} allows ${allowedMethods.join(', ')} only`);
  }
  const hasBody = Number(incoming.headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in incoming.headers;
  return request.method === 'GET' && hasBody
    ? refuse(403, 'Bad request.', 'a GET with a body, which CloudFront does not take')
    : undefined;
}
