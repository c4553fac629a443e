import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRefreshed } from './refreshed.ts';
import type { Refreshed } from './refreshed.ts';

interface Rig extends Refreshed<string> {
  /** The loads that have begun, in their order. */
  readonly loads: PromiseWithResolvers<string>[];
  readonly faults: unknown[];
  pass(durationMs: number): void;
  /** Ends the last load that began, and lets everybody hear of it. */
  end(outcome: string | Error): Promise<void>;
}

const outage = new Error('outage');

function createRig(): Rig {
  const loads: PromiseWithResolvers<string>[] = [];
  const faults: unknown[] = [];
  let time = 1_000_000;
  const refreshed = createRefreshed<string>({
    load() {
      const load = Promise.withResolvers<string>();
      loads.push(load);
      return load.promise;
    },
    freshMs: 100,
    staleMs: 1_000,
    usableMs: 10_000,
    retryMs: 5,
    reloadMs: 50,
    now: () => time,
    report: (fault) => faults.push(fault),
  });
  return {
    ...refreshed,
    loads,
    faults,
    pass(durationMs) {
      time += durationMs;
    },
    async end(outcome) {
      const load = loads.at(-1) ?? assert.fail('nothing is being loaded');
      if (typeof outcome === 'string') load.resolve(outcome);
      else load.reject(outcome);
      await settle();
    },
  };
}

/** Every promise that is already settled has run its reactions when a macrotask of later begins. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

async function loaded(value: string): Promise<Rig> {
  const rig = createRig();
  const first = rig.get();
  await settle();
  await rig.end(value);
  assert.equal(await first, value);
  return rig;
}

test('loads nothing before it is asked', () => {
  assert.equal(createRig().loads.length, 0);
});

test('loads once for all who ask at the same time', async () => {
  const rig = createRig();
  const values = [rig.get(), rig.get(), rig.reload()];
  await settle();
  await rig.end('one');
  assert.deepEqual([await Promise.all(values), rig.loads.length], [['one', 'one', 'one'], 1]);
});

test('loads nothing as long as the value is fresh', async () => {
  const rig = await loaded('one');
  rig.pass(99);
  assert.deepEqual([await rig.get(), rig.loads.length], ['one', 1]);
});

test('gives a value that is no longer fresh at once, and the next one when it has come', async () => {
  const rig = await loaded('one');
  rig.pass(100);
  assert.equal(await rig.get(), 'one');
  assert.equal(await rig.get(), 'one');
  assert.equal(rig.loads.length, 2);
  await rig.end('two');
  assert.deepEqual([await rig.get(), rig.loads.length, rig.faults], ['two', 2, []]);
});

test('makes a caller wait for a load after a long freeze, so that what was taken back lets nobody in', async () => {
  const rig = await loaded('one');
  rig.pass(1_000);
  const value = rig.get();
  await settle();
  await rig.end('two');
  assert.equal(await value, 'two');
});

test('counts the age of a value from the beginning of its load', async () => {
  const rig = createRig();
  const first = rig.get();
  await settle();
  rig.pass(100);
  await rig.end('one');
  await first;
  await rig.get();
  await settle();
  assert.equal(rig.loads.length, 2);
});

test('survives a failed load in the background, tells of it, and tries again when the time for it has come', async () => {
  const rig = await loaded('one');
  rig.pass(100);
  await rig.get();
  await settle();
  await rig.end(outage);
  assert.deepEqual([await rig.get(), rig.loads.length, rig.faults], ['one', 2, [outage]]);
  rig.pass(5);
  assert.equal(await rig.get(), 'one');
  await settle();
  assert.equal(rig.loads.length, 3);
});

test('gives an old value in an outage as long as it is usable, and none beyond that', async () => {
  const rig = await loaded('one');
  rig.pass(9_999);
  const usable = rig.get();
  await settle();
  await rig.end(outage);
  assert.equal(await usable, 'one');
  rig.pass(5);
  const gone = assert.rejects(rig.get(), outage);
  await settle();
  await rig.end(outage);
  await gone;
});

test('does not hammer what fails: whoever comes too soon gets the same failure', async () => {
  const rig = createRig();
  const first = assert.rejects(rig.get(), outage);
  await settle();
  await rig.end(outage);
  await first;
  rig.pass(4);
  await assert.rejects(rig.get(), outage);
  assert.equal(rig.loads.length, 1);
  rig.pass(1);
  const next = rig.get();
  await settle();
  await rig.end('one');
  assert.equal(await next, 'one');
});

test('counts a load that throws at once as one that fails', async () => {
  const faults: unknown[] = [];
  const refreshed = createRefreshed<string>({
    load() {
      throw outage;
    },
    freshMs: 1,
    staleMs: 1,
    usableMs: 1,
    retryMs: 1,
    reloadMs: 1,
    now: () => 0,
    report: (fault) => faults.push(fault),
  });
  await assert.rejects(refreshed.get(), outage);
  assert.deepEqual(faults, [outage]);
});

test('reloads a fresh value for who asks for it, but not again within the cooldown', async () => {
  const rig = await loaded('one');
  rig.pass(49);
  assert.deepEqual([await rig.reload(), rig.loads.length], ['one', 1]);
  rig.pass(1);
  const value = rig.reload();
  await settle();
  await rig.end('two');
  assert.equal(await value, 'two');
  assert.deepEqual([await rig.reload(), await rig.get(), rig.loads.length], ['two', 'two', 2]);
});

test('says so where a reload fails, and keeps the value for those who do not need a new one', async () => {
  const rig = await loaded('one');
  rig.pass(50);
  const value = assert.rejects(rig.reload(), outage);
  await settle();
  await rig.end(outage);
  await value;
  rig.pass(49);
  await assert.rejects(rig.reload(), outage);
  assert.deepEqual([await rig.get(), rig.loads.length], ['one', 2]);
});

test('gives up a load that was lost in a freeze, and does not let it undo a later one', async () => {
  const rig = await loaded('one');
  rig.pass(100);
  await rig.get();
  await settle();
  const lost = rig.loads[1] ?? assert.fail('nothing is being loaded');
  rig.pass(15_000);
  const value = rig.get();
  await settle();
  await rig.end('three');
  assert.equal(await value, 'three');
  lost.resolve('two');
  await settle();
  assert.deepEqual([await rig.get(), rig.loads.length], ['three', 3]);
});

test('does not take the late failure of a lost load for one of the newest', async () => {
  const rig = await loaded('one');
  rig.pass(100);
  await rig.get();
  await settle();
  const lost = rig.loads[1] ?? assert.fail('nothing is being loaded');
  rig.pass(15_000);
  const value = rig.get();
  await settle();
  lost.reject(outage);
  await settle();
  await rig.end('three');
  assert.equal(await value, 'three');
  assert.deepEqual([await rig.reload(), rig.faults], ['three', [outage]]);
});

test('does not keep a value for longer because the clock was set back', async () => {
  const rig = await loaded('one');
  rig.pass(-500_000);
  const value = rig.get();
  await settle();
  await rig.end('two');
  assert.equal(await value, 'two');
  assert.deepEqual([await rig.get(), rig.loads.length], ['two', 2]);
});
