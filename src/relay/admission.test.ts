import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createScriptedRelay,
  readText,
  runtimeSessionOf,
  sessionId,
  start,
  stop,
  textFrame,
} from '../../test/scripted-relay.ts';
import { RelayError } from '../errors.ts';
import type { Authenticator, CallerRequest } from '../identity/authenticator.ts';
import type { RelayRequest } from './relay-request.ts';
import { deriveSession, nameSession } from './session-id.ts';

/** Recognizes who says a name in `x-name`, and forbids it to mallory. */
const byName: Authenticator = {
  name: 'by-name',
  challenge: 'Name realm="agent"',
  async identify({ request }) {
    const name = request.headers['x-name'];
    if (name === undefined) return { kind: 'absent' };
    if (name === 'mallory') {
      return { kind: 'refused', error: new RelayError('forbidden', { cause: 'mallory is not welcome' }) };
    }
    return { kind: 'principal', principal: { id: `name:${name}` } };
  },
};

const as = (name: string) => ({ 'x-name': name });

const ask: readonly [string, Partial<RelayRequest> & { readonly json?: unknown }, string | undefined][] = [
  ['POST /', { json: { prompt: 'hi' } }, 'application/json; charset=utf-8'],
  ['GET /', { method: 'GET', query: 'prompt=hi' }, 'application/json; charset=utf-8'],
  ['HEAD /', { method: 'HEAD' }, 'application/json; charset=utf-8'],
  ['GET / of an EventSource', { method: 'GET', headers: { 'last-event-id': '1' } }, 'application/json; charset=utf-8'],
  ['an unknown path', { path: '/nowhere' }, 'application/json; charset=utf-8'],
  ['OPTIONS of an unknown path', { method: 'OPTIONS', path: '/nowhere' }, 'application/json; charset=utf-8'],
  ['a method that is not taken', { method: 'DELETE' }, 'application/json; charset=utf-8'],
  ['POST /api/chat', { path: '/api/chat' }, 'text/plain; charset=utf-8'],
  ['POST /ag-ui', { path: '/ag-ui' }, 'application/json; charset=utf-8'],
  ['POST /v1/chat/completions', { path: '/v1/chat/completions' }, 'application/json; charset=utf-8'],
  ['GET /v1/models', { method: 'GET', path: '/v1/models' }, 'application/json; charset=utf-8'],
  ['POST /v1/responses', { path: '/v1/responses' }, 'application/json; charset=utf-8'],
];

describe('a caller who is not known', () => {
  for (const [name, request, contentType] of ask) {
    it(`gets 401 with a challenge, before anything of the request is read: ${name}`, async () => {
      const { agent, entries, send } = createScriptedRelay({ authenticator: byName });
      const readBody = () => assert.fail('the body was read');
      const response = await send({ ...request, readBody });
      const { status, headers } = response;
      assert.deepEqual(
        [status, headers['www-authenticate'], headers['content-type'], agent.invocations.length],
        [401, 'Name realm="agent"', contentType, 0],
      );
      const text = await readText(response);
      if (request.method === 'HEAD') assert.equal(text, '');
      else assert.match(text, /credentials are required/u);
      assert.deepEqual(
        entries.map(({ level, status, errorCode, cause }) => ({ level, status, errorCode, cause })),
        [{ level: 'warn', status: 401, errorCode: 'unauthenticated', cause: 'no credentials' }],
      );
    });
  }

  it('gets the error in the words that each client reads', async () => {
    const { send } = createScriptedRelay({ authenticator: byName });
    const bodies = await Promise.all(
      ['/', '/api/chat', '/ag-ui', '/v1/chat/completions', '/v1/responses', '/v1/models'].map(async (path) =>
        (await readText(await send({ path }))).replace(/made-\d+/u, 'made'),
      ),
    );
    const message = 'credentials are required';
    const openAi = JSON.stringify({
      error: { message, type: 'invalid_request_error', param: null, code: 'unauthenticated' },
    });
    assert.deepEqual(bodies, [
      JSON.stringify({ error: { code: 'unauthenticated', message, requestId: 'made' } }),
      message,
      JSON.stringify(message),
      openAi,
      openAi,
      openAi,
    ]);
  });

  it('is answered where a browser asks by itself', async () => {
    const { send } = createScriptedRelay({ authenticator: byName });
    const statuses = await Promise.all(
      [
        { method: 'OPTIONS', path: '/' },
        { method: 'OPTIONS', path: '/api/chat' },
        { method: 'GET', path: '/favicon.ico' },
      ].map(async (request) => (await send(request)).status),
    );
    assert.deepEqual(statuses, [204, 204, 204]);
  });
});

