import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createReplacer } from './replace-bytes.ts';

function replace(text: string, replacement: string, chunks: readonly Uint8Array[]): { sent: string; held: number } {
  const replacer = createReplacer(text, replacement);
  const sent = Buffer.concat(chunks.map((chunk) => Buffer.from(replacer(chunk)))).toString('latin1');
  return { sent, held: Buffer.concat(chunks).length - sent.length };
}

/** Cuts bytes at some places. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((position) => position % (bytes.length + 1)).sort((a, b) => a - b)];
  return at.map((start, index) => bytes.subarray(start, at[index + 1]));
}

describe('a text that is replaced', () => {
  it('is found wherever the bytes are cut, also where it overlaps its own beginning', () => {
    // Few letters, so that beginnings of the text are everywhere.
    const letters = fc.constantFrom('a', 'b');
    const text = fc.string({ unit: letters, minLength: 1, maxLength: 6 });
    const piece = fc.string({ unit: letters, maxLength: 12 });
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('', 'X', '<->'),
        piece,
        fc.array(fc.nat()),
        (text, replacement, whole, cuts) => {
          // What cannot belong to it lets go of everything that is held back.
          const { sent } = replace(text, replacement, [...cut(Buffer.from(whole), cuts), Buffer.from('.')]);
          assert.equal(sent, `${whole}.`.replaceAll(text, replacement));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is held back only as far as it may have begun', () => {
    const text = 'abcabd';
    for (const [whole, held] of [
      ['', 0],
      ['x', 0],
      ['xa', 1],
      ['xabcab', 5],
      ['xabcabc', 3],
      ['abcabd', 0],
      ['abcabda', 1],
      ['aaa', 1],
    ] as const) {
      const { sent } = replace(text, text, [Buffer.from(whole)]);
      assert.equal(whole.length - sent.length, held, whole);
    }
  });

  it('is not looked for in what has replaced it', () => {
    assert.equal(replace('aa', 'a', [Buffer.from('aaaa')]).sent, 'aa');
    assert.equal(replace('ab', 'xa', [Buffer.from('a'), Buffer.from('bb')]).sent, 'xab');
  });

  it('leaves all other bytes as they are, without a copy', () => {
    const replacer = createReplacer('é', 'e');
    const chunk = Uint8Array.of(0xff, 0x00, 0xc3, 0x28, 0x80);
    assert.equal(replacer(chunk), chunk);
    assert.deepEqual([...replacer(Uint8Array.of(0xff, 0xc3))], [0xff]);
    assert.deepEqual([...replacer(Uint8Array.of(0xa9, 0xfe))], [0x65, 0xfe]);
  });
});
