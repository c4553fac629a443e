import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { BedrockAgentCoreClient, InvokeAgentRuntimeCommand } from '@aws-sdk/client-bedrock-agentcore';
import type { LocalChain, RequestLine } from '../../src/local.ts';
import { ask, startDeployedChain, view } from './deployed-chain.ts';

const run = promisify(execFile);
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const sessionId = 'conversation-of-ada-0123456789-0123456789';

let chain: LocalChain;
const requests: RequestLine[] = [];

before(async () => {
  chain = await startDeployedChain({ onRequest: (line) => requests.push(line) });
});
after(async () => {
  await chain.close();
});

describe('the whole chain', () => {
  const skip = hasCurl ? false : 'curl is not installed';

  it('answers curl -d, which calls its JSON a form, with the bytes of the agent', { skip }, async () => {
    const { stdout } = await run('curl', ['-sS', '-N', '-i', chain.url, '-d', '{"prompt":"What is 12*(3+4)?"}']);
    const [head = '', body = ''] = stdout.split('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.1 200/u);
    assert.match(head, /^content-type: text\/event-stream/imu);
    assert.match(head, /^x-runtime-session-id: [0-9a-f-]{36}\r?$/mu);
    assert.match(head, /^x-request-id: [0-9a-f-]{36}\r?$/mu);
    assert.match(body, /^data: \{"type":"modelStreamUpdateEvent"/u);
    assert.match(body, /"toolResultEvent"/u);
  });

  it('answers curl -G with the text, the usage once, and the session', { skip }, async () => {
    const { stdout } = await run('curl', [
      '-sS',
      '-G',
      chain.url,
      '--data-urlencode',
      'prompt=What is 12*(3+4)?',
      '-d',
      `runtimeSessionId=${sessionId}&response=transformed`,
    ]);
    const [text = '', trailer = '', ...more] = stdout.split('\n----------\n');
    assert.match(text, /84/u);
    assert.deepEqual(more, []);
    const [measured = '', session = ''] = trailer.split('\n');
    const { usage } = JSON.parse(measured) as { usage: Record<string, number> };
    assert.equal(usage['totalTokens'], (usage['inputTokens'] ?? 0) + (usage['outputTokens'] ?? 0));
    assert.equal(session, `{"runtimeSessionId":"${sessionId}"}`);
  });

  it('answers JSON under its own content type, with every kind of event as ndjson', async () => {
    const { status, headers, text } = await ask(chain.url, { prompt: 'What is 12*(3+4)?', response: 'ndjson' });
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/x-ndjson; charset=utf-8');
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; [name: string]: unknown });
    assert.deepEqual([...new Set(events.map(({ type }) => type))].sort(), [
      'reasoning-delta',
      'reasoning-end',
      'reasoning-signature',
      'reasoning-start',
      'run-end',
      'run-start',
      'step-end',
      'step-start',
      'text-delta',
      'text-end',
      'text-start',
      'tool-delta',
      'tool-end',
      'tool-result',
      'tool-start',
      'usage',
    ]);
    assert.equal(events[0]?.['runtimeSessionId'], headers.get('x-runtime-session-id'));
    assert.equal(events[0]['requestId'], headers.get('x-request-id'));
    assert.equal(events.at(-1)?.type, 'run-end');
  });

  it('remembers a conversation by its session id, and only that one', async () => {
    const tell = {
      prompt: 'My name is Ada.',
      runtimeSessionId: 'memory-0123456789-0123456789-01234',
      response: 'transformed',
    };
    await ask(chain.url, tell);
    const same = await ask(chain.url, { ...tell, prompt: 'What is my name?' });
    const other = await ask(chain.url, { prompt: 'What is my name?', response: 'transformed' });
    assert.match(same.text, /Ada/u);
    assert.doesNotMatch(other.text, /Ada/u);
  });

  it('refuses a second question while a session is still answering the first', async () => {
    const slow = await startDeployedChain({
      agentEnvironment: { BEDROCK_MODEL_ID: undefined, OFFLINE_MODEL_DELAY_MS: '50' },
    });
    try {
      const question = { prompt: 'count to 500', runtimeSessionId: 'busy-0123456789-0123456789-0123456789' };
      const first = await fetch(slow.url, { method: 'POST', body: JSON.stringify(question) });
      const second = await ask(slow.url, { ...question, prompt: 'hello' });
      const { error } = JSON.parse(second.text) as { error: { code: string; message: string } };
      assert.deepEqual(
        [first.status, second.status, error.code, error.message],
        [200, 409, 'agent_busy', 'this session is busy; try again in a moment'],
      );
      await first.body?.cancel();
    } finally {
      await slow.close();
    }
  });

  it('brings CJK and emoji through whole', async () => {
    const { text } = await ask(chain.url, { prompt: '天気は晴れ 😀👩‍👩‍👧', response: 'transformed' });
    assert.match(text, /天気は晴れ 😀👩‍👩‍👧/u);
  });

  it('passes the very bytes that the AWS SDK gets from AgentCore', async () => {
    const { agentRuntimeArn, agentRegion = '' } = chain.deployment;
    const [relay] = chain.deployment.distribution.behaviours.flatMap(
      ({ origin }) => origin.functionUrl?.function ?? [],
    );
    const relayCredentials = chain.roleCredentials[relay?.logicalId ?? ''] ?? assert.fail('the relay has no role');
    const client = new BedrockAgentCoreClient({
      region: agentRegion,
      endpoint: chain.agentCoreEndpoint ?? '',
      credentials: relayCredentials,
    });
    const direct = await client.send(
      new InvokeAgentRuntimeCommand({
        agentRuntimeArn,
        qualifier: 'DEFAULT',
        runtimeSessionId: 'direct-0123456789-0123456789-01234567',
        contentType: 'application/json',
        accept: 'text/event-stream, application/json',
        payload: Buffer.from('{"prompt":"hello there"}'),
      }),
    );
    const relayed = await ask(chain.url, { prompt: 'hello there' });
    const expected = (await direct.response?.transformToString()) ?? '';
    assert.equal(relayed.headers.get('content-type'), direct.contentType);
    // The offline model measures its own latency, which is not the same twice.
    const latency = /"latencyMs":\d+/gu;
    assert.equal(relayed.text.replace(latency, ''), expected.replace(latency, ''));
    client.destroy();
  });

  it('reports what each hop took', async () => {
    requests.length = 0;
    await ask(chain.url, { prompt: 'hello' });
    const [line] = requests;
    assert.ok(line);
    assert.deepEqual([line.method, line.path, line.status, line.ending], ['POST', '/', 200, 'complete']);
    const { viewerFunctionMs, edgeFunctionMs, functionMs, agentMs } = line.hops;
    for (const value of [viewerFunctionMs, edgeFunctionMs, functionMs, agentMs]) assert.equal(typeof value, 'number');
  });
});