describe('a caller who is known', () => {
  it('and not permitted gets 403 and no challenge', async () => {
    const { agent, entries, send } = createScriptedRelay({ authenticator: byName });
    const response = await send({ headers: as('mallory') });
    assert.deepEqual(
      [response.status, response.headers['www-authenticate'], agent.invocations.length],
      [403, undefined, 0],
    );
    assert.deepEqual([entries[0]?.['errorCode'], entries[0]?.['cause']], ['forbidden', 'mallory is not welcome']);
  });

  it('is named in the log, and what they asked is not', async () => {
    const { agent, entries, send } = createScriptedRelay({ authenticator: byName });
    agent.answer();
    agent.end();
    await readText(await send({ headers: as('alice'), json: { prompt: 'my secret' } }));
    assert.deepEqual(
      entries.map(({ principal, status }) => ({ principal, status })),
      [{ principal: 'name:alice', status: 200 }],
    );
    assert.doesNotMatch(JSON.stringify(entries), /secret/u);
  });

  it('is named in the log by the first 200 characters, and a cause has 500 at most', async () => {
    const { agent, entries, send } = createScriptedRelay({ authenticator: byName });
    agent.refuse(new RelayError('agent_unavailable', { cause: 'x'.repeat(501) }));
    await send({ headers: as('a'.repeat(1_000)) });
    assert.deepEqual(
      entries.map(({ principal, cause }) => ({ principal, cause })),
      [{ principal: `name:${'a'.repeat(195)}`, cause: 'x'.repeat(500) }],
    );
  });

  it('finds nothing in the log of why it was their own request that was refused', async () => {
    const { agent, entries, send } = createScriptedRelay({ authenticator: byName });
    agent.refuse(new RelayError('agent_busy', { cause: 'what the request said' }));
    await send({ headers: as('alice') });
    assert.deepEqual(
      entries.map(({ status, cause }) => ({ status, cause })),
      [{ status: 409, cause: undefined }],
    );
  });

  it('is told nothing of the account, whatever a refusal says', async () => {
    for (const path of ['/', '/api/chat', '/ag-ui', '/v1/chat/completions', '/v1/responses']) {
      const { send } = createScriptedRelay({
        authenticator: {
          ...byName,
          identify: () =>
            Promise.reject(new RelayError('forbidden', { message: 'arn:aws:iam::123456789012:role/relay may not' })),
        },
      });
      const text = await readText(await send({ path }));
      assert.match(text, /\[arn\] may not/u);
      assert.doesNotMatch(text, /123456789012/u);
    }
  });

  it('is told nothing of the account by what ends an answer either', async () => {
    const { agent, send } = createScriptedRelay({ authenticator: byName });
    agent.answer();
    agent.say(start);
    agent.end(new RelayError('agent_interrupted', { message: 'arn:aws:iam::123456789012:role/agent is gone' }));
    assert.match(await readText(await send({ headers: as('alice') })), /"message":"\[arn\] is gone"/u);
  });

  it('is not repeated a method of any length', async () => {
    const { send } = createScriptedRelay({ authenticator: byName });
    const text = await readText(await send({ method: 'X'.repeat(1_000), headers: as('alice') }));
    assert.match(text, /got X{20}"/u);
  });

  it('is not let in by an authenticator that fails', async () => {
    const { agent, send } = createScriptedRelay({
      authenticator: { ...byName, identify: () => Promise.reject(new Error('a bug')) },
    });
    const response = await send({ headers: as('alice') });
    assert.deepEqual([response.status, agent.invocations.length], [500, 0]);
    assert.doesNotMatch(await readText(response), /a bug/u);
  });

  it('is recognized by the request alone: method, path and headers', async () => {
    const seen: CallerRequest[] = [];
    const { send } = createScriptedRelay({
      authenticator: {
        ...byName,
        identify({ request }) {
          seen.push(request);
          return Promise.resolve({ kind: 'absent' });
        },
      },
    });
    await send({ method: 'GET', path: '/', query: 'prompt=hi', headers: as('alice') });
    assert.deepEqual(
      seen.map(({ method, path, headers }) => ({ method, path, headers })),
      [{ method: 'GET', path: '/', headers: as('alice') }],
    );
  });
});

describe('a conversation', () => {
  async function converse(options: Parameters<typeof createScriptedRelay>[0], name: string, ownId: string) {
    const { agent, send } = createScriptedRelay(options);
    agent.answer();
    agent.end();
    const response = await send({ headers: as(name), json: { prompt: 'hi', runtimeSessionId: ownId } });
    const body = await readText(response);
    const used = agent.invocations[0]?.runtimeSessionId;
    return { shown: response.headers['x-runtime-session-id'], used, body, user: agent.invocations[0]?.runtimeUserId };
  }

  it('of one principal is another one for the next, whatever both call it', async () => {
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map((name) => converse({ authenticator: byName }, name, sessionId)),
    );
    assert.deepEqual([alice?.shown, bob?.shown], [sessionId, sessionId]);
    assert.equal(alice?.used, deriveSession({ id: 'name:alice' }, sessionId));
    assert.equal(bob?.used, deriveSession({ id: 'name:bob' }, sessionId));
    assert.notEqual(alice?.used, bob?.used);
  });

  it('is not reached by the id that AgentCore knows it by', async () => {
    const alice = await converse({ authenticator: byName }, 'alice', sessionId);
    for (const name of ['alice', 'bob']) {
      const { used } = await converse({ authenticator: byName }, name, alice.used ?? '');
      assert.notEqual(used, alice.used);
    }
  });

  it('goes to AgentCore under the client’s own id where sessions are as given', async () => {
    const { used } = await converse({ authenticator: byName, sessions: 'as-given' }, 'alice', sessionId);
    assert.equal(used, sessionId);
  });

  it('of nobody in particular needs a name that nobody guesses, where one is given', async () => {
    const { agent, send } = createScriptedRelay();
    for (const runtimeSessionId of ['a'.repeat(33), '0101010101010101010101010101010101']) {
      const response = await send({ json: { prompt: 'hi', runtimeSessionId } });
      assert.deepEqual([response.status, agent.invocations.length], [400, 0]);
      assert.equal(JSON.parse(await readText(response)).error.code, 'invalid_session_id');
    }
    const chat = { id: 'chat-1', messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'hi' }] }] };
    assert.equal((await send({ path: '/api/chat', json: chat })).status, 400);
    const known = createScriptedRelay({ authenticator: byName });
    known.agent.answer();
    known.agent.end();
    assert.equal((await known.send({ path: '/api/chat', json: chat, headers: as('alice') })).status, 200);
  });

  it('of nobody in particular may have any name where its name is passed on as it is, and protects nothing', async () => {
    const { agent, send } = createScriptedRelay({ sessions: 'as-given' });
    agent.answer();
    agent.end();
    const chat = { id: 'chat-1', messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'hi' }] }] };
    assert.equal((await send({ path: '/api/chat', json: chat })).status, 200);
    assert.deepEqual(
      agent.invocations.map(({ runtimeSessionId }) => runtimeSessionId),
      [nameSession('chat-1')],
    );
  });

  it('is said to be of the user only where that is asked for, and never of nobody', async () => {
    assert.equal((await converse({ authenticator: byName }, 'alice', sessionId)).user, undefined);
    assert.equal((await converse({ authenticator: byName, passUserId: true }, 'alice', sessionId)).user, 'name:alice');
    assert.equal((await converse({ passUserId: true }, 'alice', sessionId)).user, undefined);
  });

  it('keeps its own name in the refusal of a request', async () => {
    const { agent, send } = createScriptedRelay();
    agent.refuse(new RelayError('agent_busy'));
    const response = await send({ json: { prompt: 'hi', runtimeSessionId: sessionId } });
    assert.deepEqual([response.status, response.headers['x-runtime-session-id']], [409, sessionId]);
    assert.equal(agent.invocations[0]?.runtimeSessionId, runtimeSessionOf(sessionId));
  });
});

