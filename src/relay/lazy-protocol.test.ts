import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScriptedRelay, readText, start, stop, textFrame } from '../../test/scripted-relay.ts';
import { RelayError } from '../errors.ts';
import { defaultProtocols } from '../protocols/default-protocols.ts';
import type { OfferedProtocol } from '../protocols/lazy-protocol.ts';

/** A relay with all of the package's protocols, which notes which of them it loads; of some the loading fails at first. */
function createLazyRelay(failures: Readonly<Record<string, number>> = {}) {
  const loaded: string[] = [];
  const left = new Map(Object.entries(failures));
  const protocols = defaultProtocols.map((protocol): OfferedProtocol => {
    if (!('load' in protocol)) return protocol;
    const { name } = protocol;
    const load = async () => {
      const failuresLeft = left.get(name) ?? 0;
      left.set(name, failuresLeft - 1);
      if (failuresLeft > 0) throw new Error(`Cannot find module '/var/task/${name}.mjs'`);
      loaded.push(name);
      return protocol.load();
    };
    return { ...protocol, load };
  });
  return { ...createScriptedRelay({ protocols }), loaded };
}

describe('a relay whose protocols are loaded when they are asked for', () => {
  it('loads none to answer what needs none', async () => {
    const { loaded, send } = createLazyRelay();
    const paths = defaultProtocols.map(({ endpoint }) => endpoint.path);
    const requests = [
      ...paths.map((path) => ({ method: 'OPTIONS', path })),
      { method: 'HEAD', path: '/' },
      { method: 'GET', path: '/', headers: { 'last-event-id': '1' } },
      { method: 'GET', path: '/favicon.ico' },
      { method: 'POST', path: '/nowhere' },
    ];
    for (const request of requests) await send(request);
    assert.deepEqual(loaded, []);
  });

  const messages = [{ id: 'm', role: 'user', content: 'hi', parts: [{ type: 'text', text: 'hi' }] }];
  for (const [path, json, names] of [
    ['/', { prompt: 'hi' }, []],
    ['/', { prompt: 'hi', response: 'ndjson' }, []],
    ['/', { prompt: 'hi', response: 'openai-chat' }, ['openai-chat']],
    ['/api/chat', { id: 'chat-0123456789abcdef', messages }, ['ui-message']],
    ['/ag-ui', { threadId: 'thread-0123456789abcdef', runId: 'r', messages }, ['ag-ui']],
    ['/v1/chat/completions', { messages, stream: true }, ['openai-chat']],
    ['/v1/responses', { input: 'hi', stream: true }, ['openai-responses']],
  ] as const) {
    it(`loads what one request asks for and no more: ${path} ${JSON.stringify(json)}`, async () => {
      const { agent, loaded, send } = createLazyRelay();
      agent.answer();
      agent.say(start + textFrame('Hello') + stop);
      agent.end();
      const response = await send({ path, json });
      assert.equal(response.status, 200);
      assert.match(await readText(response), /Hello/u);
      assert.deepEqual(loaded, names);
    });
  }

  it('loads the one that knows a path which never runs the agent', async () => {
    const { agent, loaded, send } = createLazyRelay();
    const resumed = await send({ method: 'GET', path: '/api/chat/c/stream' });
    const models = await send({ method: 'GET', path: '/v1/models' });
    assert.deepEqual(
      [resumed.status, models.status, loaded, agent.invocations.length],
      [204, 200, ['ui-message', 'openai-chat'], 0],
    );
  });

  it('answers with an internal error where one cannot be loaded, says why in the log, and tries again', async () => {
    const { agent, entries, loaded, send } = createLazyRelay({ 'ui-message': 2 });
    agent.answer();
    agent.end();
    const ask = () => send({ path: '/api/chat', json: { id: 'chat-0123456789abcdef', messages } });
    const failed = await ask();
    assert.deepEqual(
      [failed.status, JSON.parse(await readText(failed)), agent.invocations.length],
      [
        500,
        {
          error: {
            code: 'internal_error',
            message: new RelayError('internal_error').message,
            requestId: failed.headers['x-request-id'],
          },
        },
        0,
      ],
    );
    assert.deepEqual(
      entries.map(({ level, errorCode, cause }) => ({ level, errorCode, cause })),
      [{ level: 'error', errorCode: 'internal_error', cause: "Error: Cannot find module '/var/task/ui-message.mjs'" }],
    );
    assert.deepEqual([(await ask()).status, loaded], [200, ['ui-message']]);
  });

  it('says another error in the words of the protocol, also where its loading has taken longer than the error', async () => {
    const { send } = createLazyRelay();
    const readBody = () => Promise.reject(new RelayError('payload_too_large'));
    const response = await send({ path: '/v1/chat/completions', readBody });
    const { error } = JSON.parse(await readText(response));
    assert.deepEqual([response.status, error.code, error.type], [413, 'payload_too_large', 'invalid_request_error']);
  });

  it('says another error in its own words where no protocol can be loaded to say it', async () => {
    const { send } = createLazyRelay({ 'openai-chat': 2 });
    const readBody = () => Promise.reject(new RelayError('payload_too_large'));
    const response = await send({ path: '/v1/chat/completions', readBody });
    const { error } = JSON.parse(await readText(response));
    assert.deepEqual([response.status, Object.keys(error)], [413, ['code', 'message', 'requestId']]);
    assert.equal(error.code, 'payload_too_large');
  });
});
