import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { Agent, request as sendRequest } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createSignedAgentRuntime } from '../../src/agentcore/signed.ts';
import type { NodeHttpServer } from '../../src/hosts/node-http.ts';
import type { LogEntry, Relay, RelayRequest } from '../../src/relay/relay-request.ts';
import { anonymous } from '../../src/identity/anonymous.ts';
import { createRelay } from '../../src/relay/relay.ts';
import { startAgentCoreServer } from '../agentcore/agentcore-server.ts';
import { startWatchedNodeHttpServer } from '../watched-servers.ts';

describe('what the relay is told of the request', () => {
  test('path and query as they were sent, and every value of a header that came twice', async (t) => {
    const requests: RelayRequest[] = [];
    const server = await start(t, (request) => {
      requests.push(request);
      return answer(200, {}, [])(request);
    });
    await exchange(server, {
      method: 'PUT',
      path: '/a%2Fb//c?prompt=a+b%20c&x=?',
      headers: { 'X-Two': ['a', 'b'], Cookie: ['a=1', 'b=2'], Authorization: ['first', 'second'], Host: 'relay.test' },
    });
    const [{ method, path, query, headers, hostDeadlineAt } = assert.fail()] = requests;
    assert.deepEqual(
      { method, path, query, headers, hostDeadlineAt },
      {
        method: 'PUT',
        path: '/a%2Fb//c',
        query: 'prompt=a+b%20c&x=?',
        headers: {
          'x-two': 'a, b',
          cookie: 'a=1; b=2',
          authorization: 'first, second',
          host: 'relay.test',
          connection: 'keep-alive',
          'content-length': '0',
        },
        hostDeadlineAt: undefined,
      },
    );
  });

  for (const [target, path, query] of [
    ['http://other.test/chat?a=b', '/chat', 'a=b'],
    ['https://other.test?a=b', '/', 'a=b'],
    ['http://other.test', '/', ''],
    ['*', '/', ''],
    ['//double/slash', '//double/slash', ''],
    ['/?', '/', ''],
    ['/http://other.test/', '/http://other.test/', ''],
  ] as const) {
    test(`the path ${path} for the request target ${target}`, async (t) => {
      const requests: RelayRequest[] = [];
      const server = await start(t, (request) => {
        requests.push(request);
        return answer(200, {}, [])(request);
      });
      await exchange(server, { method: 'OPTIONS', path: target });
      assert.deepEqual([requests[0]?.path, requests[0]?.query], [path, query]);
    });
  }

  test('the body, whole, up to its limit and not a byte more', async (t) => {
    const results: (number | string)[] = [];
    const server = await start(t, async (request) => {
      results.push(
        await request.readBody(100_000).then(
          (body) => body.byteLength,
          (error: Error) => error.message,
        ),
      );
      return answer(200, {}, ['read'])(request);
    });
    for (const length of [0, 100_000, 100_001, 3_000_000]) {
      for (const isChunked of [false, true]) {
        const response = await exchange(
          server,
          { method: 'POST', headers: isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': length } },
          Buffer.alloc(length, 'x'),
        );
        assert.equal(response.body, 'read');
      }
    }
    const refusal = 'the body is too large, at most 100000 bytes are taken';
    assert.deepEqual(results, [0, 0, 100_000, 100_000, refusal, refusal, refusal, refusal]);
  });

  test('that the body is too large, by what the viewer says of it, before any of it has come', async (t) => {
    const server = await start(t, async (request) => {
      const outcome = await request.readBody(100).catch((error: { readonly code: string }) => error.code);
      return answer(413, {}, [String(outcome)])(request);
    });
    const socket = connect(server.port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n');
    let said = '';
    for await (const chunk of socket) {
      said += String(chunk);
      if (said.includes('payload_too_large')) break;
    }
    assert.match(said, /^HTTP\/1\.1 413 /u);
  });

  test('that the viewer left in the middle of the body', async (t) => {
    const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
    const { promise: isReading, resolve: onReading } = Promise.withResolvers<void>();
    const server = await start(t, async (request) => {
      const reading = request.readBody(100);
      onReading();
      resolve(await reading.catch((error: unknown) => [(error as { code: string }).code, request.signal.aborted]));
      return answer(200, {}, [])(request);
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf');
    await isReading;
    socket.destroy();
    const [code] = (await outcome) as [string, boolean];
    assert.equal(code, 'cancelled');
  });
});

describe('what the viewer gets', () => {
  test('status, the relay’s headers and none of Node’s own that tell who serves', async (t) => {
    const server = await start(t, answer(418, { 'content-type': 'text/plain', 'x-one': '1' }, ['a', 'b']));
    const { status, headers, body } = await exchange(server, {});
    const { date, ...rest } = headers;
    assert.match(String(date), / GMT$/u);
    assert.deepEqual(
      { status, headers: rest, body },
      {
        status: 418,
        headers: {
          'content-type': 'text/plain',
          'x-one': '1',
          connection: 'keep-alive',
          'keep-alive': 'timeout=65',
          'transfer-encoding': 'chunked',
        },
        body: 'ab',
      },
    );
  });

  test('status and headers before the first byte of the body exists', async (t) => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const server = await start(t, () =>
      Promise.resolve({
        status: 200,
        headers: { 'x-early': 'yes' },
        body: (async function* () {
          yield promise;
        })(),
      }),
    );
    const response = await head(server, {});
    assert.equal(response.headers['x-early'], 'yes');
    resolve(Buffer.from('late'));
    assert.equal(await readText(response), 'late');
  });

  for (const method of ['HEAD', 'OPTIONS', 'DELETE']) {
    test(`an answer to ${method}, with no body where there is none`, async (t) => {
      const server = await start(t, answer(204, { allow: 'GET, POST' }, []));
      const { status, headers, body } = await exchange(server, { method });
      assert.deepEqual([status, headers['allow'], body], [204, 'GET, POST', '']);
    });
  }

  test('each of the answers on one connection', async (t) => {
    const server = await start(t, answer(200, {}, ['ok']));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const [first, second] = await Promise.all([exchange(server, { agent }), exchange(server, { agent })]);
    assert.deepEqual([first.body, second.body], ['ok', 'ok']);
  });

  test('an error in the usual form where the relay breaks its promise not to reject', async (t) => {
    const entries: LogEntry[] = [];
    const server = await start(t, () => Promise.reject(new Error('arn:aws:secret')), entries);
    const { status, body, headers } = await exchange(server, {});
    const requestId = String(headers['x-request-id']);
    assert.deepEqual(
      [status, JSON.parse(body)],
      [500, { error: { code: 'internal_error', message: 'the relay failed', requestId } }],
    );
    assert.deepEqual(entries, [
      { level: 'error', message: 'the relay rejected', requestId, cause: 'Error: arn:aws:secret' },
    ]);
  });

  test('a cut, and not a clean end, where the body breaks its promise not to throw', async (t) => {
    const entries: LogEntry[] = [];
    const server = await start(
      t,
      () =>
        Promise.resolve({
          status: 200,
          headers: {},
          body: (async function* () {
            yield Buffer.from('a');
            await new Promise(setImmediate);
            throw new Error('broken body');
          })(),
        }),
      entries,
    );
    await assert.rejects(exchange(server, {}), { code: 'ECONNRESET' });
    assert.deepEqual(entries, [{ level: 'error', message: 'the response broke off', cause: 'Error: broken body' }]);
  });

  test('an end where the viewer’s slowness and the end of the body meet', async (t) => {
    const server = await start(t, answer(200, {}, ['x'.repeat(5_000_000)]));
    const response = await head(server, {});
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    assert.equal((await readText(response)).length, 5_000_000);
  });
});

describe('a viewer who leaves', () => {
  test('ends the agent’s call at once, while the agent is silent', async (t) => {
    const agentCore = await startAgentCoreServer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    t.after(() => agentCore.close());
    const server = await start(
      t,
      createRelay({ authenticator: anonymous(), agentRuntime: signedFor(agentCore.endpoint) }),
    );
    const response = await head(server, { method: 'POST' }, '{"prompt":"hi"}');
    const [first] = (await once(response, 'data')) as [Buffer];
    assert.equal(first.toString(), 'data: 1\n\n');
    response.destroy();
    await agentCore.allClosed();
  });

  test('ends the agent’s call at once, before there is an answer', async (t) => {
    const { promise: arrived, resolve: onArrival } = Promise.withResolvers<void>();
    const agentCore = await startAgentCoreServer(() => onArrival());
    t.after(() => agentCore.close());
    const server = await start(
      t,
      createRelay({ authenticator: anonymous(), agentRuntime: signedFor(agentCore.endpoint) }),
    );
    const request = sendRequest({ port: server.port, host: '127.0.0.1', method: 'POST' });
    request.on('error', () => undefined);
    request.end('{"prompt":"hi"}');
    await arrived;
    request.destroy();
    await agentCore.allClosed();
  });

  test('before the body is asked for, is not waited for: the request ends', async (t) => {
    const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
    const { promise: hasCome, resolve: onRequest } = Promise.withResolvers<void>();
    const server = await start(t, async (request) => {
      onRequest();
      await once(request.signal, 'abort');
      resolve(await request.readBody(100).catch((error: { readonly code: string }) => error.code));
      return answer(200, {}, [])(request);
    });
    const request = sendRequest({ port: server.port, host: '127.0.0.1', method: 'POST' });
    request.on('error', () => undefined);
    request.end('{"prompt":"hi"}');
    await hasCome;
    request.destroy();
    assert.equal(await outcome, 'cancelled');
  });

  for (const [name, body] of [
    [
      'in the middle of an answer, so that the agent need not wait for ever',
      () => repeat(Buffer.alloc(65_536), Infinity),
    ],
    ['at the end of one, so that what waits does not wait for ever', () => repeat(Buffer.alloc(30_000_000), 1)],
  ] as const) {
    test(`without saying so, and takes nothing more, is cut off ${name}`, async (t) => {
      const { promise: left, resolve: onLeft } = Promise.withResolvers<void>();
      const relay: Relay = async ({ signal }) => {
        signal.addEventListener('abort', () => onLeft(), { once: true });
        return { status: 200, headers: {}, body: body() };
      };
      const server = await startWatchedNodeHttpServer({ relay, port: 0, stalledTimeoutMs: 100 });
      t.after(() => server.close(0));
      const socket = connect(server.port, '127.0.0.1').pause();
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await left;
    });
  }

  test('is not who waits for an agent that is silent', async (t) => {
    const relay: Relay = async () => ({ status: 200, headers: {}, body: pauseFor(300) });
    const server = await startWatchedNodeHttpServer({ relay, port: 0, stalledTimeoutMs: 50 });
    t.after(() => server.close(0));
    assert.equal((await exchange(server, {})).body, 'begunended');
  });

  test('leaves no listener behind on the signal', async (t) => {
    const agentCore = await startAgentCoreServer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: 1\n\n');
    });
    t.after(() => agentCore.close());
    const relay = createRelay({ authenticator: anonymous(), agentRuntime: signedFor(agentCore.endpoint) });
    const signals: AbortSignal[] = [];
    const server = await start(t, (request) => {
      signals.push(request.signal);
      return relay(request);
    });
    await exchange(server, { method: 'POST' }, '{"prompt":"hi"}');
    await server.close();
    await new Promise(setImmediate);
    assert.deepEqual(
      signals.map((signal) => [signal.aborted, getEventListeners(signal, 'abort').length]),
      [[false, 0]],
    );
  });
});

test('a slow viewer slows the agent down, and the relay keeps no more than a few buffers', async (t) => {
  let sent = 0;
  const { promise: isFull, resolve: onFull } = Promise.withResolvers<void>();
  const agentCore = await startAgentCoreServer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const event = Buffer.from(`data: ${'x'.repeat(65_000)}\n\n`);
    const fill = (): void => {
      while (sent < 100_000_000) {
        sent += event.length;
        if (!response.write(event)) {
          const timer = setTimeout(onFull, 300);
          response.once('drain', () => {
            clearTimeout(timer);
            fill();
          });
          return;
        }
      }
      onFull();
    };
    fill();
  });
  t.after(() => agentCore.close());
  const server = await start(
    t,
    createRelay({ authenticator: anonymous(), agentRuntime: signedFor(agentCore.endpoint) }),
  );
  const response = await head(server, { method: 'POST' }, '{"prompt":"hi"}');
  response.pause();
  await isFull;
  // What is on its way lies in the kernel's buffers of four sockets, which are several MB on the loopback.
  assert(sent < 40_000_000, `the agent could send ${sent} bytes to a viewer who reads nothing`);
  response.destroy();
  await agentCore.allClosed();
});