describe('a page of another origin', () => {
  const cors = { origins: ['https://app.example.com'] };
  const from = (origin: string) => ({ origin, 'sec-fetch-site': 'cross-site' });

  it('is refused before anything else, and learns nothing', async () => {
    const { agent, send } = createScriptedRelay({ authenticator: byName });
    const response = await send({ headers: { ...as('alice'), ...from('https://evil.example') } });
    assert.deepEqual(
      [response.status, response.headers['access-control-allow-origin'], agent.invocations.length],
      [403, undefined, 0],
    );
    assert.equal(JSON.parse(await readText(response)).error.code, 'origin_not_allowed');
  });

  it('that is named may call and read the answer, errors too', async () => {
    const { agent, send } = createScriptedRelay({ authenticator: byName, cors });
    const headers = from('https://app.example.com');
    agent.answer();
    agent.say(start + textFrame('Hi') + stop);
    agent.end();
    const response = await send({ headers: { ...as('alice'), ...headers } });
    assert.match(await readText(response), /Hi/u);
    const refused = await send({ headers });
    for (const { headers } of [response, refused]) {
      assert.deepEqual(
        [headers['access-control-allow-origin'], headers['vary']?.toLowerCase().includes('origin')],
        ['https://app.example.com', true],
      );
    }
    assert.deepEqual([response.status, refused.status], [200, 401]);
  });

  it('may ask before, without credentials, and that runs nothing', async () => {
    const { agent, send } = createScriptedRelay({ authenticator: byName, cors });
    const headers = {
      ...from('https://app.example.com'),
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    };
    const response = await send({ method: 'OPTIONS', headers });
    assert.deepEqual(
      [response.status, response.headers['access-control-allow-origin'], agent.invocations.length],
      [204, 'https://app.example.com', 0],
    );
  });
});

