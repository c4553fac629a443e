import type { Readable } from 'node:stream';
import { RelayError } from '../errors.ts';
import { describeAbort } from './errors.ts';

/** Bytes that may wait for a slow reader before the socket is no longer read: the high-water mark of Node's own streams. */
const maxWaitingBytes = 65_536;

const settled = Promise.resolve();

type Taken = IteratorResult<Uint8Array, undefined>;

/**
 * The bytes of an HTTP answer as they arrive, for one reader with one `next` at a time.
 *
 * Not the stream's own iterator, for three reasons. Bytes that came before a cut are still handed out, where Node's own
 * drops what it holds. `return` closes the socket at once, also while a `next` is waiting. And what has piled up is
 * handed out in one piece, so a busy stream costs one round through the relay per read of the socket and not per chunk.
 */
export function readAnswerBody(source: Readable, signal: AbortSignal): AsyncIterable<Uint8Array> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isEnded = false;
  let isReturned = false;
  // To ask the signal itself costs a look at all signals that it was made of, for each chunk.
  let isAborted = false;
  let isNotified = false;
  let failure: RelayError | undefined;
  let reader: Pick<PromiseWithResolvers<Taken>, 'resolve' | 'reject'> | undefined;

  /** Not at once: what else the same read of the socket brings goes along. */
  function notify(): void {
    if (reader === undefined || isNotified) return;
    isNotified = true;
    void settled.then(handOver);
  }

  function onAbort(): void {
    isAborted = true;
    source.destroy();
    notify();
  }

  function keep(chunk: Buffer): void {
    waiting.push(chunk);
    waitingBytes += chunk.length;
  }

  source.on('data', (chunk: Buffer) => {
    keep(chunk);
    if (waitingBytes >= maxWaitingBytes) source.pause();
    notify();
  });
  source.once('end', () => {
    isEnded = true;
    notify();
  });
  source.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= new RelayError('agent_interrupted', { cause: error, upstreamName: error.code });
  });
  source.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    if (!isEnded) {
      failure ??= new RelayError('agent_interrupted', { cause: 'the socket closed before the end' });
      // What came while the stream was paused is in its own buffer.
      const rest: Buffer | null = source.read();
      if (rest !== null) keep(rest);
    }
    notify();
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });

  function take(): Taken | undefined {
    if (isReturned) return { done: true, value: undefined };
    if (isAborted && !isEnded) throw describeAbort(signal);
    const [first] = waiting;
    if (first !== undefined) {
      const value = waiting.length === 1 ? first : Buffer.concat(waiting, waitingBytes);
      waiting = [];
      waitingBytes = 0;
      if (source.isPaused()) source.resume();
      return { done: false, value };
    }
    if (failure !== undefined) throw failure;
    return isEnded ? { done: true, value: undefined } : undefined;
  }

  function handOver(): void {
    isNotified = false;
    if (reader === undefined) return;
    const { resolve, reject } = reader;
    try {
      const taken = take();
      if (taken === undefined) return;
      reader = undefined;
      resolve(taken);
    } catch (thrown) {
      reader = undefined;
      reject(thrown);
    }
  }

  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next: () =>
      new Promise((resolve, reject) => {
        reader = { resolve, reject };
        handOver();
      }),
    return() {
      isReturned = true;
      source.destroy();
      notify();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
