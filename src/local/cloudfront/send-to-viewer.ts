import type { ServerResponse } from 'node:http';
import type { ResponseEnding } from '../request-line.ts';

/** Bounds of the origin's answer, in milliseconds. */
export interface OriginTimeouts {
  /** Longest silence between two chunks. */
  readonly readTimeoutMs: number;
  /** When the whole answer must be over, on the clock of `performance.now`; undefined where it never must. */
  readonly completeBy: number | undefined;
}

/** What reached the viewer. */
export interface SentBody {
  readonly bytes: number;
  readonly ending: ResponseEnding;
}

type Turn = IteratorResult<Uint8Array, unknown> | 'viewer-left' | 'cut';

/**
 * Streams an origin's body to the viewer, chunk by chunk, no faster than the viewer reads.
 *
 * A viewer that leaves ends the reading; a silent or failing origin cuts the connection, because the status is gone.
 */
export async function sendToViewer(
  body: AsyncIterable<Uint8Array>,
  response: ServerResponse,
  timeouts: OriginTimeouts,
  onFirstByte: () => void,
): Promise<SentBody> {
  const iterator = body[Symbol.asyncIterator]();
  let bytes = 0;
  for (;;) {
    const turn = await nextTurn(iterator, response, timeouts);
    if (turn === 'viewer-left' || turn === 'cut') {
      stopReading(iterator);
      response.destroy();
      return { bytes, ending: turn };
    }
    if (turn.done === true) {
      response.end();
      return { bytes, ending: 'complete' };
    }
    if (bytes === 0 && turn.value.byteLength > 0) {
      onFirstByte();
    }
    bytes += turn.value.byteLength;
    if (!response.write(turn.value)) {
      await drainedOrClosed(response);
    }
  }
}

/** Waits for the next chunk, the viewer's departure or the end of CloudFront's patience, whichever is first. */
function nextTurn(
  iterator: AsyncIterator<Uint8Array>,
  response: ServerResponse,
  { readTimeoutMs, completeBy }: OriginTimeouts,
): Promise<Turn> {
  if (response.destroyed) {
    return Promise.resolve('viewer-left');
  }
  const { promise, resolve } = Promise.withResolvers<Turn>();
  const remainingMs = completeBy === undefined ? Number.POSITIVE_INFINITY : completeBy - performance.now();
  const timer = setTimeout(() => resolve('cut'), Math.max(0, Math.min(readTimeoutMs, remainingMs)));
  const onClose = (): void => resolve('viewer-left');
  response.once('close', onClose);
  iterator.next().then(resolve, () => resolve('cut'));
  return promise.finally(() => {
    clearTimeout(timer);
    response.off('close', onClose);
  });
}

/** Not awaited: a generator that waits for its source answers only once that source has moved. */
function stopReading(iterator: AsyncIterator<Uint8Array>): void {
  iterator.return?.().catch(() => undefined);
}

function drainedOrClosed(response: ServerResponse): Promise<void> {
  if (response.destroyed) {
    return Promise.resolve();
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    response.off('drain', done);
    response.off('close', done);
    resolve();
  };
  response.on('drain', done);
  response.on('close', done);
  return promise;
}