describe('the answers under way', () => {
  it('are bounded for each principal, and a place is free again when one has ended', async () => {
    const limits = { maxStreamsPerPrincipal: 1 };
    const { agent, send } = createScriptedRelay({ authenticator: byName, limits });
    agent.answer();
    agent.say(start);
    const first = await send({ headers: as('alice') });
    const second = await send({ headers: as('alice') });
    assert.deepEqual([first.status, second.status, second.headers['retry-after']], [200, 429, '5']);
    assert.equal(JSON.parse(await readText(second)).error.code, 'too_many_streams');
    assert.equal((await send({ headers: as('bob') })).status, 200);
    agent.end();
    await readText(first);
    assert.equal((await send({ headers: as('alice') })).status, 200);
  });

  it('give their place back where the viewer has left, where the agent refuses, and where nobody reads', async () => {
    const limits = { maxStreamsPerPrincipal: 1 };
    const { agent, send } = createScriptedRelay({ authenticator: byName, limits });
    agent.refuse(new RelayError('agent_busy'));
    const refused = [];
    for (const _ of [1, 2]) refused.push((await send({ headers: as('alice') })).status);
    assert.deepEqual(refused, [409, 409]);
    const silent = createScriptedRelay({ authenticator: byName, limits });
    silent.agent.answer();
    const leaving = new AbortController();
    assert.equal((await silent.send({ headers: as('alice'), signal: leaving.signal })).status, 200);
    leaving.abort();
    assert.equal((await silent.send({ headers: as('alice') })).status, 200);
  });

  it('are none for a viewer who left while it was found out who is calling', async () => {
    const limits = { maxStreamsPerPrincipal: 1 };
    const leaving = new AbortController();
    const { agent, entries, send } = createScriptedRelay({
      limits,
      authenticator: {
        ...byName,
        identify(caller) {
          leaving.abort();
          return byName.identify(caller);
        },
      },
    });
    assert.equal((await send({ headers: as('alice'), signal: leaving.signal })).status, 499);
    assert.deepEqual(agent.invocations, []);
    agent.answer();
    agent.say(start);
    assert.equal((await send({ headers: as('alice') })).status, 200);
    assert.deepEqual(
      entries.map(({ status, errorCode }) => ({ status, errorCode })),
      [{ status: 499, errorCode: 'cancelled' }],
    );
  });

  it('give their place back where they cannot even begin to be written', async () => {
    const limits = { maxStreamsPerPrincipal: 1 };
    const createFilter = () => assert.fail('a bug');
    const { agent, entries, send } = createScriptedRelay({ authenticator: byName, limits, createFilter });
    agent.answer();
    const json = { input: 'hi', prompt: 'hi', response: 'ndjson' };
    const ask = { json, headers: as('alice') };
    const whole = await send({ ...ask, path: '/v1/responses' });
    assert.deepEqual([whole.status, JSON.parse(await readText(whole)).error.code], [406, 'internal_error']);
    const streamed = await send(ask);
    // There is nobody to write its error: the host cuts the connection.
    await assert.rejects(readText(streamed), /a bug/u);
    assert.deepEqual(
      entries.map(({ status, ending, errorCode, cause }) => ({ status, ending, errorCode, cause })),
      [
        { status: 406, ending: undefined, errorCode: 'internal_error', cause: 'AssertionError: a bug' },
        { status: 200, ending: 'error', errorCode: 'internal_error', cause: undefined },
      ],
    );
  });
});
