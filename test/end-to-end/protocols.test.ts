import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { LocalChain } from '../../src/local.ts';
import { sentinels } from '../watched-servers.ts';
import { ask, startDeployedChain, view } from './deployed-chain.ts';
import { startFailing } from './failing-server.ts';

/** What a client of each protocol posts, where, and what of the answer's first and last bytes does not change. */
interface Client {
  readonly name: string;
  readonly path: string;
  readonly body: (prompt: string) => object;
  readonly type: string;
  readonly begins: RegExp;
  /** The text of an answer, put together from its frames. */
  readonly textOf: (answer: string) => string;
  readonly ends: RegExp;
  readonly endsWithError: RegExp;
}

const frames = (answer: string) =>
  Array.from(
    answer.matchAll(/^data: (\{[^\n]*\})$/gmu),
    ([, json = '']) => JSON.parse(json) as Record<string, unknown>,
  );
const joinDeltas = (type: string) => (answer: string) =>
  frames(answer)
    .map((frame) => (frame['type'] === type ? String(frame['delta']) : ''))
    .join('');

const id = 'a-conversation-of-this-client';
const sse = 'text/event-stream; charset=utf-8';
const completion = (prompt: string) => ({
  model: 'agent',
  metadata: { session_id: id },
  messages: [{ role: 'user', content: prompt }],
});
const clients: readonly Client[] = [
  {
    name: 'ui-message',
    path: '/api/chat',
    body: (prompt) => ({ id, messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: prompt }] }] }),
    type: sse,
    begins: /^data: \{"type":"start","messageId":"[\w-]+"\}\n\n/u,
    textOf: joinDeltas('text-delta'),
    ends: /\ndata: \{"type":"finish","finishReason":"stop",.*\}\n\ndata: \[DONE\]\n\n$/u,
    endsWithError: /\ndata: \{"type":"error",.*\}\n\ndata: \{"type":"finish",.*\}\n\ndata: \[DONE\]\n\n$/u,
  },
  {
    name: 'ag-ui',
    path: '/ag-ui',
    body: (prompt) => ({ threadId: id, runId: 'r', messages: [{ id: 'm', role: 'user', content: prompt }] }),
    type: sse,
    begins: /^data: \{"type":"RUN_STARTED","threadId":"a-conversation-of-this-client","runId":"r"\}\n\n/u,
    textOf: joinDeltas('TEXT_MESSAGE_CONTENT'),
    ends: /\ndata: \{"type":"RUN_FINISHED",.*\}\n\n$/u,
    endsWithError: /\ndata: \{"type":"RUN_ERROR",.*\}\n\n$/u,
  },
  {
    name: 'openai-chat',
    path: '/v1/chat/completions',
    body: (prompt) => ({ ...completion(prompt), stream: true }),
    type: sse,
    begins: /^data: \{"id":"chatcmpl-[\w-]+","object":"chat\.completion\.chunk",/u,
    textOf: (answer) =>
      frames(answer)
        .flatMap((frame) => (frame['choices'] ?? []) as readonly { delta: { content?: string } }[])
        .map(({ delta }) => delta.content ?? '')
        .join(''),
    ends: /"finish_reason":"stop"\}\]\}\n\ndata: \[DONE\]\n\n$/u,
    endsWithError: /\ndata: \{"error":\{.*\}\}\n\ndata: \[DONE\]\n\n$/u,
  },
  {
    name: 'openai-responses',
    path: '/v1/responses',
    body: (prompt) => ({ input: prompt, conversation: id, stream: true }),
    type: sse,
    begins: /^event: response\.created\ndata: \{/u,
    textOf: joinDeltas('response.output_text.delta'),
    ends: /\nevent: response\.completed\ndata: \{.*\}\n\n$/u,
    endsWithError: /\nevent: error\ndata: \{.*\}\n\nevent: response\.failed\ndata: \{.*\}\n\n$/u,
  },
];

const open: { close(): unknown }[] = [];
after(async () => {
  for (const part of open.toReversed()) await part.close();
});

function keep<Part extends { close(): unknown }>(part: Part): Part {
  open.push(part);
  return part;
}

