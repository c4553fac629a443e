import { randomBytes } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createExchangeTrace, untraced } from '../hop-trace.ts';
import type { HopRecord, ResponseEnding } from '../request-line.ts';
import { selectBehaviour } from './behaviours.ts';
import { callOrigin } from './call-origin.ts';
import { drain } from './drain.ts';
import { runOriginRequestFunction, runOriginResponseFunction, runViewerFunction } from './edge-functions.ts';
import { errorPage } from './error-page.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import { fromRawHeaders, withHeader } from './header-list.ts';
import { fromViewer, sizeOfHead, toOriginRequest, toViewerHeaders } from './header-rules.ts';
import type { EdgeResponse, OriginResponse, ViewerRequest } from './messages.ts';
import { createRequestBody } from './request-body.ts';
import { applyResponseHeadersPolicy } from './response-headers.ts';
import { sendToViewer } from './send-to-viewer.ts';
import { isViewerHost } from './viewer-host.ts';

/** The longest URL that CloudFront takes, and the largest request line with its headers (CloudFront, Quotas). */
const maxUrlBytes = 8192;
const maxHeadBytes = 32_768;

/** What a Function URL takes, and so as much of a body as is ever kept (Lambda quotas: 6 MB). */
const maxBodyBytes = 6 * 1024 * 1024;

/** The host name of this edge server in `via`. */
const edgeHost = `${randomBytes(16).toString('hex')}.cloudfront.net`;

/** Makes the request listener of a distribution: everything from the viewer's request to the viewer's last byte. */
export function createCloudFront(settings: CloudFrontSettings): RequestListener {
  return (incoming, response) => {
    serve(settings, incoming, response).catch((error: unknown) => {
      const viewerLeft = incoming.destroyed && !incoming.complete;
      const text = viewerLeft ? 'the viewer left in the middle of its request' : `a request failed: ${String(error)}`;
      settings.onLog({ source: 'cloudfront', text });
      response.destroy();
    });
  };
}

async function serve(settings: CloudFrontSettings, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const at = settings.now();
  const started = performance.now();
  const requestId = newRequestId();
  let hops: HopRecord = {};
  let firstByteMs: number | undefined;
  response.on('error', () => undefined);
  const request = readViewerRequest(incoming);
  const exchange: Exchange = {
    request,
    body: createRequestBody(incoming),
    behaviour: selectBehaviour(settings.distribution.behaviours, request.uri),
    requestId,
    scope: {
      record: (facts) => {
        hops = { ...hops, ...facts };
      },
      faults: settings.faultsOf(undefined),
      trace: settings.isTraced ? createExchangeTrace(() => performance.now()) : untraced,
    },
    completeBy: undefined,
  };
  const answer = refuse(settings, incoming, exchange) ?? (await answerViewer(settings, exchange));
  const cacheResult =
    'cacheResult' in answer ? answer.cacheResult : `${answer.status < 400 ? 'Miss' : 'Error'} from cloudfront`;
  const onFirstByte = (): void => {
    firstByteMs = performance.now() - started;
  };
  const { bytes, ending } = await respond(response, answer, exchange, cacheResult, onFirstByte);
  incoming.resume();
  settings.onRequest({
    at,
    requestId,
    method: request.method,
    path: request.uri,
    status: answer.status,
    bytes,
    ending,
    cacheResult,
    hops,
    faults: exchange.scope.faults.met,
    trace: exchange.scope.trace.hops(),
    firstByteMs,
    totalMs: performance.now() - started,
  });
}

function readViewerRequest(incoming: IncomingMessage): ViewerRequest {
  const target = (incoming.url ?? '/').replace(/^https?:\/\/[^/?]*/iu, '');
  const question = target.indexOf('?');
  const uri = question === -1 ? target : target.slice(0, question);
  return {
    method: incoming.method ?? 'GET',
    uri: uri.startsWith('/') ? uri : `/${uri}`,
    querystring: question === -1 ? '' : target.slice(question + 1),
    headers: fromViewer(fromRawHeaders(incoming.rawHeaders)),
    clientIp: incoming.socket.remoteAddress ?? '127.0.0.1',
  };
}

