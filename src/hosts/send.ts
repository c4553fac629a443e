/**
 * The part of a Node.js `Writable` that is used here. Lambda's response stream is no `Writable` but a plain object with
 * these members bound to one (`aws-lambda-ric` 4, `toWritableResponseStream`).
 */
export interface Sink {
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  write(chunk: Uint8Array | string): boolean;
  end(): unknown;
  on(event: 'close' | 'drain' | 'error', listener: () => void): unknown;
  off(event: 'close' | 'drain' | 'error', listener: () => void): unknown;
}

/** One response on its way out. */
export interface Sending {
  /** Aborts when the stream closes or fails before it has been sent whole: the viewer has left. */
  readonly left: AbortSignal;
  /**
   * Writes each chunk as it comes, one write per chunk, at the viewer's pace, and ends the stream. Where the viewer has
   * left it stops taking chunks, which cancels their production.
   *
   * @throws whatever the body throws; the stream is then still open.
   */
  send(body: AsyncIterable<Uint8Array>): Promise<void>;
}

/**
 * Follows a response stream from the request's first moment, so that a viewer who leaves early is noticed.
 *
 * Not `stream.pipeline`: where the body fails it destroys its target, and for Lambda's stream that ends the process. And
 * to wait for `drain` alone, as is often seen, waits for ever once the stream has closed.
 */
export function followSink(sink: Sink): Sending {
  const controller = new AbortController();
  let isClosed = false;
  let wake: (() => void) | undefined;

  function onDrain(): void {
    wake?.();
  }

  function onClose(): void {
    isClosed = true;
    if (!sink.writableFinished) controller.abort(new Error('the viewer has left'));
    wake?.();
    stop();
  }

  function drain(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
      if (isClosed) resolve();
    });
  }

  function stop(): void {
    sink.off('drain', onDrain);
    sink.off('close', onClose);
  }

  sink.on('drain', onDrain);
  sink.on('close', onClose);
  // It stays when the others go: an `error` that nobody listens to would end the process.
  sink.on('error', onClose);
  if (sink.destroyed) onClose();

  return {
    left: controller.signal,
    async send(body) {
      for await (const chunk of body) {
        if (!isClosed && !sink.write(chunk)) await drain();
        if (isClosed) return;
      }
      if (!isClosed) sink.end();
    },
  };
}
