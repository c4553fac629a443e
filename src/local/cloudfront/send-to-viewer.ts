import type { ServerResponse } from 'node:http';
import { setImmediate as nextEventLoopTurn, setTimeout as sleepInProcess } from 'node:timers/promises';
import { createPositionFinder } from '../faults/answer-position.ts';
import type { RequestFaults } from '../faults/request-faults.ts';
import type { ResponseEnding } from '../request-line.ts';

/** How an origin's body is passed on. Times are in milliseconds. */
export interface SendOptions {
  /** Longest silence between two chunks. */
  readonly readTimeoutMs: number;
  /** When the whole answer must be over, on the clock of `performance.now`; undefined where it never must. */
  readonly completeBy: number | undefined;
  /** How the viewer behaves, where a fault has it behave in a way of its own. */
  readonly viewer: RequestFaults['viewer'];
  /** The answer's `content-type`, which says what a message is. */
  readonly contentType: string | undefined;
  /** Called where the origin took longer than either, before the connection is cut. */
  onTimeout(kind: 'read' | 'completion'): void;
  /** Called before the first byte is written. */
  onFirstByte(): void;
  /** Called for each piece as it is written. */
  onChunk(bytes: number): void;
  /** Resolves after so many milliseconds, and may reject when the signal aborts. Default: the process's own timers. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/** What reached the viewer. */
export interface SentBody {
  readonly bytes: number;
  readonly ending: ResponseEnding;
}

type Turn = IteratorResult<Uint8Array, unknown> | 'viewer-left' | 'cut';

/** How many pieces a second a slow viewer takes. */
const slowPiecesPerSecond = 10;

/**
 * Streams an origin's body to the viewer, chunk by chunk, no faster than the viewer reads.
 *
 * A viewer that leaves ends the reading; a silent or failing origin cuts the connection, because the status is gone.
 */
export async function sendToViewer(
  body: AsyncIterable<Uint8Array>,
  response: ServerResponse,
  options: SendOptions,
): Promise<SentBody> {
  const iterator = body[Symbol.asyncIterator]();
  const writer = createWriter(response, options);
  for (;;) {
    const turn = await nextTurn(iterator, response, options);
    if (turn === 'viewer-left' || turn === 'cut') {
      stopReading(iterator);
      // Node hands what was just written to the socket at the end of its own turn; all that came before the cut passes.
      await nextEventLoopTurn();
      response.destroy();
      return { bytes: writer.bytes(), ending: turn };
    }
    const isHere = turn.done === true ? !writer.leavesAtTheEnd() : await writer.write(turn.value);
    if (!isHere) {
      stopReading(iterator);
      response.destroy();
      return { bytes: writer.bytes(), ending: 'viewer-left' };
    }
    if (turn.done === true) {
      response.end();
      return { bytes: writer.bytes(), ending: 'complete' };
    }
  }
}

interface Writer {
  /** Writes a chunk and waits until the viewer has room for more; false where it has left. */
  write(chunk: Uint8Array): Promise<boolean>;
  /** Whether the viewer leaves where the answer ends. */
  leavesAtTheEnd(): boolean;
  bytes(): number;
}

function createWriter(response: ServerResponse, options: SendOptions): Writer {
  const { bytesPerSecond, leavesAfter } = options.viewer;
  const leaving = leavesAfter === undefined ? undefined : createPositionFinder(leavesAfter, options.contentType);
  let bytes = 0;
  const writePiece = async (piece: Uint8Array): Promise<void> => {
    if (piece.byteLength === 0) {
      return;
    }
    if (bytes === 0) {
      options.onFirstByte();
    }
    bytes += piece.byteLength;
    options.onChunk(piece.byteLength);
    if (!response.write(piece)) {
      await drainedOrClosed(response);
    }
  };
  return {
    write: async (chunk) => {
      for (const piece of split(chunk, bytesPerSecond)) {
        const before = leaving?.push(piece) ?? (leaving?.isHere() === true ? piece.byteLength : undefined);
        await writePiece(before === undefined ? piece : piece.subarray(0, before));
        if (before !== undefined) {
          await flushed(response);
          return false;
        }
        if (bytesPerSecond !== undefined) {
          await sleepUnlessClosed((piece.byteLength / bytesPerSecond) * 1000, response, options.sleep);
        }
        if (response.destroyed) {
          return false;
        }
      }
      return true;
    },
    leavesAtTheEnd: () => leaving?.isHere() ?? false,
    bytes: () => bytes,
  };
}

/** The pieces in which a viewer takes a chunk that reads so many bytes a second; the chunk itself where it reads at once. */
function* split(chunk: Uint8Array, bytesPerSecond: number | undefined): Generator<Uint8Array> {
  const pieceBytes =
    bytesPerSecond === undefined
      ? Math.max(1, chunk.byteLength)
      : Math.max(1, Math.floor(bytesPerSecond / slowPiecesPerSecond));
  for (let start = 0; start < chunk.byteLength; start += pieceBytes) {
    yield chunk.subarray(start, start + pieceBytes);
  }
}

/** Waits for the next chunk, the viewer's departure or the end of CloudFront's patience, whichever is first. */
function nextTurn(
  iterator: AsyncIterator<Uint8Array>,
  response: ServerResponse,
  { readTimeoutMs, completeBy, onTimeout }: SendOptions,
): Promise<Turn> {
  if (response.destroyed) {
    return Promise.resolve('viewer-left');
  }
  const { promise, resolve } = Promise.withResolvers<Turn>();
  const remainingMs = completeBy === undefined ? Number.POSITIVE_INFINITY : completeBy - performance.now();
  const onExpiry = (): void => {
    onTimeout(remainingMs <= readTimeoutMs ? 'completion' : 'read');
    resolve('cut');
  };
  const timer = setTimeout(onExpiry, Math.max(0, Math.min(readTimeoutMs, remainingMs)));
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

/** What has been written is on its way, so that a viewer that leaves has got it. */
function flushed(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.write('', () => resolve());
  response.once('close', () => resolve());
  return promise;
}

async function sleepUnlessClosed(ms: number, response: ServerResponse, sleep = sleepFor): Promise<void> {
  const closed = new AbortController();
  const onClose = (): void => closed.abort();
  response.once('close', onClose);
  try {
    await sleep(ms, closed.signal);
  } catch (error) {
    if (!closed.signal.aborted) {
      throw error;
    }
  } finally {
    response.off('close', onClose);
  }
}

function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  return sleepInProcess(ms, undefined, { signal });
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
