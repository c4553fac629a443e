import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RelayError } from '../errors.ts';
import { invokeWithRetries } from './retry.ts';

const answer = { contentType: '', body: (async function* () {})() };

for (const [random, delays] of [
  [0, [0, 0]],
  [0.999, [499.5, 999]],
] as const) {
  test(`spreads callers over the whole backoff, at ${random} of it`, async () => {
    const slept: number[] = [];
    let tries = 0;
    await invokeWithRetries(
      () => {
        tries += 1;
        return Promise.resolve(tries < 3 ? { failure: { error: new RelayError('agent_busy') } } : { answer });
      },
      new AbortController().signal,
      {
        random: () => random,
        sleep: (delayMs) => {
          slept.push(delayMs);
          return Promise.resolve();
        },
      },
    );
    assert.deepEqual(slept, delays);
  });
}

test('ends its own timer when the call is aborted between two tries', async () => {
  const controller = new AbortController();
  const outcome = invokeWithRetries(
    () => {
      setImmediate(() => controller.abort());
      return Promise.resolve({ failure: { error: new RelayError('agent_busy'), upstreamRetryAfterSeconds: 3 } });
    },
    controller.signal,
    { random: () => 0 },
  );
  const startedAt = performance.now();
  await assert.rejects(outcome, { name: 'RelayError', code: 'cancelled' });
  assert(performance.now() - startedAt < 2_000);
});

test('passes on what goes wrong outside of the attempts', async () => {
  const outcome = invokeWithRetries(
    () => Promise.resolve({ failure: { error: new RelayError('agent_busy') } }),
    new AbortController().signal,
    { sleep: () => Promise.reject(new Error('no timers')) },
  );
  await assert.rejects(outcome, { message: 'no timers' });
});
