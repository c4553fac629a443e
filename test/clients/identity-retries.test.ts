import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import type { TestContext } from 'node:test';
import { apiKeys } from '../../src/identity/api-keys.ts';
import { callers } from './callers.ts';
import type { Caller, Refusal } from './callers.ts';
import { startClientRelay } from './client-relay.ts';
import type { ClientRelay } from './client-relay.ts';
import { skipReason } from './installed.ts';
import { keyStore, keys, letInKeys } from './key-store.ts';
import { scenarios } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';

const { steps, expected } = scenarios.text;
const answered = { text: expected.text, error: undefined };
const key = keys.alice;

const tooManyStreams: Refusal = {
  sentence: 'as many answers to you as are allowed, 1, are on their way; try again when one has ended',
  code: 'too_many_streams',
  status: 429,
};
const identityUnavailable: Refusal = {
  sentence: 'it cannot be found out at the moment who is calling',
  code: 'identity_unavailable',
  status: 503,
};

// AG-UI's clients write there what they also reject with.
mock.method(console, 'error', () => undefined);

/** Time as the clients see it. */
interface SkippedTime {
  /** The pauses that were made, each as long as it was to be. */
  readonly pausesMs: readonly number[];
  now(): number;
}

/**
 * Lets the pauses of clients pass at once, each when `onPause` has resolved: LangChain's would take minutes. What a client
 * adds to them by chance is always the same. Their timeouts, of ten minutes, stay as they are.
 */
function skipPauses({ mock }: TestContext, onPause: () => Promise<void> = async () => undefined): SkippedTime {
  const pausesMs: number[] = [];
  const { setTimeout } = globalThis;
  mock.method(Math, 'random', () => 0.5);
  mock.method(globalThis, 'setTimeout', (callback: () => void, delayMs: number = 0, ...rest: readonly unknown[]) => {
    // Node's own `fetch` gives its callbacks something.
    const isPause = delayMs >= 1_000 && delayMs < 100_000 && rest.length === 0;
    if (!isPause) return setTimeout(callback, delayMs, ...(rest as []));
    pausesMs.push(delayMs);
    const pass = async () => {
      await onPause();
      callback();
    };
    return setTimeout(() => void pass(), 0);
  });
  return { pausesMs, now: () => pausesMs.reduce((sum, pauseMs) => sum + pauseMs, 0) };
}

interface BusyRelay extends AsyncDisposable {
  readonly relay: ClientRelay;
  /** Lets the other answer come to its end. */
  finish(): Promise<void>;
}

/** Another question of Alice's is being answered, of which there may be one at a time. */
async function startBusyRelay(): Promise<BusyRelay> {
  const { promise: go, resolve } = Promise.withResolvers<void>();
  const scenario: Scenario = { steps: [{ type: 'wait-for', go }, ...steps], expected };
  const limits = { maxStreamsPerPrincipal: 1 };
  const relay = await startClientRelay({ scenario, authenticator: letInKeys(), limits });
  const headers = { authorization: `Bearer ${key}` };
  const other = await fetch(relay.origin, { method: 'POST', headers, body: '{"prompt":"hi"}' });
  return {
    relay,
    async finish() {
      resolve();
      await other.text();
    },
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  };
}

function refuse(caller: Caller, refusal: Refusal) {
  return { text: '', error: caller.show(refusal) };
}

function statusesOf({ exchanges }: ClientRelay): readonly (readonly [number, string | undefined])[] {
  return exchanges.map(({ status, headers }) => [status, headers['retry-after']]);
}

for (const caller of callers) {
  const { name, pausesMs } = caller;
  const comesBack = pausesMs[429].length > 0;

  describe(name, { skip: skipReason }, () => {
    it(`${comesBack ? 'comes back and is answered' : 'shows why it is refused, and is answered when asked again'}, where its caller’s other answer has ended`, async (context) => {
      await using busy = await startBusyRelay();
      const { relay, finish } = busy;
      const { pausesMs: seen } = skipPauses(context, finish);
      const outcome = await caller.ask({ origin: relay.origin, key });
      if (comesBack) {
        assert.deepEqual([outcome, seen], [answered, [5_000]]);
      } else {
        assert.deepEqual([outcome, seen], [refuse(caller, tooManyStreams), []]);
        await finish();
        assert.deepEqual(await caller.ask({ origin: relay.origin, key }), answered);
      }
      assert.deepEqual(statusesOf(relay), [
        [200, undefined],
        [429, '5'],
        [200, undefined],
      ]);
      assert.equal(relay.invocations.length, 2);
    });

    it('gives up where the other answer goes on, and says so', async (context) => {
      await using busy = await startBusyRelay();
      const { relay, finish } = busy;
      const { pausesMs: seen } = skipPauses(context);
      assert.deepEqual(await caller.ask({ origin: relay.origin, key }), refuse(caller, tooManyStreams));
      assert.deepEqual(seen, pausesMs[429]);
      assert.deepEqual(statusesOf(relay), [
        [200, undefined],
        ...Array.from({ length: 1 + seen.length }, () => [429, '5'] as const),
      ]);
      assert.equal(relay.invocations.length, 1);
      await finish();
    });

    it('gives up where the keys cannot be read, and says so', async (context) => {
      const time = skipPauses(context);
      const read = () => Promise.reject(new Error('the store is down'));
      await using relay = await startClientRelay({ scenario: 'text', authenticator: apiKeys({ read }, time) });
      assert.deepEqual(await caller.ask({ origin: relay.origin, key }), refuse(caller, identityUnavailable));
      assert.deepEqual(time.pausesMs, pausesMs[503]);
      assert.deepEqual(
        statusesOf(relay),
        Array.from({ length: 1 + time.pausesMs.length }, () => [503, '5']),
      );
      assert.equal(relay.invocations.length, 0);
    });

    if (!comesBack) return;

    it('comes back and is answered, where the keys can be read again', async (context) => {
      const time = skipPauses(context);
      let reads = 0;
      const read = () => ((reads += 1) === 1 ? Promise.reject(new Error('the store is down')) : keyStore.read());
      await using relay = await startClientRelay({ scenario: 'text', authenticator: apiKeys({ read }, time) });
      assert.deepEqual(await caller.ask({ origin: relay.origin, key }), answered);
      // Once it has failed the store is left alone for two seconds: a pause that is shorter is one too many.
      const count = pausesMs[503].findIndex((_, index) => sum(pausesMs[503].slice(0, index + 1)) >= 2_000) + 1;
      assert.deepEqual(time.pausesMs, pausesMs[503].slice(0, count));
      assert.deepEqual(statusesOf(relay), [
        ...Array.from({ length: count }, () => [503, '5'] as const),
        [200, undefined],
      ]);
      assert.deepEqual([reads, relay.invocations.length], [2, 1]);
    });
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