describe('the server', () => {
  test('says in a sentence that its port is taken', async (t) => {
    const { port } = await start(t, answer(200, {}, []));
    await assert.rejects(startWatchedNodeHttpServer({ relay: answer(200, {}, []), port }), {
      name: 'RelayError',
      message: `cannot listen on 127.0.0.1:${port}: the port is already in use`,
    });
  });

  test('lets an answer that is on its way come to its end when it closes', async () => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const server = await startWatchedNodeHttpServer({
      port: 0,
      relay: () =>
        Promise.resolve({
          status: 200,
          headers: {},
          body: (async function* () {
            yield promise;
          })(),
        }),
    });
    const response = await head(server, {});
    const startedAt = performance.now();
    const closed = server.close();
    await assert.rejects(exchange(server, {}), { code: 'ECONNREFUSED' });
    resolve(Buffer.from('whole'));
    assert.equal(await readText(response), 'whole');
    await closed;
    assert(performance.now() - startedAt < 2_000, 'it waited for a connection that was kept alive');
  });

  test('cuts an answer that does not end within the time it was given to close', async () => {
    const server = await startWatchedNodeHttpServer({
      port: 0,
      relay: (request) =>
        Promise.resolve({
          status: 200,
          headers: {},
          body: (async function* () {
            yield Buffer.from('a');
            await once(request.signal, 'abort');
          })(),
        }),
    });
    const response = await head(server, {});
    response.on('error', () => undefined);
    await server.close(20);
  });
});

