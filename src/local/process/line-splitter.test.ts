import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLineSplitter } from './line-splitter.ts';

describe("a process's lines", () => {
  it('are the same however their bytes are cut, also within a character', () => {
    const bytes = Buffer.from('zo\u00eb\r\n\nwith\ra break\nlast');
    const expected = ['zo\u00eb', '', 'with\na break', 'last'];
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.deepEqual(split([bytes.subarray(0, cut), bytes.subarray(cut)]), expected, `cut at ${cut}`);
    }
  });

  it('are handed out in pieces where one never ends', () => {
    const lines = split([Buffer.alloc(1_048_577, 0x61), Buffer.from('b\n')]);
    assert.deepEqual(
      lines.map((line) => line.length),
      [1_048_577, 1],
    );
  });

  it('have no empty one after the last line break', () => {
    assert.deepEqual(split([Buffer.from('one\n')]), ['one']);
  });
});

function split(chunks: readonly Buffer[]): readonly string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter((text) => lines.push(text));
  for (const chunk of chunks) {
    splitter.push(chunk);
  }
  splitter.end();
  return lines;
}
