import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import { formatSse, formatSseComment } from './sse-format.ts';
import { createSseParser } from './sse-parser.ts';
import type { SseMessage } from './sse-parser.ts';

function parse(
  chunks: Iterable<Uint8Array>,
  maxMessageLength = 1_000_000,
): { messages: SseMessage[]; retries: number[] } {
  const messages: SseMessage[] = [];
  const retries: number[] = [];
  const parser = createSseParser({
    maxMessageLength,
    onMessage: (message) => messages.push({ ...message }),
    onRetry: (retryMs) => retries.push(retryMs),
  });
  for (const chunk of chunks) parser.push(chunk);
  return { messages, retries };
}

const parseText = (text: string) => parse([Buffer.from(text)]);

describe('createSseParser', () => {
  it('reads LF, CRLF and CR as the end of a line', () => {
    const expected = [
      { id: undefined, event: 'a', data: '1' },
      { id: undefined, event: undefined, data: '2' },
    ];
    for (const end of ['\n', '\r\n', '\r']) {
      const text = ['event: a', 'data: 1', '', 'data: 2', '', ''].join(end);
      // A stream that ends in a bare CR leaves open whether LF follows, so a comment closes it.
      assert.deepEqual(parseText(`${text}:${end}`).messages, expected, JSON.stringify(end));
    }
  });

  it('strips one leading BOM and no more', () => {
    assert.deepEqual(parseText('\uFEFFdata: x\n\n').messages, [{ id: undefined, event: undefined, data: 'x' }]);
    assert.deepEqual(parseText('\uFEFF\uFEFFdata: x\n\n').messages, []);
  });

  it('joins data lines, drops comments, keeps event, id and retry', () => {
    const { messages, retries } = parseText(
      ': hello\nid: 7\nevent: message\ndata: two\ndata:lines\nretry: 100\nx: y\n\n',
    );
    assert.deepEqual(messages, [{ id: '7', event: 'message', data: 'two\nlines' }]);
    assert.deepEqual(retries, [100]);
  });

  it('strips exactly one space after the colon', () => {
    assert.deepEqual(parseText('data:  two spaces\n\n').messages, [
      { id: undefined, event: undefined, data: ' two spaces' },
    ]);
  });

  it('discards a last message that has no blank line', () => {
    assert.deepEqual(parseText('data: whole\n\ndata: cut').messages, [
      { id: undefined, event: undefined, data: 'whole' },
    ]);
  });

  it('gives the same messages however the bytes are cut', () => {
    const bytes = Buffer.from('\uFEFFevent: é\r\ndata: 天気😀\r\rid: 1\ndata: {"a":"b"}\n\n: c\n\ndata: x\r\n\r\n');
    const whole = parse([bytes]);
    assert.equal(whole.messages.length, 3);
    for (let cut = 0; cut <= bytes.length; cut++) {
      assert.deepEqual(parse([bytes.subarray(0, cut), bytes.subarray(cut)]), whole, `cut at ${cut}`);
    }
    assert.deepEqual(parse(Array.from(bytes, (byte) => Uint8Array.of(byte))), whole, 'one byte at a time');
  });

  it('gives the same messages for one large chunk as for small ones', () => {
    const texts = Array.from({ length: 40 }, (_, index) => `${index} 天気😀 `.repeat(index * 7));
    for (const end of ['\n', '\r\n', '\r']) {
      const bytes = Buffer.from(
        texts.map((text) => `event: é${end}data: ${text}${end}data: x${end}${end}`).join('') + ':',
      );
      const whole = parse([bytes]);
      assert.deepEqual(
        whole.messages,
        texts.map((text) => ({ id: undefined, event: 'é', data: `${text}\nx` })),
      );
      const pieces = Array.from({ length: Math.ceil(bytes.length / 97) }, (_, index) =>
        bytes.subarray(index * 97, (index + 1) * 97),
      );
      assert.deepEqual(parse(pieces), whole, JSON.stringify(end));
    }
  });

  it('refuses an unfinished message over the bound and stays refused', () => {
    const parser = createSseParser({ maxMessageLength: 100, onMessage: () => undefined });
    const tooLarge = (error: unknown) => error instanceof RelayError && error.code === 'agent_answer_too_large';
    assert.throws(() => {
      for (let index = 0; index < 10; index++) parser.push(Buffer.from('data: 0123456789012345\n'));
    }, tooLarge);
    assert.throws(() => parser.push(Buffer.from('data: x\n\n')), tooLarge);
  });

  it('survives arbitrary bytes in arbitrary pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        const pieces = parse(chunks);
        assert.deepEqual(parse([Buffer.concat(chunks)]), pieces);
      }),
      { numRuns: 500 },
    );
  });
});

describe('formatSse', () => {
  it('writes what the parser reads back', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => value.replaceAll('\0', ''));
    const field = text.map((value) => value.replace(/[\r\n\0]/gu, '')).filter((value) => value !== '');
    fc.assert(
      fc.property(
        text,
        fc.option(field, { nil: undefined }),
        fc.option(field, { nil: undefined }),
        (data, event, id) => {
          assert.deepEqual(parseText(formatSse({ event, data, id })).messages, [
            { id, event, data: data.replace(/\r\n|\r/gu, '\n') },
          ]);
        },
      ),
    );
  });

  it('does not let a field write lines of its own', () => {
    assert.equal(
      formatSse({ event: 'a\ndata: forged', id: '1\r\n\0', data: 'x' }),
      'id: 1\nevent: adata: forged\ndata: x\n\n',
    );
    assert.equal(formatSseComment('keep\nalive'), ': keep alive\n\n');
  });
});
