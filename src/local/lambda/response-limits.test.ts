import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LambdaClock } from './lambda-clock.ts';
import { collectPayload, limitStream } from './response-limits.ts';
import type { SandboxBytes } from './sandbox.ts';

const mebibyte = 1024 * 1024;

describe('the limits of a streamed answer', () => {
  it('let exactly 200 MiB pass, in the 97 seconds that Lambda takes for it', async () => {
    const clock = createClock();
    const { bytes, wasDiscarded } = repeat(200);
    const limited = limitStream(bytes, clock);
    for (let count = 0; count < 200; count += 1) {
      assert.equal((await limited.next())?.length, mebibyte);
    }
    assert.equal(await limited.next(), undefined);
    assert.deepEqual([clock.nowMs(), wasDiscarded()], [97_000, false]);
  });

  it('fail at the first byte over 200 MiB, and let the function run on unread', async () => {
    const { bytes, wasDiscarded } = repeat(200, 1);
    const limited = limitStream(bytes, createClock());
    for (let count = 0; count < 200; count += 1) {
      await limited.next();
    }
    await assert.rejects(limited.next(), {
      kind: 'function-error',
      errorType: 'Function.ResponseSizeTooLarge',
      message: 'Response payload size exceeded maximum allowed payload size (209715200 bytes).',
    });
    assert.equal(wasDiscarded(), true);
  });

  it('hold a chunk back that is larger than the burst', async () => {
    const clock = createClock();
    const limited = limitStream(answerOf([Buffer.alloc(8 * mebibyte)]).bytes, clock);
    await limited.next();
    assert.equal(clock.nowMs(), 1000);
  });
});

describe('an answer that is collected', () => {
  it('is whole at 6 MiB and 100 bytes, and fails with one more', async () => {
    assert.equal((await collectPayload(repeat(6, 100).bytes)).length, 6 * mebibyte + 100);
    const { bytes, wasDiscarded } = repeat(6, 101);
    await assert.rejects(collectPayload(bytes), {
      errorType: 'Function.ResponseSizeTooLarge',
      message: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
    assert.equal(wasDiscarded(), true);
  });
});

function repeat(mebibytes: number, lastBytes = 0): { readonly bytes: SandboxBytes; wasDiscarded(): boolean } {
  const chunk = Buffer.alloc(mebibyte);
  return answerOf([...Array.from({ length: mebibytes }, () => chunk), Buffer.alloc(lastBytes)].filter(isFull));
}

function isFull(chunk: Buffer): boolean {
  return chunk.length > 0;
}

function answerOf(chunks: readonly Uint8Array[]): { readonly bytes: SandboxBytes; wasDiscarded(): boolean } {
  const rest = [...chunks];
  let isDiscarded = false;
  return {
    bytes: {
      next: () => Promise.resolve(rest.shift()),
      discard: () => {
        isDiscarded = true;
      },
    },
    wasDiscarded: () => isDiscarded,
  };
}

function createClock(): LambdaClock {
  let now = 0;
  return {
    nowMs: () => now,
    wait: (ms) => {
      now += ms;
      return Promise.resolve();
    },
  };
}
