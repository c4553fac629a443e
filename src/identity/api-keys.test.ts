import assert from 'node:assert/strict';
import { timingSafeEqual } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { RelayError } from '../errors.ts';
import { apiKeys, findKey } from './api-keys.ts';
import { authenticate } from './authenticate.ts';
import type { CallerRequest } from './authenticator.ts';
import type { KeyEntry } from './key-document.ts';
import { createApiKey, hashApiKey } from './new-key.ts';

interface Rig {
  /** Who is let in by these headers, or why nobody is. */
  ask(headers: CallerRequest['headers']): Promise<unknown>;
  /** What the store gives from now on. */
  put(keys: readonly KeyEntry[] | string | Error): void;
  pass(durationMs: number): void;
  readonly reads: number;
  readonly faults: unknown[];
}

const startedAt = Date.parse('2027-01-01T00:00:00Z');

function createRig(content: readonly KeyEntry[] | string | Error): Rig {
  let time = startedAt;
  let held = content;
  let reads = 0;
  const faults: unknown[] = [];
  const store = {
    async read() {
      reads += 1;
      if (held instanceof Error) throw held;
      return typeof held === 'string' ? held : JSON.stringify({ keys: held });
    },
  };
  const authenticator = apiKeys(store, { now: () => time, report: (fault) => faults.push(fault) });
  return {
    async ask(headers) {
      try {
        return await authenticate(authenticator, { method: 'POST', path: '/', headers });
      } catch (thrown) {
        if (!(thrown instanceof RelayError)) throw thrown;
        const { code, message, cause, challenge, retryAfterSeconds } = thrown;
        return { code, message, cause, challenge, retryAfterSeconds };
      }
    },
    put(content) {
      held = content;
    },
    pass(durationMs) {
      time += durationMs;
    },
    get reads() {
      return reads;
    },
    faults,
  };
}

const [one, other, third] = [createApiKey(), createApiKey(), createApiKey()];
const alice = { id: 'alice', hash: one.hash };
const bob = { id: 'bob', hash: other.hash };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** What everybody reads whose key is not good, whatever the reason. */
function refusal(cause: string): unknown {
  return {
    code: 'invalid_credentials',
    message: 'the credentials are not valid',
    cause,
    challenge: 'Bearer realm="agent", error="invalid_token"',
    retryAfterSeconds: undefined,
  };
}

test('lets in who has a key, as OpenAI’s clients send it and as x-api-key', async () => {
  const { ask } = createRig([alice, bob]);
  assert.deepEqual(await ask(bearer(one.key)), { id: 'api-key:alice' });
  assert.deepEqual(await ask({ 'x-api-key': other.key }), { id: 'api-key:bob' });
});

test('knows the same person by the old key and the new one while a key is replaced', async () => {
  const { ask } = createRig([alice, { ...alice, hash: other.hash }]);
  assert.deepEqual(
    [await ask(bearer(one.key)), await ask(bearer(other.key))],
    [{ id: 'api-key:alice' }, { id: 'api-key:alice' }],
  );
});

test('knows a key that was not made here', async () => {
  const { ask } = createRig([{ id: 'alice', hash: hashApiKey('sk-legacy.key~1') }]);
  assert.deepEqual(await ask(bearer('sk-legacy.key~1')), { id: 'api-key:alice' });
});

test('leaves other credentials to others', async () => {
  const { ask } = createRig([alice]);
  const { code, cause } = (await ask({ authorization: `Basic ${btoa(`alice:${one.key}`)}` })) as RelayError;
  assert.deepEqual([code, cause], ['invalid_credentials', 'credentials of the kind "basic", which is not taken']);
  assert.equal(((await ask({})) as RelayError).code, 'unauthenticated');
});

test('lets in nobody as long as there is no key', async () => {
  assert.deepEqual(await createRig([]).ask(bearer(one.key)), refusal('unknown key'));
});

test('lets in by no part of a key, by none in another case, and not by its hash', async () => {
  const { ask } = createRig([alice]);
  for (const key of [one.key.slice(0, -1), `${one.key}A`, one.key.toUpperCase(), 'a', alice.hash.slice(7)]) {
    assert.deepEqual(await ask(bearer(key)), refusal('unknown key'));
  }
});

test('refuses an expired key in the same words as an unknown one; the log alone is told whose it was', async () => {
  const expiring = { ...alice, expiresAt: '2027-01-01T00:00:01Z' };
  const { ask, pass } = createRig([expiring]);
  pass(999);
  assert.deepEqual(await ask(bearer(one.key)), { id: 'api-key:alice' });
  pass(1);
  assert.deepEqual(await ask(bearer(one.key)), refusal('expired key of "alice"'));
});

test('never tells the log a key', async () => {
  const { ask } = createRig([alice]);
  for (const headers of [bearer(other.key), { 'x-api-key': other.key }]) {
    assert(!inspect(await ask(headers)).includes(other.key.slice(6)));
  }
});

test('asks for a bearer token, without an error of one, whoever sent a bad x-api-key', async () => {
  const { challenge } = (await createRig([alice]).ask({ 'x-api-key': other.key })) as RelayError;
  assert.equal(challenge, 'Bearer realm="agent"');
});

