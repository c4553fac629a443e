import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { noFaults } from '../faults/request-faults.ts';
import { sendToViewer } from './send-to-viewer.ts';
import type { SendOptions, SentBody } from './send-to-viewer.ts';

const patient: SendOptions = {
  readTimeoutMs: 30_000,
  completeBy: undefined,
  viewer: noFaults.viewer,
  contentType: undefined,
  onTimeout: () => undefined,
  onFirstByte: () => undefined,
  onChunk: () => undefined,
};

test('reads no more of the origin than a slow viewer takes, and then all of it', async () => {
  const chunk = Buffer.alloc(65_536, 1);
  let pulled = 0;
  async function* origin(): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 1000; count += 1) {
      pulled += 1;
      yield chunk;
    }
  }
  const { viewer, response, sent } = await serve(origin(), patient);
  viewer.pause();
  for (let quietTurns = 0, before = 0; quietTurns < 200; before = pulled) {
    quietTurns = response.writableNeedDrain && before === pulled ? quietTurns + 1 : 0;
    await turn();
  }
  assert.ok(pulled < 500, `${pulled} of 1000 chunks were read for a viewer that reads nothing`);
  let received = 0;
  for await (const bytes of viewer as AsyncIterable<Buffer>) {
    received += bytes.length;
  }
  assert.equal(received, 65_536_000);
  assert.deepEqual(await sent, { bytes: 65_536_000, ending: 'complete' });
});

test('stops reading when the viewer leaves while the origin is silent', async () => {
  const hold = Promise.withResolvers<void>();
  async function* origin(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first');
    await hold.promise;
  }
  const { viewer, sent } = await serve(origin(), patient);
  await once(viewer, 'data');
  viewer.destroy();
  assert.deepEqual(await sent, { bytes: 5, ending: 'viewer-left' });
  hold.resolve();
});

test('cuts the connection where the origin is silent for too long, or fails, after all that it said', async () => {
  async function* silent(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first');
    await new Promise<never>(() => undefined);
  }
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first');
    throw new Error('the function broke off');
  }
  for (const origin of [silent(), failing()]) {
    const { viewer, sent } = await serve(origin, { ...patient, readTimeoutMs: 100 });
    const received: Buffer[] = [];
    viewer.on('data', (bytes: Buffer) => received.push(bytes));
    await assert.rejects(once(viewer, 'end'), { code: 'ECONNRESET' });
    assert.deepEqual(await sent, { bytes: 5, ending: 'cut' });
    assert.equal(Buffer.concat(received).toString(), 'first');
  }
});

test('cuts the connection where the whole answer takes longer than it may', async () => {
  const started = performance.now();
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      await turn();
      yield Buffer.from('.');
    }
  }
  const { viewer, sent } = await serve(endless(), { ...patient, completeBy: started + 100 });
  viewer.on('error', () => undefined);
  viewer.resume();
  assert.equal((await sent).ending, 'cut');
});

interface Served {
  readonly viewer: IncomingMessage;
  readonly response: ServerResponse;
  readonly sent: Promise<SentBody>;
}

/** A real connection with the body on its way; the server ends with the connection. */
async function serve(body: AsyncIterable<Uint8Array>, options: SendOptions): Promise<Served> {
  const server = createServer();
  const started = Promise.withResolvers<Pick<Served, 'response' | 'sent'>>();
  server.on('request', (_request, response) => {
    response.flushHeaders();
    started.resolve({ response, sent: sendToViewer(body, response, options) });
    response.on('close', () => server.close());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const request = httpRequest({ port, host: '127.0.0.1', agent: false }).end();
  const [viewer] = (await once(request, 'response')) as [IncomingMessage];
  return { viewer, ...(await started.promise) };
}
