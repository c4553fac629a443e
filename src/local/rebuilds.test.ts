import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRebuilds } from './rebuilds.ts';

test('gathers what changes while a rebuild is under way, and rebuilds once for all of it', async () => {
  const calls: { readonly changed: readonly string[]; readonly done: PromiseWithResolvers<void> }[] = [];
  const begun: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()];
  const rebuilds = createRebuilds((changed) => {
    const done = Promise.withResolvers<void>();
    calls.push({ changed, done });
    begun[calls.length - 1]?.resolve();
    return done.promise;
  });
  rebuilds.begin(['a']);
  rebuilds.begin(['b', 'c']);
  rebuilds.begin(['c', 'd']);
  calls[0]?.done.resolve();
  await begun[1]?.promise;
  calls[1]?.done.resolve();
  await rebuilds.close();
  assert.deepEqual(
    calls.map(({ changed }) => changed),
    [['a'], ['b', 'c', 'd']],
  );
});

test('ends the rebuild that is under way, waits for its end and begins no other', async () => {
  let calls = 0;
  let ended = false;
  const rebuilds = createRebuilds(async (_changed, signal) => {
    calls += 1;
    const aborted = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => aborted.resolve());
    await aborted.promise;
    ended = true;
  });
  rebuilds.begin(['a']);
  rebuilds.begin(['b']);
  await rebuilds.close();
  rebuilds.begin(['c']);
  await rebuilds.close();
  assert.deepEqual([calls, ended], [1, true]);
});