test('reads the document before the first request, and once', async () => {
  const rig = createRig([alice]);
  await new Promise<void>((resolve) => void setImmediate(resolve));
  assert.equal(rig.reads, 1);
  await rig.ask(bearer(one.key));
  assert.equal(rig.reads, 1);
});

test('lets a new key in ten seconds later at the latest, and does not read more often for whoever tries keys', async () => {
  const rig = createRig([alice]);
  assert.deepEqual(await rig.ask(bearer(other.key)), refusal('unknown key'));
  rig.put([alice, bob]);
  rig.pass(9_999);
  for (let tries = 0; tries < 100; tries += 1) await rig.ask(bearer(createApiKey().key));
  assert.deepEqual([await rig.ask(bearer(other.key)), rig.reads], [refusal('unknown key'), 1]);
  rig.pass(1);
  assert.deepEqual([await rig.ask(bearer(other.key)), rig.reads], [{ id: 'api-key:bob' }, 2]);
});

test('lets a key that is taken back in no longer than a minute in a process that is in use', async () => {
  const rig = createRig([alice, bob]);
  await rig.ask(bearer(one.key));
  rig.put([bob]);
  rig.pass(60_000);
  // This request is the one that has the document read.
  await rig.ask(bearer(other.key));
  await new Promise<void>((resolve) => void setImmediate(resolve));
  assert.deepEqual(await rig.ask(bearer(one.key)), refusal('unknown key'));
});

test('lets a key that is taken back in not even once more in a process that has slept for five minutes', async () => {
  const rig = createRig([alice]);
  await rig.ask(bearer(one.key));
  rig.put([]);
  rig.pass(300_000);
  assert.deepEqual(await rig.ask(bearer(one.key)), refusal('unknown key'));
});

function unavailable(cause: string): unknown {
  return {
    code: 'identity_unavailable',
    message: 'it cannot be found out at the moment who is calling',
    cause,
    challenge: undefined,
    retryAfterSeconds: 5,
  };
}

test('lets nobody in, and says that it cannot know, where the document was never read', async () => {
  const rig = createRig(new RelayError('identity_unavailable', { cause: 'Secrets Manager answered with 503' }));
  const expected = unavailable('the keys cannot be had: Secrets Manager answered with 503');
  assert.deepEqual(await rig.ask(bearer(one.key)), expected);
  rig.put([alice]);
  assert.deepEqual([await rig.ask(bearer(one.key)), rig.reads], [expected, 1]);
  rig.pass(2_000);
  assert.deepEqual([await rig.ask(bearer(one.key)), rig.reads], [{ id: 'api-key:alice' }, 2]);
});

test('lets nobody in, and tells the log what is wrong, where the document is wrong', async () => {
  const rig = createRig('{"keys":[{"id":"alice","hash":"SENTINEL"}]}');
  const cause =
    'the keys cannot be had: the document of keys needs at keys[0].hash "sha256:" and 64 lower-case hex digits';
  assert.deepEqual(await rig.ask(bearer(one.key)), unavailable(cause));
  assert.deepEqual(
    rig.faults.map((fault) => fault instanceof RelayError && fault.cause),
    [cause],
  );
});

test('goes on letting known keys in for an hour of an outage, and reports it', async () => {
  const rig = createRig([alice]);
  await rig.ask(bearer(one.key));
  rig.put(new Error('outage'));
  rig.pass(3_599_999);
  assert.deepEqual(await rig.ask(bearer(one.key)), { id: 'api-key:alice' });
  assert.equal(rig.faults.length, 1);
  rig.pass(2_000);
  assert.deepEqual(await rig.ask(bearer(one.key)), unavailable('the keys cannot be had: Error: outage'));
});

test('does not call a key unknown in an outage: it may be a new one', async () => {
  const rig = createRig([alice]);
  await rig.ask(bearer(one.key));
  rig.put(new Error('outage'));
  rig.pass(10_000);
  assert.deepEqual(await rig.ask(bearer(third.key)), unavailable('the keys cannot be had: Error: outage'));
});

test('keeps an expired key out in an outage too', async () => {
  const rig = createRig([{ ...alice, expiresAt: '2027-01-01T00:00:10Z' }]);
  await rig.ask(bearer(one.key));
  rig.put(new Error('outage'));
  rig.pass(10_000);
  assert.equal(((await rig.ask(bearer(one.key))) as RelayError).code, 'identity_unavailable');
});

for (const at of [0, 500, 999, undefined]) {
  test(`compares with every key, also where ${at === undefined ? 'none' : `the one at ${at}`} is the right one`, () => {
    const digest = Buffer.alloc(32, 1);
    const keys = Array.from({ length: 1_000 }, (_, index) => ({ digest: Buffer.alloc(32, index === at ? 1 : 0) }));
    let comparisons = 0;
    const found = findKey(keys, digest, (one, other) => {
      comparisons += 1;
      return timingSafeEqual(one, other);
    });
    assert.deepEqual([comparisons, found], [1_000, at === undefined ? undefined : keys[at]]);
  });
}
