import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { buildAgent, framesOf, invoke, kindsOf, node22, runAgent, textOf } from './running-agent.ts';
import type { BuiltAgent, RunningAgent } from './running-agent.ts';

let built: BuiltAgent;
before(async () => {
  built = await buildAgent();
});
after(async () => await built[Symbol.asyncDispose]());

const introduction = 'I am the offline model: no real model is configured, so I answer by a few rules.';
/** Longer than any test takes: the model is then silent after its first event. */
const silent = { OFFLINE_MODEL_DELAY_MS: '60000' };

for (const [name, node] of [
  ['Node.js 22, AgentCore’s managed runtime', node22],
  ['the Node.js of the tests', process.execPath],
] as const) {
  describe(`the agent’s bundle under ${name}`, () => {
    let agent: RunningAgent;
    before(async () => {
      agent = await runAgent({ file: built.file, node });
    });
    after(async () => await agent[Symbol.asyncDispose]());

    test('streams every kind of event in order, and nothing but model events and tool results', async () => {
      const response = await invoke(agent, { payload: { prompt: 'What is 12*(3+4)?' }, sessionId: sessionOf('kinds') });
      const frames = await framesOf(response);
      assert.deepEqual(
        {
          status: response.status,
          contentType: response.headers.get('content-type'),
          kinds: kindsOf(frames),
          text: textOf(frames),
          results: frames.filter(({ data }) => data.type === 'toolResultEvent').map(({ data }) => data.result),
        },
        {
          status: 200,
          contentType: 'text/event-stream',
          kinds: [
            'modelMessageStartEvent',
            'modelContentBlockStartEvent',
            'reasoningContentDelta',
            'modelContentBlockStopEvent',
            'modelContentBlockStartEvent',
            'textDelta',
            'modelContentBlockStopEvent',
            'modelContentBlockStartEvent',
            'toolUseInputDelta',
            'modelContentBlockStopEvent',
            'modelMessageStopEvent',
            'modelMetadataEvent',
            'toolResultEvent',
            'modelMessageStartEvent',
            'modelContentBlockStartEvent',
            'reasoningContentDelta',
            'modelContentBlockStopEvent',
            'modelContentBlockStartEvent',
            'textDelta',
            'modelContentBlockStopEvent',
            'modelMessageStopEvent',
            'modelMetadataEvent',
          ],
          text: `${introduction}\n\nLet me see.\n\n12*(3+4) = 84`,
          results: [
            {
              toolResult: {
                toolUseId: 'tooluse_offline_1_1',
                status: 'success',
                content: [{ json: { expression: '12*(3+4)', value: 84 } }],
              },
            },
          ],
        },
      );
    });

    test('remembers within a session and not across sessions', async () => {
      await framesOf(await invoke(agent, { payload: { prompt: 'My name is Ada.' }, sessionId: sessionOf('ada') }));
      const question = { prompt: 'What is my name?' };
      assert.deepEqual(
        [
          textOf(await framesOf(await invoke(agent, { payload: question, sessionId: sessionOf('ada') }))),
          textOf(await framesOf(await invoke(agent, { payload: question, sessionId: sessionOf('eve') }))),
        ],
        ['Your name is Ada.', `${introduction}\n\nYou have not told me your name.`],
      );
    });

    test('says that it is healthy', async () => {
      const response = await fetch(`${agent.url}/ping`);
      const { status } = (await response.json()) as { status: string };
      assert.deepEqual([response.status, status], [200, 'Healthy']);
    });
  });
}