async function start(t: TestContext, relay: Relay, entries: LogEntry[] = []): Promise<NodeHttpServer> {
  const server = await startWatchedNodeHttpServer({ relay, port: 0, log: (entry) => void entries.push(entry) });
  t.after(() => server.close(0));
  return server;
}

function signedFor(endpoint: string): ReturnType<typeof createSignedAgentRuntime> {
  return createSignedAgentRuntime({
    settings: {
      agentRuntimeArn: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-abc1234567',
      qualifier: 'DEFAULT',
      region: 'us-east-1',
      endpoint,
    },
    credentials: () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }),
  });
}

function answer(status: number, headers: Record<string, string>, chunks: readonly string[]): Relay {
  return () =>
    Promise.resolve({
      status,
      headers,
      body: (async function* () {
        for (const chunk of chunks) yield Buffer.from(chunk);
      })(),
    });
}

async function* repeat(chunk: Buffer, times: number): AsyncGenerator<Buffer, void, undefined> {
  for (let count = 0; count < times; count++) yield chunk;
}

async function* pauseFor(delayMs: number): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from('begun');
  await new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
  yield Buffer.from('ended');
}

async function head(
  server: NodeHttpServer,
  options: RequestOptions,
  body: string | Buffer = '',
): Promise<IncomingMessage> {
  const request = sendRequest({ host: '127.0.0.1', port: server.port, ...options });
  const responded = once(request, 'response');
  request.end(body);
  const [response] = (await responded) as [IncomingMessage];
  return response;
}

async function exchange(
  server: NodeHttpServer,
  options: RequestOptions,
  body?: string | Buffer,
): Promise<{
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}> {
  const response = await head(server, options, body);
  return { status: response.statusCode, headers: response.headers, body: await readText(response) };
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
