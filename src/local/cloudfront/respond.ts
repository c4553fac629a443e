import { STATUS_CODES } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { HopRecorder } from '../hop-trace.ts';
import type { Answer } from './answer-viewer.ts';
import { drain } from './drain.ts';
import type { Exchange } from './exchange.ts';
import { toRawHeaders, valueOf, withHeader } from './header-list.ts';
import { toViewerHeaders } from './header-rules.ts';
import { once } from './once.ts';
import { applyResponseHeadersPolicy } from './response-headers.ts';
import { sendToViewer } from './send-to-viewer.ts';
import type { SendOptions, SentBody } from './send-to-viewer.ts';

/** How a viewer is answered. */
export interface RespondOptions extends Pick<SendOptions, 'onTimeout' | 'onFirstByte' | 'sleep'> {
  /** The value of `x-cache`. */
  readonly cacheResult: string;
  /** The hop that is the viewer's whole exchange. */
  readonly recorder: HopRecorder;
}

/** Writes an answer to the viewer: its head with CloudFront's own headers, and its body as it comes. */
export async function respond(
  response: ServerResponse,
  answer: Answer,
  exchange: Exchange,
  { cacheResult, recorder, onTimeout, onFirstByte, sleep }: RespondOptions,
): Promise<SentBody> {
  const { request, behaviour, requestId, via, scope } = exchange;
  const { body, status } = answer;
  const isWhole = body instanceof Uint8Array;
  const isBodyless = request.method === 'HEAD' || status === 204 || status === 304;
  const policed = applyResponseHeadersPolicy(toViewerHeaders(answer.headers), behaviour.responseHeadersPolicy, request);
  const headers = [
    ...(isWhole && !isBodyless ? withHeader(policed, 'Content-Length', String(body.byteLength)) : policed),
    { name: 'X-Cache', value: cacheResult },
    { name: 'Via', value: via },
    { name: 'X-Amz-Cf-Pop', value: 'LOCAL50-P1' },
    { name: 'X-Amz-Cf-Id', value: requestId },
  ];
  response.writeHead(status, answer.statusDescription ?? STATUS_CODES[status] ?? '', toRawHeaders(headers));
  recorder.head(status, headers);
  if (isBodyless) {
    response.end();
    if (!isWhole) {
      drain(body);
    }
    recorder.end('complete');
    return { bytes: 0, ending: 'complete' };
  }
  // The head goes out now, byte for byte: `flushHeaders` would encode it once more.
  response.write(new Uint8Array());
  const sent = await sendToViewer(isWhole ? once(body) : body, response, {
    readTimeoutMs: behaviour.origin.readTimeoutMs,
    completeBy: exchange.completeBy,
    viewer: scope.faults.viewer,
    contentType: valueOf(headers, 'content-type'),
    onTimeout,
    onFirstByte,
    onChunk: (bytes) => recorder.chunk(bytes),
    sleep,
  });
  recorder.end(sent.ending);
  return sent;
}
