/** Told of an answer's bytes as they pass. */
export interface BodyWatch {
  readonly onChunk?: (bytes: Uint8Array) => void;
  readonly onEnd?: () => void;
  readonly onError?: (error: unknown) => void;
  /** Whoever reads has left before the end. */
  readonly onLeft?: () => void;
}

/** The same bytes, watched. To be read once; leaving it leaves the source, also while that is silent. */
export function watchBody(body: AsyncIterable<Uint8Array>, watch: BodyWatch): AsyncIterable<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => {
      try {
        const step = await source.next();
        if (step.done === true) {
          watch.onEnd?.();
        } else {
          watch.onChunk?.(step.value);
        }
        return step;
      } catch (error) {
        watch.onError?.(error);
        throw error;
      }
    },
    return: () => {
      watch.onLeft?.();
      // Not awaited: a generator that waits for its own source would answer only once that has moved.
      source.return?.().catch(() => undefined);
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
