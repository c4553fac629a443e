import type { IncomingMessage } from 'node:http';
import { errorPage } from './error-page.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import { faultHeader } from './request-wishes.ts';
import { fromRawHeaders, without } from './header-list.ts';
import { maxHeadBytes, sizeOfHead } from './header-rules.ts';
import type { EdgeResponse } from './messages.ts';
import { maxUrlBytes } from './target-rules.ts';
import { isViewerHost } from './viewer-host.ts';

/** What CloudFront refuses before anything of the behaviour runs; undefined where it takes the request. */
export function refuseRequest(
  { distribution }: CloudFrontSettings,
  incoming: IncomingMessage,
  { request, behaviour, requestId }: Exchange,
): EdgeResponse | undefined {
  if (!isViewerHost(incoming.headers.host, [distribution.domainName, ...distribution.aliases])) {
    return errorPage(403, 'Bad request.', requestId, 'Error');
  }
  const target = incoming.url ?? '/';
  const headers = without(fromRawHeaders(incoming.rawHeaders), faultHeader);
  const head = sizeOfHead(`${request.method} ${target} HTTP/${incoming.httpVersion}`, headers);
  if (Buffer.byteLength(target) > maxUrlBytes || head > maxHeadBytes) {
    return errorPage(413, 'Bad request.', requestId, 'Error');
  }
  if (!behaviour.allowedMethods.includes(request.method)) {
    return errorPage(
      403,
      'This distribution is not configured to allow the HTTP request method that was used for this request.',
      requestId,
      'Error',
    );
  }
  const hasBody = Number(incoming.headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in incoming.headers;
  return request.method === 'GET' && hasBody ? errorPage(403, 'Bad request.', requestId, 'Error') : undefined;
}
