import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { peakMemoryBytes } from './peak-memory.ts';

const skip = process.platform === 'linux' ? false : 'skipped: only Linux tells it';

test("tells a process's peak", { skip }, () => {
  const before = peakMemoryBytes(process.pid) ?? 0;
  assert.ok(before > 10_000_000, `${before} bytes`);
  const { length } = Buffer.alloc(before + 50_000_000, 1);
  const after = peakMemoryBytes(process.pid) ?? 0;
  assert.ok(after >= length, `${after} of ${length} bytes`);
});

test('tells nothing of a process that has ended', () => {
  assert.equal(peakMemoryBytes(spawnSync(process.execPath, ['--version']).pid), undefined);
});
