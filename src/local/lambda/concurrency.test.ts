import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createConcurrency } from './concurrency.ts';

const tooMany = { kind: 'throttled', errorType: 'ReservedFunctionConcurrentInvocationLimitExceeded' };
const tooFast = { kind: 'throttled', errorType: 'ReservedFunctionInvocationRateLimitExceeded' };

describe('reserved concurrency', () => {
  it('throttles the one invocation too many, until another has ended', () => {
    const concurrency = createConcurrency(2, () => 0);
    const end = concurrency.begin();
    concurrency.begin();
    assert.throws(() => concurrency.begin(), tooMany);
    end();
    end();
    concurrency.begin();
    assert.throws(() => concurrency.begin(), tooMany);
  });

  it('of 0 throttles every invocation', () => {
    assert.throws(() => createConcurrency(0, () => 0).begin(), tooMany);
  });

  it('throttles what is over ten times as many in a second, and counts none that were throttled', () => {
    let nowMs = 0;
    const concurrency = createConcurrency(1, () => nowMs);
    for (let count = 0; count < 10; count += 1) {
      nowMs += 50;
      concurrency.begin()();
    }
    nowMs = 1049;
    assert.throws(() => concurrency.begin(), tooFast);
    nowMs = 1050;
    concurrency.begin()();
    assert.throws(() => concurrency.begin(), tooFast);
  });

  it('that is not set throttles nothing', () => {
    const concurrency = createConcurrency(undefined, () => 0);
    for (let count = 0; count < 1000; count += 1) {
      concurrency.begin();
    }
  });
});
