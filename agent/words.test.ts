import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countWords, wordsOf } from './words.ts';

test('cuts before the space and keeps marks with their word', () => {
  assert.deepEqual(wordsOf('Hello, world! “Yes.”\n\nA new line'), [
    'Hello,',
    ' world!',
    ' “Yes.”',
    '\n\nA',
    ' new',
    ' line',
  ]);
});

test('cuts text without spaces into words too', () => {
  assert.deepEqual(wordsOf('こんにちは世界'), ['こんにちは', '世界']);
});

test('never cuts inside a family of emoji', () => {
  assert.deepEqual(wordsOf('👩‍👩‍👧'.repeat(7)), ['👩‍👩‍👧'.repeat(3), '👩‍👩‍👧'.repeat(3), '👩‍👩‍👧']);
});

test('loses and breaks nothing, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const pieces = wordsOf(text);
      assert.equal(pieces.join(''), text);
      assert.ok(pieces.every((piece) => piece !== '' && piece.isWellFormed()));
    }),
  );
});

test('counts words, not marks', () => {
  assert.deepEqual([countWords(''), countWords('One, two – three!'), countWords('こんにちは世界')], [0, 3, 2]);
});
