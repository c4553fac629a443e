import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { createParser } from 'eventsource-parser';
import type { NodeHttpServer } from '../src/hosts/node-http.ts';
import { createApiKey } from '../src/identity/new-key.ts';
import type { AgentInvocation, AgentRuntime } from '../src/relay/agent-runtime.ts';
import { deriveSession } from '../src/relay/session-id.ts';
import { sessionId, start, stop, textFrame } from './scripted-relay.ts';
import { startWatchedServer } from './watched-servers.ts';

const alice = createApiKey();
const bob = createApiKey();
const stranger = createApiKey();

const invocations: AgentInvocation[] = [];
const agentRuntime: AgentRuntime = {
  async invoke(invocation) {
    invocations.push(invocation);
    return { contentType: 'text/event-stream', body: answer() };
  },
};

async function* answer() {
  yield Buffer.from(start + textFrame('Hello') + stop);
}

let folder: string;
let server: NodeHttpServer;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'relay-bypasses-'));
  const file = join(folder, 'keys.json');
  const keys = [
    { id: 'alice', hash: alice.hash },
    { id: 'bob', hash: bob.hash },
  ];
  writeFileSync(file, JSON.stringify({ keys }));
  const environment = { RELAY_AUTH: JSON.stringify({ kind: 'api-keys', file }) };
  server = await startWatchedServer({ environment, agentRuntime, port: 0, log: () => undefined });
});

after(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true, force: true });
});

/** Sends bytes as they are, which no client would, and gives all that comes back. */
async function sendRaw(
  head: readonly string[],
  body = '',
): Promise<{ readonly status: number; readonly text: string }> {
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  const length = Buffer.byteLength(body);
  socket.end([...head, `Content-Length: ${length}`, 'Connection: close', '', body].join('\r\n'));
  const answered = await text(socket);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/u.exec(answered)?.[1]), text: answered };
}

const prompt = '{"prompt":"hi"}';
const host = 'Host: relay.example';

