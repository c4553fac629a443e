import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { NodeHttpServer, NodeHttpServerOptions } from '../../src/hosts/node-http.ts';
import { readCredentials } from '../../src/identity/credentials.ts';
import type { LogEntry, Relay, RelayRequest } from '../../src/relay/relay-request.ts';
import { startWatchedNodeHttpServer } from '../watched-servers.ts';

/** What an attacker wants to be taken for a request of its own, on a connection that others share behind a proxy. */
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

const post = (headers: string, body: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`;
const chunked = 'Transfer-Encoding: chunked';

describe('a request that means two things', () => {
  const attempts: Readonly<Record<string, string>> = {
    'a length and chunks': post(`Content-Length: 6\r\n${chunked}`, `0\r\n\r\n${smuggled}`),
    'chunks and a length': post(`${chunked}\r\nContent-Length: 6`, `0\r\n\r\n${smuggled}`),
    'two lengths': post('Content-Length: 0\r\nContent-Length: 38', smuggled),
    'two lengths that agree': post('Content-Length: 0\r\nContent-Length: 0', smuggled),
    'a list of lengths': post('Content-Length: 0, 0', smuggled),
    'a signed length': post('Content-Length: +0', smuggled),
    'a negative length': post('Content-Length: -1', smuggled),
    'a hexadecimal length': post('Content-Length: 0x0', smuggled),
    'an empty length': post('Content-Length: ', smuggled),
    'a folded header': post('X-A: b\r\n Content-Length: 5', smuggled),
    'a folded encoding': post('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${smuggled}`),
    'folded credentials': 'GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\n b\r\n\r\n',
    'a bare LF after a header': 'GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n',
    'a bare LF at the end of the head': 'GET / HTTP/1.1\r\nHost: a\r\n\n',
    'bare LFs everywhere': 'GET / HTTP/1.1\nHost: a\n\n',
    'a bare CR': 'GET / HTTP/1.1\r\nHost: a\rX-A: b\r\n\r\n',
    'a space before the colon': post('Transfer-Encoding : chunked', `0\r\n\r\n${smuggled}`),
    'an encoding that only looks like chunked': post('Transfer-Encoding: xchunked', `0\r\n\r\n${smuggled}`),
    'an encoding after chunked': post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${smuggled}`),
    'an encoding before chunked': post('Transfer-Encoding: gzip, chunked', `0\r\n\r\n${smuggled}`),
    'two encodings, chunked first': post(`${chunked}\r\nTransfer-Encoding: identity`, `0\r\n\r\n${smuggled}`),
    'two encodings, chunked last': post(`Transfer-Encoding: identity\r\n${chunked}`, `0\r\n\r\n${smuggled}`),
    'chunked, said twice': post(`${chunked}\r\n${chunked}`, `0\r\n\r\n${smuggled}`),
    'chunks under HTTP/1.0': `POST / HTTP/1.0\r\nHost: a\r\n${chunked}\r\n\r\n0\r\n\r\n`,
    'two hosts': `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${smuggled}`,
    'no host': `GET / HTTP/1.1\r\n\r\n${smuggled}`,
    'a NUL in a header': 'GET / HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n',
    'a line without a colon': 'GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n',
    'a space in the path': `GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`,
    'HTTP/0.9': `GET /\r\n\r\n${smuggled}`,
    'HTTP/0.9 that says so': `GET / HTTP/0.9\r\nHost: a\r\n\r\n${smuggled}`,
    'a request of HTTP/1.1 that says HTTP/2': `GET / HTTP/2.0\r\nHost: a\r\n\r\n${smuggled}`,
    'HTTP/2 in the clear': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'no HTTP at all': 'hello\r\n\r\n',
  };
  for (const [name, bytes] of Object.entries(attempts)) {
    test(`is answered with 400, and neither it nor what follows it is run: ${name}`, async (t) => {
      const { server, requests } = await start(t);
      const answer = await send(server, bytes);
      assert.deepEqual(
        [answer.match(/^HTTP\/1\.1 .*/gmu), requests.map(({ path }) => path)],
        [['HTTP/1.1 400 Bad Request'], []],
      );
      assert.match(answer, /^connection: close\r$/imu);
    });
  }

  const bodies: Readonly<Record<string, string>> = {
    'a bare LF after the size of a chunk': post(chunked, `0\n\n${smuggled}`),
    'a bare LF in a chunk extension': post(chunked, `2;\nxx\r\n33\r\n0\r\n\r\n${smuggled}`),
    'a space after the size of a chunk': post(chunked, `0 \r\n\r\n${smuggled}`),
    'a chunk longer than its size': post(chunked, `1\r\nabc\r\n0\r\n\r\n${smuggled}`),
  };
  for (const [name, bytes] of Object.entries(bodies)) {
    test(`is cut in its body, which the relay does not get, and what follows is not run: ${name}`, async (t) => {
      const outcomes: unknown[] = [];
      const { server } = await start(t, async ({ path, readBody }) => {
        outcomes.push(path, await readBody(100).catch((error: { readonly code: string }) => error.code));
        return { status: 200, headers: {}, body: (async function* () {})() };
      });
      assert.deepEqual([await send(server, bytes), outcomes], ['', ['/', 'cancelled']]);
    });
  }

  test('is told in JSON why, and the log too', async (t) => {
    const { server, entries } = await start(t);
    const answers = [await send(server, attempts['two hosts'] ?? ''), await send(server, attempts['a bare CR'] ?? '')];
    assert.deepEqual(
      answers.map(readError).map(({ code, message }) => [code, message]),
      [
        ['invalid_request', '"host" must be set once, it is set 2 times'],
        ['invalid_request', 'the request is not well-formed HTTP/1.1'],
      ],
    );
    assert.deepEqual(
      entries,
      answers.map(readError).map(({ requestId }, index) => ({
        level: 'warn',
        message: ['a request was ambiguous', 'a request could not be read'][index],
        requestId,
        status: 400,
        cause: ['"host" must be set once, it is set 2 times', 'HPE_LF_EXPECTED'][index],
      })),
    );
  });

  test('never puts its refusal into an answer that is on its way', async (t) => {
    const { promise: isSeen, resolve: see } = Promise.withResolvers<void>();
    const { server } = await start(t, async () => ({
      status: 200,
      headers: {},
      body: (async function* () {
        yield Buffer.from('begun');
        await isSeen;
        yield Buffer.from('ended');
      })(),
    }));
    const socket = open(server);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const received = text(socket);
    await once(socket, 'data');
    socket.write('garbage\r\n\r\n');
    await once(socket, 'close');
    see();
    const answer = await received;
    assert.equal(answer.match(/HTTP\/1\.1/gu)?.length, 1);
    assert.ok(!answer.includes('error'), answer);
  });

  test('is no reason to refuse what is chunked, sent in one piece with the next request, or of HTTP/1.0', async (t) => {
    const { server, requests } = await start(t);
    await send(server, `${post('transfer-encoding: Chunked', '2\r\nhi\r\n0\r\n\r\n')}${smuggled}`);
    await send(server, 'GET /old HTTP/1.0\r\n\r\n');
    assert.deepEqual(
      requests.map(({ method, path }) => `${method} ${path}`),
      ['POST /', 'GET /smuggled', 'GET /old'],
    );
  });
});

describe('headers that say who is calling', () => {
  test('are refused as malformed where there are two of them, and none of them is chosen', async (t) => {
    const { server, requests } = await start(t);
    await send(server, 'GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n');
    await send(server, 'GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: a\r\nx-api-key: b\r\n\r\n');
    assert.deepEqual(
      requests.map(({ headers }) => [headers['authorization'], headers['x-api-key']]),
      [
        ['Bearer a, Bearer b', undefined],
        [undefined, 'a, b'],
      ],
    );
    for (const { headers } of requests) assert.equal(readCredentials(headers)?.kind, 'malformed');
  });

  test('are all seen, however many headers stand between them', async (t) => {
    const { server, requests } = await start(t);
    const between = 'a:\r\n'.repeat(4_000);
    await send(
      server,
      `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\n${between}authorization: Bearer b\r\n\r\n`,
    );
    assert.deepEqual(
      requests.map(({ headers }) => headers['authorization']),
      ['Bearer a, Bearer b'],
    );
  });

  test('are not taken from what only the edge may send, nor from behind the body', async (t) => {
    const { server, requests } = await start(t);
    const forged = 'X-Relay-Authorization: Bearer forged\r\nX-Relay-Host: forged\r\nX-RELAY-User: admin';
    await send(server, post(`${chunked}\r\n${forged}`, `0\r\nAuthorization: Bearer late\r\n${forged}\r\n\r\n`));
    assert.deepEqual(
      requests.map(({ headers }) => headers),
      [{ host: 'a', 'transfer-encoding': 'chunked' }],
    );
  });
});

describe('a request that is too large or too slow', () => {
  test('is answered with 431 in JSON where its head is over 32 KiB, and not where it is just below', async (t) => {
    const { server, requests } = await start(t);
    const head = (length: number): string => `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'x'.repeat(length)}\r\n\r\n`;
    await send(server, head(32_600));
    assert.equal(requests.length, 1);
    const answer = await send(server, head(33_000));
    assert.match(answer, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/u);
    const { code, message } = readError(answer);
    assert.deepEqual(
      [code, message, requests.length],
      ['payload_too_large', 'the headers are too large; at most 32768 bytes are taken', 1],
    );
  });

  test('is answered with 431 at a bound of its own', async (t) => {
    const { server } = await start(t, undefined, { maxHeaderBytes: 1_000 });
    const answer = await send(server, `GET /${'x'.repeat(1_001)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(readError(answer).message, 'the headers are too large; at most 1000 bytes are taken');
  });

  test('is answered with 413 where it hides megabytes in the extensions of its chunks', async (t) => {
    const { server } = await start(t);
    const answer = await send(server, post(chunked, `1;${'x'.repeat(20_000)}\r\na\r\n0\r\n\r\n`));
    assert.match(answer, /^HTTP\/1\.1 413 |^$/u);
  });

  test('is answered with 408 in JSON where its head does not come', async (t) => {
    const { server, requests } = await start(t, undefined, { headersTimeoutMs: 50 });
    const socket = open(server);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nX-A: ');
    const answer = await text(socket);
    assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/u);
    assert.deepEqual([readError(answer).message, requests.length], ['the request did not arrive in time', 0]);
  });

  test('is cut where its body does not come, and the relay is told', async (t) => {
    const { promise: outcome, resolve } = Promise.withResolvers<unknown>();
    const relay: Relay = async (request) => {
      resolve(await request.readBody(100).catch((error: { readonly code: string }) => error.code));
      return { status: 200, headers: {}, body: (async function* () {})() };
    };
    const { server } = await start(t, relay, { requestTimeoutMs: 50 });
    const socket = open(server);
    socket.write(post('Content-Length: 10', 'half'));
    assert.deepEqual([await text(socket), await outcome], ['', 'cancelled']);
  });

  test('is not what a long answer is', async (t) => {
    const { server } = await start(
      t,
      async () => ({
        status: 200,
        headers: {},
        body: (async function* () {
          yield Buffer.from('begun');
          await new Promise((resolve) => {
            setTimeout(resolve, 1500);
          });
          yield Buffer.from('ended');
        })(),
      }),
      // Long enough for a busy machine to send its request.
      { headersTimeoutMs: 1000, requestTimeoutMs: 1000 },
    );
    const response = await fetch(server.url);
    assert.equal(await response.text(), 'begunended');
  });
});

