import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { createHeldText } from './held-text.ts';

describe('createHeldText', () => {
  it('gives its pieces back as one text, once, wherever they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.integer({ min: 1, max: 3000 }), (pieces, times) => {
        const held = createHeldText();
        const all = Array.from({ length: times }, () => pieces).flat();
        for (const piece of all) held.add(piece);
        assert.equal(held.take(), all.join(''));
        assert.equal(held.take(), '');
      }),
      { numRuns: 50 },
    );
  });

  it('takes the memory of its characters, not of its pieces', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const length = 8 * 1024 * 1024;
    const held = createHeldText();
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < length / 4; count++) held.add(String(1000 + (count % 9000)));
    collectGarbage();
    const grownBy = process.memoryUsage().heapUsed - before;
    // Every piece of four characters with a node of its own would be nine times as much.
    assert.ok(grownBy < 1.5 * length, `${grownBy} bytes for ${length} characters`);
    assert.equal(held.take().length, length);
  });
});
