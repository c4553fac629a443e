import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBandwidth } from './bandwidth.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

describe('the bandwidth of a streamed answer', () => {
  it('lets the first 6 MiB pass at once, and what follows in steps of 125 ms', () => {
    const bandwidth = createBandwidth(() => 0);
    const waits = [mebibyte, 5 * mebibyte, 1].map((bytes) => bandwidth.take(bytes));
    assert.deepEqual(waits, [0, 0, 125]);
  });

  it('is 2 MiB per second from then on, however the bytes are cut', () => {
    for (const pieceBytes of [1000, 64 * kibibyte, 300 * kibibyte, 6 * mebibyte]) {
      let nowMs = 7;
      const bandwidth = createBandwidth(() => nowMs);
      for (let left = 26 * mebibyte; left > 0; left -= pieceBytes) {
        nowMs += bandwidth.take(Math.min(left, pieceBytes));
      }
      assert.equal(nowMs - 7, 10_000, `pieces of ${pieceBytes} bytes`);
    }
  });

  it('is given back for a pause, but no more than 6 MiB of it', () => {
    let nowMs = 0;
    const bandwidth = createBandwidth(() => nowMs);
    assert.equal(bandwidth.take(6 * mebibyte), 0);
    nowMs = 1000;
    assert.deepEqual([bandwidth.take(2 * mebibyte), bandwidth.take(1)], [0, 125]);
    nowMs = 60_000;
    assert.deepEqual([bandwidth.take(6 * mebibyte), bandwidth.take(1)], [0, 125]);
  });

  it('still waits for the rest where its timer was early', () => {
    let nowMs = 0;
    const bandwidth = createBandwidth(() => nowMs);
    bandwidth.take(6 * mebibyte);
    assert.equal(bandwidth.take(1), 125);
    nowMs = 124;
    assert.equal(bandwidth.take(1), 1);
  });
});
