import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorkQueue } from './work-queue.ts';

async function settle(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** Work of which the test decides when it ends. */
function createWork(): {
  begun: string[];
  begin(name: string): () => Promise<string>;
  end(name: string): void;
  fail(name: string): void;
} {
  const works = new Map<string, PromiseWithResolvers<string>>();
  const begun: string[] = [];
  return {
    begun,
    begin: (name) => () => {
      begun.push(name);
      const work = Promise.withResolvers<string>();
      works.set(name, work);
      return work.promise;
    },
    end: (name) => works.get(name)?.resolve(name),
    fail: (name) => works.get(name)?.reject(new Error(name)),
  };
}

test('does so much at once, and the rest in its order', async () => {
  const { begun, begin, end } = createWork();
  const queue = createWorkQueue(2, 2);
  const results = ['a', 'b', 'c', 'd'].map((name) => queue.run(begin(name)));
  await settle();
  assert.deepEqual(begun, ['a', 'b']);
  end('b');
  await settle();
  assert.deepEqual(begun, ['a', 'b', 'c']);
  end('a');
  end('c');
  await settle();
  end('d');
  assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd']);
});

test('does not do more at once for who comes when a place has just been handed over', async () => {
  const { begun, begin, end } = createWork();
  const queue = createWorkQueue(1, 2);
  const results = [queue.run(begin('a')), queue.run(begin('b'))];
  end('a');
  await settle();
  results.push(queue.run(begin('c')));
  await settle();
  assert.deepEqual(begun, ['a', 'b']);
  end('b');
  await settle();
  end('c');
  assert.deepEqual(await Promise.all(results), ['a', 'b', 'c']);
});

test('refuses whoever comes when too many wait, and says when to try again', async () => {
  const { begin, end } = createWork();
  const queue = createWorkQueue(1, 1);
  const results = [queue.run(begin('a')), queue.run(begin('b'))];
  await assert.rejects(queue.run(begin('c')), {
    code: 'identity_unavailable',
    cause: '1 callers wait for their password to be checked',
    retryAfterSeconds: 2,
  });
  end('a');
  await settle();
  const last = queue.run(begin('d'));
  end('b');
  await settle();
  end('d');
  assert.deepEqual(await Promise.all([...results, last]), ['a', 'b', 'd']);
});

test('goes on after work that failed, and frees its place', async () => {
  const { begun, begin, end, fail } = createWork();
  const queue = createWorkQueue(1, 1);
  const failed = assert.rejects(queue.run(begin('a')), { message: 'a' });
  const next = queue.run(begin('b'));
  fail('a');
  await failed;
  await settle();
  end('b');
  assert.equal(await next, 'b');
  const throwing = queue.run(() => {
    throw new Error('at once');
  });
  await assert.rejects(throwing, { message: 'at once' });
  const last = queue.run(begin('c'));
  await settle();
  end('c');
  assert.deepEqual([await last, begun], ['c', ['a', 'b', 'c']]);
});