async function start(
  t: TestContext,
  relay?: Relay,
  options: Partial<NodeHttpServerOptions> = {},
): Promise<{
  readonly server: NodeHttpServer;
  readonly requests: readonly RelayRequest[];
  readonly entries: readonly LogEntry[];
}> {
  const requests: RelayRequest[] = [];
  const entries: LogEntry[] = [];
  const recording: Relay = async (request) => {
    requests.push(request);
    return { status: 200, headers: {}, body: (async function* () {})() };
  };
  const server = await startWatchedNodeHttpServer({
    relay: relay ?? recording,
    port: 0,
    log: (entry) => entries.push(entry),
    ...options,
  });
  t.after(() => server.close(0));
  return { server, requests, entries };
}

function open(server: NodeHttpServer): Socket {
  const socket = connect(server.port, '127.0.0.1');
  // A refusal may cut what is still being sent.
  socket.on('error', () => undefined);
  return socket;
}

/** Sends these bytes and nothing more, and gives all that comes back. */
async function send(server: NodeHttpServer, bytes: string): Promise<string> {
  const socket = open(server);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('utf8');
}

function readError(answer: string): { readonly code: string; readonly message: string; readonly requestId: string } {
  const body = /\{"error":.*\}/u.exec(answer)?.[0] ?? assert.fail(`there is no error in ${answer}`);
  const { error } = JSON.parse(body) as { error: { code: string; message: string; requestId: string } };
  assert.match(answer, new RegExp(`^x-request-id: ${error.requestId}\r$`, 'mu'));
  return error;
}