describe('the agent', () => {
  let agent: RunningAgent;
  before(async () => {
    agent = await runAgent({ file: built.file, node: node22 });
  });
  after(async () => await agent[Symbol.asyncDispose]());

  test('takes the history along where the session is new, and only there', async () => {
    const sessionId = sessionOf('history');
    const messages = [
      { role: 'user', content: 'My name is Grace.' },
      { role: 'assistant', content: 'Nice to meet you, Grace!' },
    ];
    const first = await invoke(agent, { payload: { prompt: 'What is my name?', messages }, sessionId });
    assert.equal(textOf(await framesOf(first)), 'Your name is Grace.');
    const others = [{ role: 'user', content: 'My name is Mallory.' }];
    const second = await invoke(agent, { payload: { prompt: 'What is my name?', messages: others }, sessionId });
    assert.equal(textOf(await framesOf(second)), 'Your name is Grace.');
  });

  test('takes a prompt of 2 MiB and gives it back in one piece', async () => {
    const response = await invoke(agent, {
      payload: { prompt: `${'世界 👩‍👩‍👧 '.repeat(100)}${'x'.repeat(2 * 1024 * 1024)}` },
      sessionId: sessionOf('large'),
    });
    assert.equal(response.status, 200);
    assert.match(textOf(await framesOf(response)), /“(世界 👩‍👩‍👧 ){56}…”/u);
  });

  test('answers what it does not take with a status and JSON', async () => {
    const refused = {
      'no JSON': await invoke(agent, { payload: '{"prompt": secret' }),
      'no body': await fetch(`${agent.url}/invocations`, {
        method: 'POST',
        headers: { 'x-amzn-bedrock-agentcore-runtime-session-id': sessionOf('nothing') },
      }),
      'no object': await invoke(agent, { payload: [] }),
      'no prompt': await invoke(agent, { payload: {} }),
      'empty prompt': await invoke(agent, { payload: { prompt: ' \n' } }),
      'wrong history': await invoke(agent, { payload: { prompt: 'hi', messages: [{ role: 'system', content: '' }] } }),
      'no session': await invoke(agent, { payload: { prompt: 'hi' }, sessionId: '' }),
      'no JSON type': await invoke(agent, { payload: 'hi', headers: { 'content-type': 'text/csv' } }),
      'no stream wanted': await invoke(agent, { payload: { prompt: 'hi' }, headers: { accept: 'application/json' } }),
    };
    const got: Record<string, unknown> = {};
    for (const [name, response] of Object.entries(refused)) {
      const type = response.headers.get('content-type')?.split(';')[0];
      const body = (await response.json()) as { error: string; message?: string; details?: { message: string }[] };
      got[name] = [
        response.status,
        type,
        ...(body.details?.map(({ message }) => message) ?? [body.message ?? body.error]),
      ];
    }
    const json = 'application/json';
    assert.deepEqual(got, {
      'no JSON': [400, json, 'the body is not valid JSON'],
      'no body': [400, json, 'the payload must be a JSON object with a prompt'],
      'no object': [400, json, 'the payload must be a JSON object with a prompt'],
      'no prompt': [400, json, 'prompt must be a string'],
      'empty prompt': [400, json, 'prompt must not be empty'],
      'wrong history': [400, json, 'role must be "user" or "assistant"', 'content must not be empty'],
      'no session': [
        400,
        json,
        'Missing sessionId. Provide via x-amzn-bedrock-agentcore-runtime-session-id header or request body.',
      ],
      'no JSON type': [415, json, 'Unsupported Media Type'],
      'no stream wanted': [
        406,
        json,
        'Streaming response requires Accept: text/event-stream header. Please include this header in your request to receive streaming data.',
      ],
    });
    assert.doesNotMatch(agent.output(), /secret/u);
    const after = await invoke(agent, { payload: { prompt: 'hi' } });
    assert.match(textOf(await framesOf(after)), /“hi” \(message 1\)/u);
  });

  test('refuses a body that AgentCore would not pass on before it has come', async () => {
    const tooLarge = request(`${agent.url}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 100_000_001 },
    });
    tooLarge.on('error', () => {});
    tooLarge.flushHeaders();
    const [response] = (await once(tooLarge, 'response')) as [{ statusCode: number; headers: Record<string, string> }];
    tooLarge.destroy();
    assert.deepEqual([response.statusCode, response.headers['content-type']], [413, 'application/json; charset=utf-8']);
  });

  test('says in the stream that it failed, in a sentence, and goes on as if that turn had not been', async () => {
    const sessionId = sessionOf('failing');
    await framesOf(await invoke(agent, { payload: { prompt: 'Remember the milk' }, sessionId }));
    const failed = await framesOf(await invoke(agent, { payload: { prompt: 'fail' }, sessionId }));
    assert.deepEqual(failed.at(-1), {
      name: 'error',
      data: { error: 'the model failed before the answer was complete' },
    });
    const next = await framesOf(await invoke(agent, { payload: { prompt: 'What did I say?' }, sessionId }));
    assert.equal(textOf(next), 'You said: “Remember the milk”');
  });

  test('writes nothing of a conversation to its log', async () => {
    await using agent = await runAgent({ file: built.file, node: node22 });
    // A run that fails is the one that is logged.
    const prompt = 'fail, the launch code is 0000';
    await framesOf(await invoke(agent, { payload: { prompt }, sessionId: sessionOf('log') }));
    await agent.printed(/the run failed/u);
    assert.doesNotMatch(agent.output(), /launch code/u);
  });
});

test(
  'answers one call of a session at a time, and stops at once for a caller who has left',
  { timeout: 30_000 },
  async () => {
    await using agent = await runAgent({ file: built.file, node: node22, env: silent });
    const sessionId = sessionOf('busy');
    const leaving = new AbortController();
    // Its headers come with its first event: the run has begun, and now waits for a minute.
    await invoke(agent, { payload: { prompt: 'hello' }, sessionId, signal: leaving.signal });

    const second = await invoke(agent, { payload: { prompt: 'hello' }, sessionId });
    assert.deepEqual(
      [second.status, ((await second.json()) as { message: string }).message],
      [409, 'this session is still answering; wait for that answer or use another session'],
    );

    leaving.abort();
    for (let status = 409; status !== 200;) {
      const next = new AbortController();
      ({ status } = await invoke(agent, { payload: { prompt: 'hello' }, sessionId, signal: next.signal }));
      next.abort();
    }
  },
);

test('ends at once when it is told to, also in the middle of an answer', { timeout: 30_000 }, async () => {
  await using agent = await runAgent({ file: built.file, node: node22, env: silent });
  const answer = await invoke(agent, { payload: { prompt: 'hello' } });
  const cut = assert.rejects(answer.text());
  assert.equal(await agent.end('SIGTERM'), 0);
  await cut;
});

test('says which variable is wrong instead of starting', async () => {
  const env = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
  await assert.rejects(runAgent({ file: built.file, env }), {
    message:
      'the agent ended with code 1: OPENAI_BASE_URL is set, OPENAI_MODEL is not; it must name a model of that endpoint\n',
  });
  await assert.rejects(runAgent({ file: built.file, env: { PORT: 'http' } }), {
    message: 'the agent ended with code 1: PORT is "http"; it must be a whole number from 0 to 65535\n',
  });
});

function sessionOf(name: string): string {
  return `session-of-${name}-0123456789-0123456789-0123456789`;
}
