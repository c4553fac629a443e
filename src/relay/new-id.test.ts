import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createNewId } from './new-id.ts';
import type { RandomSources } from './new-id.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;

/** A process in the state of a snapshot: each source gives what it always gives. */
const frozen: RandomSources = {
  fillFromProcess: (bytes) => void bytes.fill(1),
  fillFromKernel: (bytes) => bytes.fill(2).byteLength,
  readClocks: () => '3',
};

describe('a new id', () => {
  it('is a UUID of version 4, another one each time', () => {
    const newId = createNewId();
    const ids = Array.from({ length: 1000 }, newId);
    for (const id of ids) assert.match(id, uuid);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('is made of nothing but its sources', () => {
    assert.equal(createNewId(frozen)(), createNewId(frozen)());
    assert.match(createNewId(frozen)(), uuid);
  });

  for (const [name, source] of [
    ['the generator of the process', { fillFromProcess: (bytes: Uint8Array) => void bytes.fill(9) }],
    ['the kernel', { fillFromKernel: (bytes: Uint8Array) => bytes.fill(9).byteLength }],
    ['a clock', { readClocks: () => '9' }],
  ] as const) {
    it(`is another one where ${name} alone gives something else`, () => {
      assert.notEqual(createNewId({ ...frozen, ...source })(), createNewId(frozen)());
    });
  }

  it('holds nothing of an earlier one where the kernel gives nothing', () => {
    let kernelBytes = 32;
    const newId = createNewId({ ...frozen, fillFromKernel: (bytes) => bytes.fill(2).byteLength && kernelBytes });
    newId();
    kernelBytes = 0;
    assert.equal(newId(), createNewId({ ...frozen, fillFromKernel: () => 0 })());
  });

  const hasKernelSource = existsSync('/dev/urandom');
  it('is another one in each of two processes in the same state', { skip: !hasKernelSource }, async () => {
    const module = JSON.stringify(new URL('new-id.ts', import.meta.url).href);
    const script = `
      // As in processes that were restored from one snapshot at the same moment: only the kernel knows that they are two.
      const { default: crypto } = await import('node:crypto');
      const { syncBuiltinESMExports } = await import('node:module');
      crypto.randomFillSync = (bytes) => bytes.fill(7);
      syncBuiltinESMExports();
      Date.now = () => 1;
      process.hrtime.bigint = () => 1n;
      Object.defineProperty(process, 'pid', { value: 1 });
      const { createNewId } = await import(${module});
      const newId = createNewId();
      console.log(newId(), newId(), crypto.randomFillSync(new Uint8Array(2)).join());
    `;
    const run = promisify(execFile);
    const outputs = await Promise.all(
      [1, 2].map(async () => (await run(process.execPath, ['--input-type=module', '--eval', script])).stdout),
    );
    const words = outputs.map((output) => output.trim().split(' '));
    assert.deepEqual(
      words.map(([, , drawn]) => drawn),
      ['7,7', '7,7'],
    );
    assert.equal(new Set(words.flatMap((ids) => ids.slice(0, 2))).size, 4);
  });

  it('costs less than a request would notice', () => {
    const newId = createNewId();
    for (let round = 0; round < 500; round++) newId();
    const startedAt = process.hrtime.bigint();
    for (let round = 0; round < 2000; round++) newId();
    const microseconds = Number(process.hrtime.bigint() - startedAt) / 1000 / 2000;
    // Some 10 us; the bound leaves room for a busy machine.
    assert.ok(microseconds < 500, `${microseconds.toFixed(1)} us`);
  });
});
