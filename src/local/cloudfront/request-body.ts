/** A viewer's body, read as far as it is needed. */
export interface RequestBody {
  /** Reads until more than `limit` bytes are there or the body has ended. */
  readBeyond(limit: number): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }>;
}

/** A body that is all there. */
export function bufferedBody(bytes: Uint8Array): RequestBody {
  return { readBeyond: () => Promise.resolve({ bytes, isWhole: true }) };
}

/** Reads from a stream on demand and keeps what it has read. */
export function createRequestBody(stream: AsyncIterable<Uint8Array>): RequestBody {
  const iterator = stream[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isWhole = false;
  return {
    readBeyond: async (limit) => {
      while (!isWhole && size <= limit) {
        const next = await iterator.next();
        if (next.done === true) {
          isWhole = true;
        } else {
          chunks.push(next.value);
          size += next.value.byteLength;
        }
      }
      return { bytes: Buffer.concat(chunks), isWhole };
    },
  };
}