describe('the agent is not reached without a key', () => {
  const paths = [
    '/',
    '//',
    '/.',
    '/./',
    '/..',
    '/%2e/',
    '/%2F',
    '/?prompt=hi',
    '/?prompt=hi&authorization=Bearer%20x&api_key=x&x-api-key=x',
    '/index.html',
    '/favicon.ico/',
    '/favicon.ico/../',
    '/favicon.ico?prompt=hi',
    '/favicon.ico%00/',
    '/api/chat',
    '/api/chat/',
    '/API/CHAT',
    '/api//chat',
    '/api/chat;x=y',
    '/api/chat/chat-0123456789abcdef/stream',
    '/ag-ui',
    '/v1/chat/completions',
    '/v1/%63hat/completions',
    '/v1/chat/completions/',
    '/v1/../v1/chat/completions',
    '/v1/responses',
    '/v1/models',
    '/v1/models/agent',
    'http://relay.example/',
    'http://127.0.0.1/v1/chat/completions',
    'https://user:password@relay.example/',
  ];
  const methods = ['GET', 'POST', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PROPFIND', 'TRACE'];

  for (const path of paths) {
    it(`at ${path}, by no method`, async () => {
      invocations.length = 0;
      for (const method of methods) {
        const { status, text } = await sendRaw([`${method} ${path} HTTP/1.1`, host], method === 'POST' ? prompt : '');
        const isIcon = path.startsWith('/favicon.ico') && !path.includes('ico/') && !path.includes('%00');
        assert.equal(status, isIcon ? 204 : 401, `${method}: ${text}`);
      }
      assert.deepEqual(invocations, []);
    });
  }

  const disguises: Readonly<Record<string, readonly string[]>> = {
    'a header that only the edge may send': [`x-relay-authorization: Bearer ${alice.key}`],
    'a header that the edge would have renamed': [`x-amzn-remapped-authorization: Bearer ${alice.key}`],
    'a user that a proxy would have named': ['x-forwarded-user: alice', 'x-remote-user: alice', 'remote-user: alice'],
    'an address of the inside': ['x-forwarded-for: 127.0.0.1', 'x-real-ip: 127.0.0.1', 'forwarded: for=127.0.0.1'],
    'a method that overrides': ['x-http-method-override: OPTIONS', 'x-http-method: OPTIONS', 'x-method-override: HEAD'],
    'a path that overrides': [
      'x-original-url: /favicon.ico',
      'x-rewrite-url: /favicon.ico',
      'x-forwarded-path: /favicon.ico',
    ],
    'a signature of AWS': ['x-amz-security-token: x', 'x-amz-source-arn: arn', 'x-amz-date: 20260101T000000Z'],
    'a cookie': [`cookie: authorization=Bearer ${alice.key}; x-api-key=${alice.key}`],
    'a proxy’s credentials': [`proxy-authorization: Bearer ${alice.key}`],
    'another scheme': [`authorization: Token ${alice.key}`],
    'no scheme': [`authorization: ${alice.key}`],
    'the scheme twice': [`authorization: Bearer Bearer ${alice.key}`],
    'two keys in one header': [`authorization: Bearer ${alice.key}, Bearer ${bob.key}`],
    'two headers': [`authorization: Bearer ${alice.key}`, `authorization: Bearer ${bob.key}`],
    'the same header twice': [`authorization: Bearer ${alice.key}`, `authorization: Bearer ${alice.key}`],
    'two places': [`authorization: Bearer ${alice.key}`, `x-api-key: ${alice.key}`],
    'a key of nobody': [`authorization: Bearer ${stranger.key}`],
    'the hash of a key': [`x-api-key: ${alice.hash}`],
    'the hash without its name': [`x-api-key: ${alice.hash.slice('sha256:'.length)}`],
    'a key that goes on': [`x-api-key: ${alice.key}A`],
    'a key that is cut': [`x-api-key: ${alice.key.slice(0, -1)}`],
    'a key in other letters': [`x-api-key: ${alice.key.toUpperCase()}`],
    'a key with a zero behind': [`x-api-key: ${alice.key}%00`],
    'an empty key': ['x-api-key: '],
    'an empty bearer token': ['authorization: Bearer '],
    'a member of every object': ['x-api-key: __proto__'],
    'a method of every object': ['authorization: Bearer constructor'],
    'a token that nobody signed': ['authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.'],
    'a password': [`authorization: Basic ${Buffer.from(`alice:${alice.key}`).toString('base64')}`],
  };

  for (const [name, headers] of Object.entries(disguises)) {
    it(`with ${name}`, async () => {
      invocations.length = 0;
      for (const path of ['/', '/v1/chat/completions']) {
        const { status, text } = await sendRaw([`POST ${path} HTTP/1.1`, host, ...headers], prompt);
        assert.equal(status, 401, text);
        assert.match(text, /\r\nwww-authenticate: Bearer /iu);
        assert.ok(!text.includes(alice.key) && !text.includes(bob.key), 'the answer repeats a key');
      }
      assert.deepEqual(invocations, []);
    });
  }

  it('nor is it by one’s own method that only looks like a preflight', async () => {
    invocations.length = 0;
    const { status } = await sendRaw(
      ['OPTIONS / HTTP/1.1', host, 'origin: https://evil.example', 'access-control-request-method: POST'],
      prompt,
    );
    assert.deepEqual([status, invocations], [204, []]);
  });
});

const history = (role: string) => [{ role, content: 'hi', parts: [{ type: 'text', text: 'hi' }], id: 'm' }];

/** Asks at each path with a conversation's name where its protocol has one. */
const asking: Readonly<
  Record<string, (name: string) => [path: string, body: unknown, headers?: Record<string, string>]>
> = {
  'runtimeSessionId of POST /': (name) => ['/', { prompt: 'hi', runtimeSessionId: name }],
  'id of useChat': (name) => ['/api/chat', { id: name, messages: history('user') }],
  'threadId of AG-UI': (name) => [
    '/ag-ui',
    { threadId: name, runId: 'r', messages: history('user'), state: {}, tools: [], context: [], forwardedProps: {} },
  ],
  'metadata of OpenAI': (name) => [
    '/v1/chat/completions',
    { model: 'agent', stream: true, messages: history('user'), metadata: { session_id: name } },
  ],
  'x-session-id of OpenAI': (name) => [
    '/v1/chat/completions',
    { model: 'agent', stream: true, messages: history('user') },
    { 'x-session-id': encodeURIComponent(name) },
  ],
  'conversation of the Responses API': (name) => [
    '/v1/responses',
    { model: 'agent', stream: true, input: 'hi', conversation: name },
  ],
};

async function ask(key: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('a conversation is not taken over', () => {
  for (const [name, write] of Object.entries(asking)) {
    it(`by its name, nor by what AgentCore calls it: ${name}`, async () => {
      invocations.length = 0;
      assert.equal((await ask(alice.key, ...write(sessionId))).status, 200);
      const hers = invocations[0]?.runtimeSessionId ?? assert.fail('the agent was not invoked');
      assert.equal(hers, deriveSession({ id: 'api-key:alice' }, sessionId));
      const names = [
        sessionId,
        hers,
        hers.toUpperCase(),
        `${hers}\u0000`,
        `api-key:alice ${sessionId}`,
        ` ${sessionId}`,
      ];
      for (const tried of names) {
        const { status } = await ask(bob.key, ...write(tried));
        assert.ok(status === 200 || status === 400, String(status));
      }
      const others = invocations.slice(1).map(({ runtimeSessionId }) => runtimeSessionId);
      assert.ok(others.length >= 2, 'nothing was tried');
      assert.ok(!others.includes(hers));
    });
  }

  it('by the id of a response, which its owner goes on with', async () => {
    invocations.length = 0;
    const answer = await ask(alice.key, '/v1/responses', { model: 'agent', input: 'hi' });
    const { id } = JSON.parse(answer.text) as { readonly id: string };
    for (const { key } of [alice, bob]) {
      const next = { model: 'agent', input: 'hi', previous_response_id: id };
      assert.equal((await ask(key, '/v1/responses', next)).status, 200);
    }
    const [first, hers, his] = invocations.map(({ runtimeSessionId }) => runtimeSessionId);
    const ownId = answer.headers.get('x-runtime-session-id') ?? '';
    assert.deepEqual(
      [first, hers, his],
      [
        deriveSession({ id: 'api-key:alice' }, ownId),
        deriveSession({ id: 'api-key:alice' }, ownId),
        deriveSession({ id: 'api-key:bob' }, ownId),
      ],
    );
  });

  it('by a header, a query or a member that goes beside the one that counts', async () => {
    invocations.length = 0;
    const response = await fetch(`${server.url}/?runtimeSessionId=${sessionId}&principal=alice`, {
      method: 'POST',
      headers: {
        'x-api-key': bob.key,
        'x-amzn-bedrock-agentcore-runtime-session-id': sessionId,
        'x-amzn-bedrock-agentcore-runtime-user-id': 'api-key:alice',
        'x-runtime-session-id': sessionId,
      },
      body: `{"prompt":"hi","principal":{"id":"api-key:alice"},"runtimeUserId":"alice","__proto__":{"runtimeSessionId":"${sessionId}"}}`,
    });
    await response.text();
    const ownId = response.headers.get('x-runtime-session-id') ?? '';
    assert.notEqual(ownId, sessionId);
    assert.deepEqual(
      invocations.map(({ runtimeSessionId, runtimeUserId }) => ({ runtimeSessionId, runtimeUserId })),
      [{ runtimeSessionId: deriveSession({ id: 'api-key:bob' }, ownId), runtimeUserId: undefined }],
    );
  });
});

describe('a name that tries to write', () => {
  const attacks = [
    'a\r\nx-injected: 1\r\n\r\nbody-0123456789',
    'a\n\ndata: {"type":"evil"}\n\nevent: evil\nid: 0123456789',
    'a\u2028data: evil\u20290123456789',
    '"}\n\ndata: {"type":"evil","x":"0123456789',
    '</script><script>alert(1)</script>0123',
    '\u0000\u0001\u001b[31m0123456789abcdef',
    '__proto__-constructor-prototype',
  ];

  for (const [name, write] of Object.entries(asking)) {
    it(`writes no header and no event of its own: ${name}`, async () => {
      for (const attack of attacks) {
        const { status, headers, text } = await ask(alice.key, ...write(attack));
        assert.ok(status === 200 || status === 400, `${status} ${text}`);
        assert.equal(headers.get('x-injected'), null);
        assert.match(headers.get('x-runtime-session-id') ?? '', /^[A-Za-z0-9][A-Za-z0-9_-]{32,99}$/u);
        if (status !== 200) continue;
        const events: { readonly event: string | undefined; readonly id: string | undefined; readonly data: string }[] =
          [];
        const parser = createParser({ onEvent: ({ event, id, data }) => events.push({ event, id, data }) });
        parser.feed(text);
        assert.ok(events.length > 0);
        for (const { event, id, data } of events) {
          assert.deepEqual([event === 'evil', id], [false, undefined]);
          if (data !== '[DONE]') assert.notEqual((JSON.parse(data) as { type?: unknown }).type, 'evil');
        }
      }
    });
  }
});

describe('an object that tries to be every object', () => {
  const bodies = [
    '{"prompt":"hi","__proto__":{"polluted":true}}',
    '{"prompt":"hi","constructor":{"prototype":{"polluted":true}}}',
    '{"__proto__":{"prompt":"hi"},"polluted":true}',
    '{"messages":[{"role":"user","content":"hi","parts":[{"type":"text","text":"hi"}],"__proto__":{"polluted":true}}],"input":"hi","metadata":{"__proto__":{"polluted":true}},"threadId":"t","runId":"r","state":{"__proto__":{"polluted":true}},"tools":[],"context":[],"forwardedProps":{"__proto__":{"polluted":true}}}',
  ];

  it('is none, at any path', async () => {
    for (const path of ['/', '/api/chat', '/ag-ui', '/v1/chat/completions', '/v1/responses']) {
      for (const body of bodies) await ask(alice.key, path, body);
    }
    assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  it('is refused where it is a document of keys', async () => {
    const { status } = await sendRaw(['POST / HTTP/1.1', host, 'x-api-key: toString'], prompt);
    assert.equal(status, 401);
  });
});

describe('a body that tries to be too much', () => {
  it('is refused before it is read where nobody says who sends it', async () => {
    const { status } = await sendRaw(['POST / HTTP/1.1', host], `{"prompt":"${'x'.repeat(2_000_000)}"}`);
    assert.equal(status, 401);
  });

  it('is refused by its size, its depth and the length of its prompt, at every path', async () => {
    invocations.length = 0;
    for (const path of ['/', '/api/chat', '/ag-ui', '/v1/chat/completions', '/v1/responses']) {
      const large = await ask(alice.key, path, `{"prompt":"${'x'.repeat(1_048_577)}"}`);
      const deep = await ask(alice.key, path, `{"prompt":"hi","messages":${'['.repeat(100_000)}`);
      assert.deepEqual([large.status, deep.status], [413, 400], path);
    }
    const long = await ask(alice.key, '/', { prompt: 'x'.repeat(500_001) });
    assert.deepEqual([long.status, invocations], [413, []]);
  });
});