describe('through the whole chain', async () => {
  const chain: LocalChain = keep(await startDeployedChain());

  for (const { name, path, body, type, begins, ends, endsWithError, textOf } of clients) {
    it(`${name} answers, and remembers the conversation by the client's own name for it`, async () => {
      await ask(chain.url + path, body(`My name is Ada, says ${name}.`));
      const answer = await ask(chain.url + path, body('What is my name?'));
      assert.deepEqual(
        [answer.status, answer.headers.get('content-type'), answer.cut, textOf(answer.text)],
        [200, type, undefined, 'Your name is Ada.'],
      );
      assert.match(answer.text, begins);
      assert.match(answer.text, ends);
      assert.doesNotMatch(answer.text, /\r/u);
    });

    it(`${name} tells of an agent that fails in the middle, by its own ending and a clean one`, async () => {
      const answer = await ask(chain.url + path, body('fail'));
      assert.deepEqual([answer.status, answer.cut], [200, undefined]);
      assert.match(answer.text, endsWithError);
    });

    it(`${name} brings CJK and emoji through whole, also as the output of POST /`, async () => {
      const prompt = 'こんにちは世界 👩‍👩‍👧 naïve \u2028 </script>';
      const answer = await ask(chain.url + path, body(prompt));
      assert.ok(textOf(answer.text).includes(prompt), textOf(answer.text));
      const other = await ask(chain.url, { prompt, response: name });
      assert.ok(textOf(other.text).includes(prompt), textOf(other.text));
      assert.deepEqual([other.status, other.headers.get('content-type')], [200, type]);
    });

    it(`${name} names the one method that its path takes`, async () => {
      const answers = await Promise.all(
        ['OPTIONS', 'GET', 'DELETE'].map((method) => view(chain.url + path, { method })),
      );
      assert.deepEqual(
        answers.map(({ status, headers }) => [status, headers.get('allow')]),
        [204, 405, 405].map((status) => [status, 'POST, OPTIONS']),
      );
    });
  }

  it('an OpenAI client that does not stream gets JSON', async () => {
    const [chat, response] = await Promise.all([
      ask(`${chain.url}/v1/chat/completions`, { messages: [{ role: 'user', content: 'What is 6*7?' }] }),
      ask(`${chain.url}/v1/responses`, { input: 'What is 6*7?' }),
    ]);
    assert.deepEqual(
      [chat, response].map(({ status, headers }) => [status, headers.get('content-type')]),
      [
        [200, 'application/json; charset=utf-8'],
        [200, 'application/json; charset=utf-8'],
      ],
    );
    assert.match(JSON.parse(chat.text).choices[0].message.content, /6\*7 = 42$/u);
    assert.equal(JSON.parse(response.text).output.at(-1).content[0].text, '6*7 = 42');
  });

  it('what needs no agent is answered by its protocol', async () => {
    const models = await view(`${chain.url}/v1/models`);
    assert.deepEqual(
      JSON.parse(models.text).data.map((model: { id: string }) => model.id),
      ['agent'],
    );
    const resumed = await view(`${chain.url}/api/chat/${id}/stream`);
    assert.deepEqual([resumed.status, resumed.text], [204, '']);
  });

  it('a request that is not valid gets the body that its client shows', async () => {
    const refusals = await Promise.all(clients.map(({ path }) => ask(chain.url + path, { id: 7 })));
    assert.deepEqual(
      refusals.map(({ status, headers }) => [status, headers.get('content-type'), headers.get('x-should-retry')]),
      [
        [400, 'text/plain; charset=utf-8', null],
        [400, 'application/json; charset=utf-8', null],
        [400, 'application/json; charset=utf-8', 'false'],
        [400, 'application/json; charset=utf-8', 'false'],
      ],
    );
  });
});

describe('what AgentCore refuses', async () => {
  const agentCore = await startFailing();
  keep(agentCore.server);
  const chain = keep(
    await startDeployedChain({ relayEnvironment: { AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: agentCore.url } }),
  );

  it('reaches each client under a status that it does not repeat, and without a word of AWS’s', async () => {
    agentCore.behave = (_, response) => {
      response.writeHead(424, { 'content-type': 'application/json', 'x-amzn-errortype': 'RuntimeClientError' });
      response.end(
        JSON.stringify({
          message: `arn:aws:iam::${sentinels['the account id']}:role/${sentinels['the name of the role']}`,
        }),
      );
    };
    const refusals = [];
    for (const { path, body } of clients) refusals.push(await ask(chain.url + path, body('hi')));
    assert.deepEqual(
      refusals.map(({ status, headers, text }) => [status, headers.get('x-should-retry'), /failed/u.test(text)]),
      [
        [502, null, true],
        [502, null, true],
        [406, 'false', true],
        [406, 'false', true],
      ],
    );
    assert.equal(agentCore.calls, clients.length);
  });
});
