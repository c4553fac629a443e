import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createExchangeTrace, untraced } from '../hop-trace.ts';
import type { HopRecord } from '../request-line.ts';
import { answerViewer } from './answer-viewer.ts';
import { selectBehaviour } from './behaviours.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import { fromRawHeaders, without } from './header-list.ts';
import { fromViewer } from './header-rules.ts';
import type { ViewerRequest } from './messages.ts';
import { refuseRequest } from './refuse-request.ts';
import { createRequestBody } from './request-body.ts';
import { faultHeader, readWishes } from './request-wishes.ts';
import { respond } from './respond.ts';

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
  const trace = settings.isTraced ? createExchangeTrace(() => performance.now()) : untraced;
  const sentHeaders = without(fromRawHeaders(incoming.rawHeaders), faultHeader);
  const recorder = trace.begin('viewer', sentHeaders, Number(incoming.headers['content-length'] ?? 0));
  const wishes = readWishes(settings, incoming);
  const request: ViewerRequest = {
    method: incoming.method ?? 'GET',
    ...readTarget(incoming.url ?? '/'),
    headers: fromViewer(sentHeaders),
    clientIp: incoming.socket.remoteAddress ?? '127.0.0.1',
  };
  const exchange: Exchange = {
    request,
    via: `${incoming.httpVersion} ${edgeHost} (CloudFront)`,
    body: createRequestBody(incoming),
    behaviour: selectBehaviour(settings.distribution.behaviours, request.uri),
    requestId,
    scope: {
      record: (facts) => {
        hops = { ...hops, ...facts };
      },
      faults: wishes.faults,
      trace,
    },
    completeBy: undefined,
  };
  const refusal = refuseRequest(settings, incoming, exchange);
  if (refusal?.status === 413) {
    // Request and response behavior for custom origins, "Maximum length of a request": the connection ends with it.
    response.shouldKeepAlive = false;
  }
  const answer = refusal ?? wishes.refusal ?? (await answerViewer(settings, exchange));
  const cacheResult =
    'cacheResult' in answer ? answer.cacheResult : `${answer.status < 400 ? 'Miss' : 'Error'} from cloudfront`;
  const onFirstByte = (): void => {
    firstByteMs = performance.now() - started;
  };
  const { readTimeoutMs, completionTimeoutMs = 0 } = exchange.behaviour.origin;
  const onTimeout = (kind: 'read' | 'completion'): void => {
    const text =
      kind === 'read'
        ? `cut: the origin was silent for its read timeout of ${readTimeoutMs} ms`
        : `cut: the origin's answer was not over within its response completion timeout of ${completionTimeoutMs} ms`;
    settings.onLog({ source: 'cloudfront', text });
  };
  const { sleep } = settings;
  const options = { cacheResult, recorder, onTimeout, onFirstByte, sleep };
  const { bytes, ending } = await respond(response, answer, exchange, options);
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
    faults: wishes.faults.met,
    trace: trace.hops(),
    firstByteMs,
    totalMs: performance.now() - started,
  });
}

/** The path and the query of a request line, which may hold a whole URL. */
function readTarget(url: string): Pick<ViewerRequest, 'uri' | 'querystring'> {
  const target = url.replace(/^https?:\/\/[^/?]*/iu, '');
  const question = target.indexOf('?');
  const uri = question === -1 ? target : target.slice(0, question);
  return {
    uri: uri.startsWith('/') ? uri : `/${uri}`,
    querystring: question === -1 ? '' : target.slice(question + 1),
  };
}

/** 56 characters of base64, as CloudFront's own ids look. */
function newRequestId(): string {
  return randomBytes(40).toString('base64url').concat('==');
}