describe('bad input through the whole chain', () => {
  const cases: readonly [string, RequestInit, number, string][] = [
    ['/', { method: 'POST', body: '' }, 400, 'invalid_json'],
    ['/', { method: 'POST', body: 'prompt=hi' }, 400, 'invalid_json'],
    ['/', { method: 'POST', body: '[1]' }, 400, 'invalid_request'],
    ['/', { method: 'POST', body: '{"prompt":""}' }, 400, 'invalid_prompt'],
    ['/', { method: 'POST', body: '{"prompt":{}}' }, 400, 'invalid_prompt'],
    ['/', { method: 'POST', body: '{"prompt":"x","response":"xml"}' }, 400, 'invalid_response_format'],
    ['/', { method: 'POST', body: '{"prompt":"x","runtimeSessionId":"short"}' }, 400, 'invalid_session_id'],
    ['/', {}, 400, 'invalid_prompt'],
    [`/?prompt=x&runtimeSessionId=${'x'.repeat(101)}`, {}, 400, 'invalid_session_id'],
    ['/', { method: 'DELETE' }, 405, 'method_not_allowed'],
    ['/', { method: 'PUT', body: '{"prompt":"x"}' }, 405, 'method_not_allowed'],
    ['/nowhere', { method: 'POST', body: '{"prompt":"x"}' }, 404, 'not_found'],
    ['/', { method: 'POST', body: JSON.stringify({ prompt: 'x'.repeat(600_000) }) }, 413, 'payload_too_large'],
    ['/', { method: 'POST', body: JSON.stringify({ prompt: 'x'.repeat(1_100_000) }) }, 413, 'payload_too_large'],
  ];
  for (const [path, init, status, code] of cases) {
    const body = typeof init.body === 'string' ? init.body.slice(0, 60) : 'no body';
    it(`gets ${status} ${code}: ${init.method ?? 'GET'} ${path.slice(0, 30)} ${body}`, async () => {
      const response = await view(chain.url + path, init);
      const parsed = JSON.parse(response.text) as { error: { code: string; message: string; requestId: string } };
      assert.deepEqual([response.status, parsed.error.code], [status, code]);
      assert.match(parsed.error.message, /^\S.{8,}$/u);
      assert.equal(parsed.error.requestId, response.headers.get('x-request-id'));
    });
  }

  const silent: readonly [string, string, RequestInit, number][] = [
    ['OPTIONS', '/', { method: 'OPTIONS' }, 204],
    ['HEAD', '/?prompt=hi', { method: 'HEAD' }, 200],
    ['the favicon', '/favicon.ico', {}, 204],
    ['an EventSource that comes back', '/?prompt=hi', { headers: { 'last-event-id': '7' } }, 204],
  ];
  for (const [name, path, init, status] of silent) {
    it(`answers ${name} without running the agent`, async () => {
      requests.length = 0;
      const response = await view(chain.url + path, init);
      assert.deepEqual([response.status, response.text, requests[0]?.hops.agentMs], [status, '', undefined]);
    });
  }
});
