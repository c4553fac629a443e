import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AnswerPosition, StreamFaults } from './request-faults.ts';
import { AnswerFaultError, applyStreamFaults } from './stream-faults.ts';
import type { StreamFaultSettings } from './stream-faults.ts';

const contentType = 'text/event-stream';
const answer = 'data: 1\n\ndata: 2\n\ndata: 3\n\n';
const messages = (count: number): AnswerPosition => ({ unit: 'messages', count });
const bytes = (count: number): AnswerPosition => ({ unit: 'bytes', count });

/** What a reader sees: each chunk, each pause, and the end. */
type Seen = string | { readonly pauseMs: number } | { readonly end: 'clean' | 'cut' | 'crash' };

async function read(chunks: readonly string[], faults: StreamFaultSettings['faults']): Promise<Seen[]> {
  const seen: Seen[] = [];
  const sleep = (pauseMs: number): Promise<void> => {
    seen.push({ pauseMs });
    return Promise.resolve();
  };
  try {
    for await (const chunk of applyStreamFaults(sourceOf(chunks), { faults, contentType, sleep })) {
      seen.push(Buffer.from(chunk).toString('latin1'));
    }
    seen.push({ end: 'clean' });
  } catch (error) {
    if (!(error instanceof AnswerFaultError)) throw error;
    seen.push({ end: error.kind });
  }
  return seen;
}

/** Chunks that lie side by side are one. */
function joined(seen: readonly Seen[]): Seen[] {
  const result: Seen[] = [];
  for (const part of seen) {
    const last = result.at(-1);
    if (typeof part === 'string' && typeof last === 'string') result[result.length - 1] = last + part;
    else if (part !== '') result.push(part);
  }
  return result;
}

async function* sourceOf(chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk, 'latin1');
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

