import type { Readable } from 'node:stream';
import { RelayError } from '../errors.ts';
import { describeAbort } from './errors.ts';

/** Bytes that may wait for a slow reader before the socket is no longer read: the high-water mark of Node's own streams. */
const maxWaitingBytes = 65_536;

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
  let failure: RelayError | undefined;
  let wake: (() => void) | undefined;

  function notify(): void {
    const wakeReader = wake;
    wake = undefined;
    wakeReader?.();
  }

  function onAbort(): void {
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

  function take(): IteratorResult<Uint8Array, undefined> | undefined {
    if (isReturned) return { done: true, value: undefined };
    if (signal.aborted && !isEnded) throw describeAbort(signal);
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

  const iterator: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      for (;;) {
        const taken = take();
        if (taken !== undefined) return taken;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    return() {
      isReturned = true;
      source.destroy();
      notify();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
