import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createPositionFinder } from './answer-position.ts';
import type { AnswerPosition } from './request-faults.ts';

const eventStream = 'text/event-stream; charset=utf-8';

/** How many bytes lie before the place; undefined where the answer is over first. */
function offsetOf(
  position: AnswerPosition,
  contentType: string | undefined,
  chunks: readonly Uint8Array[],
): number | undefined {
  const finder = createPositionFinder(position, contentType);
  let passed = 0;
  for (const chunk of chunks) {
    const before = finder.push(chunk);
    if (before !== undefined) return passed + before;
    passed += chunk.length;
  }
  return finder.isHere() ? passed : undefined;
}

/** The same, decided over the whole text. */
function offsetInText(count: number, isEventStream: boolean, text: string): number | undefined {
  const message = isEventStream
    ? /(?:[^\r\n]+(?:\r\n|\r(?!\n)|\n))+(?:\r\n|\r(?!\n)|\n)/gu
    : /[^\r\n]+(?:\r\n|\r(?!\n)|\n)/gu;
  const last = [...text.matchAll(message)][count - 1];
  return count === 0 ? 0 : last && last.index + last[0].length;
}

const messages = (count: number): AnswerPosition => ({ unit: 'messages', count });

describe('createPositionFinder', () => {
  it('finds the end of a message after its blank line, whatever ends the lines', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const first = `: comment${end}data: 1${end}${end}`;
      const chunks = [Buffer.from(`${end}${end}${first}${end}data: 2${end}${end}`)];
      assert.equal(offsetOf(messages(1), eventStream, chunks), (end + end + first).length, JSON.stringify(end));
    }
  });

  it('takes a message without its blank line for none, and so does it a line without its end', () => {
    assert.equal(offsetOf(messages(1), eventStream, [Buffer.from('data: 1\n')]), undefined);
    assert.equal(offsetOf(messages(1), 'application/json', [Buffer.from('{}')]), undefined);
  });

  it('counts lines, and no blank ones, where the answer is no event stream', () => {
    for (const contentType of [undefined, 'application/x-ndjson', 'text/event-stream-like']) {
      assert.equal(offsetOf(messages(2), contentType, [Buffer.from('1\n\n\n2\n3\n')]), 6);
    }
  });

  it('counts bytes, and finds their end with the last of them', () => {
    const finder = createPositionFinder({ unit: 'bytes', count: 5 }, eventStream);
    assert.deepEqual([finder.push(Buffer.from('123')), finder.push(Buffer.from('45'))], [undefined, 2]);
  });

  it('finds the begin before the first byte, and in an answer that has none', () => {
    for (const unit of ['messages', 'bytes'] as const) {
      assert.equal(createPositionFinder({ unit, count: 0 }, eventStream).push(Buffer.from('\n')), 0);
      assert.equal(createPositionFinder({ unit, count: 0 }, eventStream).isHere(), true);
      assert.equal(createPositionFinder({ unit, count: 1 }, eventStream).isHere(), false);
    }
  });

  it('finds the same place however the bytes are cut', () => {
    const chunks = fc.array(fc.string({ unit: fc.constantFrom('\r', '\n', 'a'), maxLength: 6 }), { maxLength: 8 });
    fc.assert(
      fc.property(chunks, fc.nat(4), fc.boolean(), (texts, count, isEventStream) => {
        const contentType = isEventStream ? eventStream : undefined;
        assert.equal(
          offsetOf(
            messages(count),
            contentType,
            texts.map((text) => Buffer.from(text)),
          ),
          offsetInText(count, isEventStream, texts.join('')),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