/** What CloudFront refuses before anything of the behaviour runs. */
function refuse(
  { distribution }: CloudFrontSettings,
  incoming: IncomingMessage,
  { request, behaviour, requestId }: Exchange,
): EdgeResponse | undefined {
  if (!isViewerHost(incoming.headers.host, distribution.domainName)) {
    return errorPage(403, 'Bad request.', requestId, 'Error');
  }
  const target = incoming.url ?? '/';
  const head = sizeOfHead(request.method, target, fromRawHeaders(incoming.rawHeaders));
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

async function answerViewer(settings: CloudFrontSettings, exchange: Exchange): Promise<EdgeResponse | OriginResponse> {
  const { viewerFunction, originRequestFunction, originResponseFunction, origin, originRequestPolicy } =
    exchange.behaviour;
  let { request } = exchange;
  if (viewerFunction !== undefined) {
    const outcome = await runViewerFunction(settings, exchange, viewerFunction);
    if ('status' in outcome) {
      return outcome;
    }
    request = outcome;
  }
  request = toOriginRequest(request, origin, originRequestPolicy, edgeHost);
  let body: Uint8Array | undefined;
  if (originRequestFunction !== undefined) {
    const outcome = await runOriginRequestFunction(settings, exchange, originRequestFunction, request);
    if ('status' in outcome) {
      return outcome;
    }
    ({ request, replacedBody: body } = outcome);
  }
  body ??= (await exchange.body.readBeyond(maxBodyBytes)).bytes;
  const response = await callOrigin(settings, exchange, request, body);
  // What CloudFront says itself, such as the 504 of an origin that is silent, is no response of the origin.
  return originResponseFunction === undefined || 'cacheResult' in response
    ? response
    : runOriginResponseFunction(settings, exchange, originResponseFunction, request, response);
}

async function respond(
  response: ServerResponse,
  answer: EdgeResponse | OriginResponse,
  exchange: Exchange,
  cacheResult: string,
  onFirstByte: () => void,
): Promise<{ readonly bytes: number; readonly ending: ResponseEnding }> {
  const { request, behaviour, requestId } = exchange;
  const { body } = answer;
  const isWhole = body instanceof Uint8Array;
  const isBodyless = request.method === 'HEAD' || answer.status === 204 || answer.status === 304;
  const description = 'statusDescription' in answer ? answer.statusDescription : undefined;
  const headers = applyResponseHeadersPolicy(toViewerHeaders(answer.headers), behaviour.responseHeadersPolicy);
  const lines = [
    ...(isWhole && !isBodyless ? withHeader(headers, 'Content-Length', String(body.byteLength)) : headers),
    { name: 'X-Cache', value: cacheResult },
    { name: 'Via', value: `1.1 ${edgeHost} (CloudFront)` },
    { name: 'X-Amz-Cf-Pop', value: 'LOCAL50-P1' },
    { name: 'X-Amz-Cf-Id', value: requestId },
  ];
  response.writeHead(
    answer.status,
    description ?? STATUS_CODES[answer.status] ?? '',
    lines.flatMap(({ name, value }) => [name, value]),
  );
  if (isWhole) {
    onFirstByte();
    response.end(isBodyless ? undefined : body);
    return { bytes: isBodyless ? 0 : body.byteLength, ending: 'complete' };
  }
  if (isBodyless) {
    response.end();
    drain(body);
    return { bytes: 0, ending: 'complete' };
  }
  response.flushHeaders();
  const timeouts = { readTimeoutMs: behaviour.origin.readTimeoutMs, completeBy: exchange.completeBy };
  return sendToViewer(body, response, timeouts, onFirstByte);
}

/** 56 characters of base64, as CloudFront's own ids look. */
function newRequestId(): string {
  return randomBytes(40).toString('base64url').concat('==');
}
