import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVerifiedPairs } from './verified-pairs.ts';
import type { VerifiedPairs } from './verified-pairs.ts';

interface Rig {
  readonly pairs: VerifiedPairs;
  /** Checks, and says whether that took a verification. */
  check(
    id: string,
    password: string,
    hash?: string,
    isRight?: boolean,
  ): Promise<[isRight: boolean, wasVerified: boolean]>;
  pass(durationMs: number): void;
}

function createRig(maxPairs = 10): Rig {
  let time = 0;
  const pairs = createVerifiedPairs({ secret: Buffer.alloc(32), now: () => time, durationMs: 100, maxPairs });
  return {
    pairs,
    async check(id, password, hash = 'hash', isRight = true) {
      let wasVerified = false;
      const outcome = await pairs.check(id, password, hash, () => {
        wasVerified = true;
        return Promise.resolve(isRight);
      });
      return [outcome, wasVerified];
    },
    pass(durationMs) {
      time += durationMs;
    },
  };
}

test('remembers a pair that was right for its time, counted from the verification', async () => {
  const { check, pass } = createRig();
  assert.deepEqual(await check('alice', 'a'), [true, true]);
  pass(99);
  assert.deepEqual(await check('alice', 'a'), [true, false]);
  pass(1);
  assert.deepEqual(await check('alice', 'a'), [true, true]);
});

test('does not remember for longer because the clock was set back', async () => {
  const { check, pass } = createRig();
  await check('alice', 'a');
  pass(-1);
  assert.deepEqual(await check('alice', 'a'), [true, true]);
});

test('remembers nothing that was wrong', async () => {
  const { check } = createRig();
  assert.deepEqual(await check('alice', 'b', 'hash', false), [false, true]);
  assert.deepEqual(await check('alice', 'b', 'hash', false), [false, true]);
  assert.deepEqual(await check('alice', 'b'), [true, true]);
});

test('takes no other password, id or hash for the one that was right, however they are cut', async () => {
  const { check } = createRig();
  await check('alice', 'secret', 'hash');
  for (const [id, password, hash] of [
    ['alice', 'Secret', 'hash'],
    ['alice', 'secret', 'hash2'],
    ['bob', 'secret', 'hash'],
    ['alices', 'ecret', 'hash'],
    ['alice', 'secreth', 'ash'],
    ['alice","secret', '', 'hash'],
  ] as const) {
    assert.deepEqual(await check(id, password, hash, false), [false, true], `${id} ${password} ${hash}`);
  }
});

test('forgets the pair that was not used for longest when there are too many', async () => {
  const { check } = createRig(2);
  await check('alice', 'a');
  await check('bob', 'b');
  await check('alice', 'a');
  await check('carol', 'c');
  assert.deepEqual(await check('alice', 'a'), [true, false]);
  assert.deepEqual(await check('carol', 'c'), [true, false]);
  assert.deepEqual(await check('bob', 'b'), [true, true]);
});

test('verifies once for all who come with the same at the same time', async () => {
  const { pairs } = createRig();
  const verification = Promise.withResolvers<boolean>();
  let verifications = 0;
  const check = () =>
    pairs.check('alice', 'a', 'hash', () => {
      verifications += 1;
      return verification.promise;
    });
  const checks = [check(), check(), check()];
  verification.resolve(true);
  assert.deepEqual([await Promise.all(checks), verifications], [[true, true, true], 1]);
});

test('tries anew after a verification that failed', async () => {
  const { pairs, check } = createRig();
  await assert.rejects(
    pairs.check('alice', 'a', 'hash', () => Promise.reject(new Error('no memory'))),
    { message: 'no memory' },
  );
  assert.deepEqual(await check('alice', 'a'), [true, true]);
});
