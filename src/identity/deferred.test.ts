import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RelayError } from '../errors.ts';
import type { Authenticator, CallerRequest } from './authenticator.ts';
import { authenticate } from './authenticate.ts';
import { createDeferred } from './deferred.ts';
import type { DeferredOptions } from './deferred.ts';

const alice = { id: 'alice' };

const loaded: Authenticator = {
  name: 'loaded',
  challenge: 'Loaded',
  identify: () => Promise.resolve({ kind: 'principal', principal: alice }),
};

const anybody: CallerRequest = { method: 'POST', path: '/', headers: {} };
const someone: CallerRequest = { ...anybody, headers: { authorization: 'Bearer abc' } };

interface Rig {
  readonly deferred: Authenticator;
  readonly loads: PromiseWithResolvers<Authenticator>[];
  readonly faults: unknown[];
}

async function createRig(options: Pick<DeferredOptions, 'takes' | 'challenge'> = {}): Promise<Rig> {
  const loads: PromiseWithResolvers<Authenticator>[] = [];
  const faults: unknown[] = [];
  const deferred = createDeferred({
    name: 'deferred',
    ...options,
    load() {
      const load = Promise.withResolvers<Authenticator>();
      loads.push(load);
      return load.promise;
    },
    report: (fault) => faults.push(fault instanceof RelayError ? fault.cause : fault),
  });
  await settle();
  return { deferred, loads, faults };
}

async function settle(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

test('begins to load before anybody asks, and loads once', async () => {
  const { deferred, loads } = await createRig();
  assert.equal(loads.length, 1);
  const principals = [authenticate(deferred, anybody), authenticate(deferred, someone)];
  loads[0]?.resolve(loaded);
  assert.deepEqual([await Promise.all(principals), await authenticate(deferred, anybody)], [[alice, alice], alice]);
  assert.equal(loads.length, 1);
});

test('survives a load that fails with nobody waiting, tells of it, and tries again for the next request', async () => {
  const { deferred, loads, faults } = await createRig();
  loads[0]?.reject(new Error('no such file'));
  await settle();
  assert.deepEqual(faults, ['"deferred" cannot be loaded: Error: no such file']);
  const principal = authenticate(deferred, anybody);
  await settle();
  loads[1]?.resolve(loaded);
  assert.deepEqual([await principal, loads.length], [alice, 2]);
});

test('lets nobody in as long as it cannot be loaded, and says that it cannot know', async () => {
  const { deferred, loads } = await createRig();
  const refusal = assert.rejects(authenticate(deferred, someone), {
    code: 'identity_unavailable',
    cause: '"deferred" cannot be loaded: Error: no such file',
    retryAfterSeconds: 5,
  });
  loads[0]?.reject(new Error('no such file'));
  await refusal;
});

test('counts a load that throws at once as one that fails', async () => {
  const deferred = createDeferred({
    name: 'deferred',
    load() {
      throw new Error('at once');
    },
    report: () => {},
  });
  for (let tries = 0; tries < 2; tries += 1) {
    await assert.rejects(authenticate(deferred, someone), { code: 'identity_unavailable' });
  }
});

test('does not keep those waiting whom it would not know, nor refuse them for what is not there', async () => {
  const { deferred } = await createRig({ takes: ['basic'], challenge: 'Basic' });
  await assert.rejects(authenticate(deferred, anybody), { code: 'unauthenticated', challenge: 'Basic' });
  await assert.rejects(authenticate(deferred, someone), { code: 'invalid_credentials', challenge: 'Basic' });
  const malformed = { ...anybody, headers: { authorization: '(' } };
  await assert.rejects(authenticate(deferred, malformed), { code: 'invalid_credentials', challenge: 'Basic' });
});

test('has the challenge of what it has loaded', async () => {
  const { deferred, loads } = await createRig({ challenge: 'Bearer' });
  assert.equal(deferred.challenge, 'Bearer');
  loads[0]?.resolve(loaded);
  await settle();
  assert.equal(deferred.challenge, 'Loaded');
});

test('hides nothing of a bug in what it has loaded', async () => {
  const { deferred, loads } = await createRig();
  const bug = new TypeError('x is not a function');
  loads[0]?.resolve({ ...loaded, identify: () => Promise.reject(bug) });
  await assert.rejects(authenticate(deferred, anybody), { code: 'internal_error', cause: bug });
});
