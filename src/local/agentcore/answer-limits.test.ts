import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AnswerLimitError, limitAnswer } from './answer-limits.ts';

const roomy = { maxResponseBytes: 1_000_000, maxChunkBytes: 1_000_000 };

/** A stream with every kind of line end, cut anywhere. */
const cutStream: fc.Arbitrary<readonly string[]> = fc.array(
  fc.array(fc.constantFrom('a', '\n', '\r', '\r\n', 'data: 1', '\n\n')).map((parts) => parts.join('')),
);

async function pass(
  chunks: readonly string[],
  limits: typeof roomy,
  contentType: string = 'text/event-stream',
): Promise<{ readonly text: string; readonly fault: string | undefined }> {
  let text = '';
  try {
    const source = (async function* () {
      for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
    })();
    for await (const bytes of limitAnswer(source, contentType, limits)) text += Buffer.from(bytes).toString();
    return { text, fault: undefined };
  } catch (error) {
    assert.ok(error instanceof AnswerLimitError);
    return { text, fault: error.message };
  }
}

/** The largest message of a stream, found one byte after the other. */
function largestMessage(text: string): number {
  let start = 0;
  let largest = 0;
  for (let at = 1; at <= text.length; at += 1) {
    const message = text.slice(start, at);
    largest = Math.max(largest, message.length);
    if (/(?:\n\n|\r\r|\r\n\r\n)$/u.test(message)) {
      start = at;
    }
  }
  return largest;
}

describe('the limits of an answer', () => {
  it('measure a message alike, however the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(cutStream, async (chunks) => {
        const largest = largestMessage(chunks.join(''));
        const atLimit = await pass(chunks, { ...roomy, maxChunkBytes: largest });
        assert.deepEqual(atLimit, { text: chunks.join(''), fault: undefined });
        const under = await pass(chunks, { ...roomy, maxChunkBytes: largest - 1 });
        assert.equal(under.fault === undefined, largest === 0 && chunks.length === 0);
      }),
    );
  });

  it('pass exactly as many bytes as are allowed, however the answer is cut', async () => {
    await fc.assert(
      fc.asyncProperty(cutStream, fc.nat(40), async (chunks, maxResponseBytes) => {
        const whole = chunks.join('');
        const { text, fault } = await pass(chunks, { ...roomy, maxResponseBytes });
        assert.deepEqual(
          [text, fault !== undefined],
          [whole.slice(0, maxResponseBytes), whole.length > maxResponseBytes],
        );
      }),
    );
  });

  it('know no messages in an answer that is no event stream', async () => {
    const chunks = ['a'.repeat(10), 'b'.repeat(10)];
    const limits = { ...roomy, maxChunkBytes: 5 };
    assert.deepEqual(await pass(chunks, limits, 'application/json'), { text: chunks.join(''), fault: undefined });
    assert.equal((await pass(chunks, limits, 'text/event-stream; charset=utf-8')).fault !== undefined, true);
  });
});
