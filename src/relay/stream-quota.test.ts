import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import { createStreamQuota } from './stream-quota.ts';

const alice = { id: 'api-key:alice' };
const bob = { id: 'api-key:bob' };
const anonymous = { id: 'anonymous', isAnonymous: true };

function refusal(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof RelayError);
    const { code, status, message, retryAfterSeconds } = thrown;
    return { code, status, message, retryAfterSeconds };
  }
}

describe('the quota of answers under way', () => {
  it('refuses one principal too many of them, and nobody else for it', () => {
    const quota = createStreamQuota({ maxStreams: 10, maxStreamsPerPrincipal: 2 });
    const end = quota.begin(alice);
    quota.begin(alice);
    assert.deepEqual(
      refusal(() => quota.begin(alice)),
      {
        code: 'too_many_streams',
        status: 429,
        message: 'as many answers to you as are allowed, 2, are on their way; try again when one has ended',
        retryAfterSeconds: 5,
      },
    );
    quota.begin(bob);
    end();
    quota.begin(alice);
  });

  it('refuses too many of them in all, whoever asks', () => {
    const quota = createStreamQuota({ maxStreams: 2, maxStreamsPerPrincipal: 2 });
    const end = quota.begin(alice);
    quota.begin(bob);
    const refused = {
      code: 'too_many_streams',
      status: 429,
      message: 'too many answers are on their way at once; try again when one has ended',
      retryAfterSeconds: 5,
    };
    for (const principal of [alice, { id: 'carol' }, anonymous]) {
      assert.deepEqual(
        refusal(() => quota.begin(principal)),
        refused,
      );
    }
    end();
    quota.begin({ id: 'carol' });
  });

  it('does not take all who are anonymous for one', () => {
    const quota = createStreamQuota({ maxStreams: 5, maxStreamsPerPrincipal: 1 });
    for (let count = 0; count < 5; count++) quota.begin(anonymous);
    assert.notEqual(
      refusal(() => quota.begin(anonymous)),
      undefined,
    );
  });

  it('counts an answer that ends twice once', () => {
    const quota = createStreamQuota({ maxStreams: 2, maxStreamsPerPrincipal: 2 });
    const end = quota.begin(alice);
    quota.begin(alice);
    end();
    end();
    end();
    quota.begin(alice);
    assert.notEqual(
      refusal(() => quota.begin(alice)),
      undefined,
    );
  });

  it('admits and refuses as a count of all who are there says, in whatever order they come and go', () => {
    const step = fc.record({ name: fc.constantFrom('a', 'b', '__proto__', 'anonymous'), ends: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(6), fc.nat(4), (steps, maxStreams, maxOwn) => {
        const quota = createStreamQuota({ maxStreams, maxStreamsPerPrincipal: maxOwn });
        const underWay: { name: string; end: () => void }[] = [];
        for (const { name, ends } of steps) {
          const isAnonymous = name === 'anonymous';
          const own = underWay.filter((other) => other.name === name).length;
          const isFull = underWay.length >= maxStreams || (!isAnonymous && own >= maxOwn);
          let end: (() => void) | undefined;
          assert.equal(refusal(() => (end = quota.begin({ id: name, isAnonymous }))) !== undefined, isFull);
          if (end !== undefined) underWay.push({ name, end });
          for (const { end: endOne } of underWay.splice(ends)) endOne();
        }
      }),
    );
  });

  it('remembers nobody whose answers are over', () => {
    const quota = createStreamQuota({ maxStreams: 1, maxStreamsPerPrincipal: 1 });
    for (let count = 0; count < 10; count++) quota.begin({ id: `principal-${count}` })();
    assert.equal(quota.principals, 0);
    const end = quota.begin(alice);
    assert.equal(refusal(() => quota.begin(bob)) !== undefined, true);
    assert.equal(quota.principals, 1);
    end();
    assert.equal(quota.principals, 0);
  });
});
