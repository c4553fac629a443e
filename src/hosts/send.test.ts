import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { followSink } from './send.ts';

describe('followSink', () => {
  test('writes each chunk once, in order, and ends the stream', async () => {
    const { stream, written } = collect();
    await followSink(stream).send(produce('a', 'bc', 'd'));
    await once(stream, 'finish');
    assert.deepEqual(written, ['a', 'bc', 'd']);
  });

  test('writes the first chunk before the second one exists', async () => {
    const { stream, written } = collect();
    const { promise: second, resolve } = Promise.withResolvers<Uint8Array>();
    const sent = followSink(stream).send(
      (async function* () {
        yield Buffer.from('first');
        yield second;
      })(),
    );
    while (written.length === 0) await new Promise(setImmediate);
    assert.deepEqual(written, ['first']);
    resolve(Buffer.from('second'));
    await sent;
    assert.deepEqual(written, ['first', 'second']);
  });

  test('takes nothing more from the body while the viewer is slow', async () => {
    const releases: (() => void)[] = [];
    const stream = new Writable({ highWaterMark: 10, write: (_, __, done) => void releases.push(done) });
    let produced = 0;
    const sent = followSink(stream).send(
      (async function* () {
        for (; produced < 100; produced += 1) yield Buffer.alloc(5);
      })(),
    );
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    assert.equal(produced, 1);
    while (!stream.writableFinished) {
      releases.shift()?.();
      await new Promise(setImmediate);
    }
    await sent;
    assert.equal(produced, 100);
  });

  test('does not wait for ever for a viewer who leaves while the stream is full', async () => {
    const stream = new Writable({ highWaterMark: 1, write: () => {} });
    const sending = followSink(stream);
    let isCancelled = false;
    const sent = sending.send(
      (async function* () {
        try {
          for (;;) yield Buffer.alloc(5);
        } finally {
          isCancelled = true;
        }
      })(),
    );
    await new Promise(setImmediate);
    stream.destroy();
    await sent;
    assert.deepEqual([isCancelled, sending.left.aborted], [true, true]);
  });

  test('tells that the viewer has left while the body is silent', async () => {
    const { stream } = collect();
    const sending = followSink(stream);
    const sent = sending.send(
      (async function* () {
        await new Promise((resolve) => {
          sending.left.addEventListener('abort', resolve);
        });
        yield Buffer.from('too late');
      })(),
    );
    stream.destroy();
    await sent;
    assert.equal(stream.writableEnded, false);
  });

  test('survives an error of the stream, and takes it for the viewer having left', async () => {
    const stream = new Writable({ write: (_, __, done) => done(new Error('EPIPE')) });
    const sending = followSink(stream);
    await sending.send(
      (async function* () {
        for (;;) {
          yield Buffer.from('a');
          await new Promise(setImmediate);
        }
      })(),
    );
    assert.equal(sending.left.aborted, true);
  });

  test('lets the body end where the viewer had left before it began', async () => {
    const { stream, written } = collect();
    stream.destroy();
    let isCancelled = false;
    const sending = followSink(stream);
    await sending.send(
      (async function* () {
        try {
          yield Buffer.from('a');
        } finally {
          isCancelled = true;
        }
      })(),
    );
    assert.deepEqual([isCancelled, sending.left.aborted, written], [true, true, []]);
  });

  test('does not take the end of a whole response for a viewer who has left', async () => {
    const { stream } = collect();
    const sending = followSink(stream);
    await sending.send(produce('a'));
    await once(stream, 'close');
    assert.equal(sending.left.aborted, false);
  });

  test('leaves the stream open where the body fails, for the host to decide', async () => {
    const { stream, written } = collect();
    const sent = followSink(stream).send(
      (async function* () {
        yield Buffer.from('a');
        throw new Error('broken body');
      })(),
    );
    await assert.rejects(sent, { message: 'broken body' });
    assert.deepEqual([written, stream.writableEnded, stream.destroyed], [['a'], false, false]);
  });

  test('leaves one listener behind: that which keeps a late error from ending the process', async () => {
    const { stream } = collect();
    const before = count(stream);
    await followSink(stream).send(produce('a'));
    await once(stream, 'close');
    assert.deepEqual(count(stream), { ...before, error: before.error + 1 });
  });
});

function collect(): { readonly stream: Writable; readonly written: string[] } {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      written.push(chunk.toString('utf8'));
      done();
    },
  });
  return { stream, written };
}

async function* produce(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

function count(stream: Writable): { drain: number; close: number; error: number } {
  return {
    drain: stream.listenerCount('drain'),
    close: stream.listenerCount('close'),
    error: stream.listenerCount('error'),
  };
}