describe('applyStreamFaults', () => {
  it('changes nothing where nothing goes wrong', async () => {
    assert.deepEqual(await read(['one', 'two'], {}), ['one', 'two', { end: 'clean' }]);
  });

  it('passes chunks on in pieces, and joins none', async () => {
    assert.deepEqual(await read(['abcde', 'f'], { splitBytes: 2 }), ['ab', 'cd', 'e', 'f', { end: 'clean' }]);
  });

  it('pauses between the bytes before the place and those after it', async () => {
    const silence = { after: messages(1), forMs: 70_000 };
    assert.deepEqual(await read([answer], { silence }), [
      'data: 1\n\n',
      { pauseMs: 70_000 },
      'data: 2\n\ndata: 3\n\n',
      { end: 'clean' },
    ]);
  });

  it('cuts, ends and crashes at the place, with all bytes before it and none after it', async () => {
    for (const [fault, end] of [
      ['cutAfter', 'cut'],
      ['endAfter', 'clean'],
      ['crashAfter', 'crash'],
    ] as const) {
      assert.deepEqual(await read([answer], { [fault]: messages(2) }), ['data: 1\n\ndata: 2\n\n', { end }]);
      assert.deepEqual(await read([answer], { [fault]: bytes(3) }), ['dat', { end }]);
      assert.deepEqual(await read([answer], { [fault]: bytes(0) }), [{ end }]);
      assert.deepEqual(await read([answer], { [fault]: messages(4) }), [answer, { end: 'clean' }]);
    }
  });

  it('breaks off where the answer would have ended', async () => {
    assert.deepEqual(await read(['data: 1\r\r'], { cutAfter: messages(1) }), ['data: 1\r\r', { end: 'cut' }]);
    assert.deepEqual(await read([], { crashAfter: messages(0) }), [{ end: 'crash' }]);
    assert.deepEqual(await read(['data: 1\r\r'], { silence: { after: messages(1), forMs: 5 } }), [
      'data: 1\r\r',
      { pauseMs: 5 },
      { end: 'clean' },
    ]);
  });

  it('is silent before it breaks off, and breaks off by what comes first', async () => {
    const silence = { after: messages(1), forMs: 5 };
    const faults = { silence, cutAfter: messages(1), endAfter: messages(1), crashAfter: messages(1), splitBytes: 6 };
    assert.deepEqual(await read([answer], faults), ['data: ', '1\n\n', { pauseMs: 5 }, { end: 'cut' }]);
    assert.deepEqual(await read([answer], { ...faults, crashAfter: bytes(2) }), ['da', { end: 'crash' }]);
  });

  it('holds the first chunk back until the second is there', async () => {
    const order: string[] = [];
    async function* source(): AsyncGenerator<Uint8Array> {
      for (const text of ['1', '2', '3']) {
        order.push(`made ${text}`);
        yield Buffer.from(text);
      }
    }
    const faults = { holdsFirstChunk: true };
    for await (const chunk of applyStreamFaults(source(), { faults, contentType })) order.push(`got ${String(chunk)}`);
    assert.deepEqual(order, ['made 1', 'made 2', 'got 1', 'got 2', 'made 3', 'got 3']);
    assert.deepEqual(await read(['only'], faults), ['only', { end: 'clean' }]);
  });

  it('asks the source for no byte before it is asked for one', async () => {
    let asked = 0;
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked += 1;
          return Promise.resolve({ done: false, value: Buffer.from('ab') });
        },
      }),
    };
    const faulty = applyStreamFaults(source, { faults: { splitBytes: 1, cutAfter: bytes(100) }, contentType });
    const iterator = faulty[Symbol.asyncIterator]();
    const asks: number[] = [asked];
    for (let turn = 0; turn < 4; turn += 1) {
      await iterator.next();
      asks.push(asked);
    }
    assert.deepEqual(asks, [0, 1, 1, 2, 2]);
  });

  it('leaves the source, and its pause, at once when it is left', async () => {
    const paused = Promise.withResolvers<AbortSignal>();
    let left = 0;
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: Buffer.from('ab') }),
        return: () => {
          left += 1;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const sleep = (_ms: number, signal: AbortSignal): Promise<void> => {
      paused.resolve(signal);
      return new Promise(() => undefined);
    };
    const faults = { silence: { after: bytes(1), forMs: 1 } };
    const iterator = applyStreamFaults(source, { faults, contentType, sleep })[Symbol.asyncIterator]();
    await iterator.next();
    void iterator.next();
    const signal = await paused.promise;
    await iterator.return?.();
    assert.deepEqual([signal.aborted, left], [true, 1]);
  });

  it('leaves the source when it breaks off', async () => {
    for (const fault of ['cutAfter', 'endAfter', 'crashAfter'] as const) {
      let isLeft = false;
      async function* source(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield Buffer.from('ab');
        } finally {
          isLeft = true;
        }
      }
      const faulty = applyStreamFaults(source(), { faults: { [fault]: bytes(3) }, contentType });
      await readAll(faulty).catch(() => undefined);
      assert.ok(isLeft, fault);
    }
  });

  it("passes the source's own error on", async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      throw new Error('its own');
    }
    const faults = { splitBytes: 1, silence: { after: bytes(0), forMs: 0 }, holdsFirstChunk: true };
    await assert.rejects(readAll(applyStreamFaults(source(), { faults, contentType })), { message: 'its own' });
  });

  it('shows the same bytes, pauses and end however the source was cut', async () => {
    const chunks = fc.array(fc.string({ unit: fc.constantFrom('\r', '\n', 'a'), maxLength: 6 }), { maxLength: 8 });
    const position = fc.record({ unit: fc.constantFrom('messages', 'bytes'), count: fc.nat(12) });
    const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
    const faults: fc.Arbitrary<StreamFaults> = fc.record({
      silence: maybe(fc.record({ after: position, forMs: fc.nat(9) })),
      cutAfter: maybe(position),
      endAfter: maybe(position),
      crashAfter: maybe(position),
      splitBytes: maybe(fc.integer({ min: 1, max: 9 })),
    });
    await fc.assert(
      fc.asyncProperty(chunks, faults, async (texts, wrong) => {
        const seen = await read(texts, wrong);
        assert.deepEqual(joined(seen), joined(await read([texts.join('')], wrong)));
        const { splitBytes = Infinity } = wrong;
        assert.ok(seen.every((part) => typeof part !== 'string' || part.length <= splitBytes));
      }),
      { numRuns: 500 },
    );
  });
});
