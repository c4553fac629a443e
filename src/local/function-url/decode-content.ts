import { Readable, pipeline } from 'node:stream';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { FunctionAnswer } from './function-answer.ts';

/** What takes a compression away, by its name in `content-encoding`. */
const decoders: ReadonlyMap<string, () => Transform> = new Map([
  ['br', createBrotliDecompress],
  ['deflate', createInflate],
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
]);

/**
 * A streamed answer as a Function URL passes it on: without its compression, and without the header that names it. (Observed
 * on AWS for gzip: aws/aws-lambda-nodejs-runtime-interface-client#96.)
 *
 * @returns undefined where the answer has no compression that is known
 */
export function decodeContent(answer: FunctionAnswer): FunctionAnswer | undefined {
  const header = Object.entries(answer.headers).find(([name]) => name.toLowerCase() === 'content-encoding');
  const createDecoder = decoders.get(header?.[1].trim().toLowerCase() ?? '');
  if (header === undefined || createDecoder === undefined || answer.body instanceof Uint8Array) {
    return undefined;
  }
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== header[0]));
  return { ...answer, headers, body: decode(answer.body, createDecoder()) };
}

/** Whoever reads gets the error of either. Leaving it leaves the source at once, also while that is silent. */
function decode(body: AsyncIterable<Uint8Array>, decoder: Transform): AsyncIterable<Uint8Array> {
  const decoded = pipeline(Readable.from(body, { objectMode: false }), decoder, () => undefined);
  const iterator = decoded[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => iterator.next(),
      return: () => {
        decoder.destroy();
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
}
