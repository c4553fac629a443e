import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { decodeContent } from './decode-content.ts';
import type { FunctionAnswer } from './function-answer.ts';

const text = 'data: h\u00e9\n\n'.repeat(1000);

describe('a compressed answer', () => {
  for (const [encoding, bytes] of Object.entries({
    gzip: gzipSync(text),
    'X-GZip': gzipSync(text),
    deflate: deflateSync(text),
    br: brotliCompressSync(text),
  })) {
    it(`is passed on without its compression and the header that names it: ${encoding}`, async () => {
      const headers = { 'Content-Encoding': encoding, 'x-own': 'kept' };
      const decoded = decodeContent(answerOf(headers, [bytes.subarray(0, 5), bytes.subarray(5)]));
      assert.deepEqual([decoded?.headers, await textOf(decoded)], [{ 'x-own': 'kept' }, text]);
    });
  }

  it('comes as it comes, not when it is whole', async () => {
    const { readable, writable } = new CompressionStream('gzip');
    const first = Promise.withResolvers<void>();
    const writer = writable.getWriter();
    const big = 'x'.repeat(100_000);
    const decoded = decodeContent(answerOf({ 'content-encoding': 'gzip' }, readable));
    const reading = textOf(decoded, first.resolve);
    // Compression holds bytes back until it has enough of them.
    for (let n = 0; n < 2000; n += 1) {
      await writer.write(Buffer.from(big + String(n)));
    }
    await first.promise;
    await writer.close();
    assert.ok((await reading).startsWith(big));
  });

  it('breaks off where it is none, and where the function does', async () => {
    const wrong = decodeContent(answerOf({ 'content-encoding': 'gzip' }, [Buffer.from('plain')]));
    await assert.rejects(textOf(wrong), { code: 'Z_DATA_ERROR' });
    const failing = decodeContent(answerOf({ 'content-encoding': 'gzip' }, failAfter(gzipSync(text))));
    await assert.rejects(textOf(failing), /the function failed/u);
  });

  it('that is left leaves the function', async () => {
    const left = Promise.withResolvers<void>();
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => {
          left.resolve();
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
    const decoded = decodeContent(answerOf({ 'content-encoding': 'br' }, source));
    const iterator = bodyOf(decoded)[Symbol.asyncIterator]();
    iterator.next().catch(() => undefined);
    await iterator.return?.();
    await left.promise;
  });

  it('is left as it is where its encoding is not known, or it is whole', () => {
    assert.equal(decodeContent(answerOf({ 'content-encoding': 'constructor' }, [])), undefined);
    assert.equal(decodeContent(answerOf({ 'content-encoding': 'zstd' }, [])), undefined);
    assert.equal(decodeContent(answerOf({}, [])), undefined);
    const whole = { ...answerOf({ 'content-encoding': 'gzip' }, []), body: gzipSync(text) };
    assert.equal(decodeContent(whole), undefined);
  });
});

function answerOf(
  headers: Record<string, string>,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): FunctionAnswer {
  const body = (async function* pass() {
    yield* chunks;
  })();
  return { statusCode: 200, headers, cookies: [], body: Symbol.asyncIterator in chunks ? chunks : body };
}

async function* failAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, 20);
  throw new Error('the function failed');
}

function bodyOf(answer: FunctionAnswer | undefined): AsyncIterable<Uint8Array> {
  assert.ok(answer !== undefined && !(answer.body instanceof Uint8Array));
  return answer.body;
}

async function textOf(answer: FunctionAnswer | undefined, onFirst: () => void = () => undefined): Promise<string> {
  let read = '';
  const decoder = new TextDecoder();
  for await (const chunk of bodyOf(answer)) {
    read += decoder.decode(chunk, { stream: true });
    onFirst();
  }
  return read;
}
