import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { buildAgent, framesOf, invoke, kindsOf, node22, runAgent, textOf } from './running-agent.ts';
import type { BuiltAgent } from './running-agent.ts';

let built: BuiltAgent;
before(async () => {
  built = await buildAgent();
});
after(async () => await built[Symbol.asyncDispose]());

interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly messages: readonly { readonly role: string; readonly content?: unknown; readonly tool_calls?: unknown }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

test('speaks with an OpenAI-compatible endpoint, tools included', async () => {
  const requests: { path: string | undefined; authorization: string | undefined; body: ChatRequest }[] = [];
  await using endpoint = await serve((body, request) => {
    requests.push({ path: request.url, authorization: request.headers.authorization, body });
    return body.messages.some(({ role }) => role === 'tool')
      ? [delta({ content: '6*7 は' }), delta({ content: ' 42 🎉' }), finish('stop'), usage(61, 5)]
      : [
          delta({
            tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'calculator', arguments: '' } }],
          }),
          delta({ tool_calls: [{ index: 0, function: { arguments: '{"expression":' } }] }),
          delta({ tool_calls: [{ index: 0, function: { arguments: '"6*7"}' } }] }),
          finish('tool_calls'),
          usage(38, 9),
        ];
  });
  await using agent = await runAgent({
    file: built.file,
    node: node22,
    env: { OPENAI_BASE_URL: `${endpoint.url}/v1`, OPENAI_MODEL: 'tiny', OPENAI_API_KEY: 'k3y' },
  });

  const frames = await framesOf(await invoke(agent, { payload: { prompt: 'What is 6*7?' } }));

  assert.deepEqual(
    requests.map(({ path, authorization, body: { model, stream, messages, tools } }) => ({
      path,
      authorization,
      model,
      stream,
      roles: messages.map(({ role }) => role),
      tools: tools?.map((tool) => tool.function.name),
    })),
    [
      ['system', 'user'],
      ['system', 'user', 'assistant', 'tool'],
    ].map((roles) => ({
      path: '/v1/chat/completions',
      authorization: 'Bearer k3y',
      model: 'tiny',
      stream: true,
      roles,
      tools: ['calculator', 'clock'],
    })),
  );
  assert.match(JSON.stringify(requests.at(-1)?.body.messages.at(-1)), /\\"value\\":42/u);
  assert.equal(textOf(frames), '6*7 は 42 🎉');
  assert.deepEqual(
    kindsOf(frames).filter((kind) => !kind.includes('Block')),
    [
      'modelMessageStartEvent',
      'toolUseInputDelta',
      'modelMessageStopEvent',
      'modelMetadataEvent',
      'toolResultEvent',
      'modelMessageStartEvent',
      'textDelta',
      'modelMessageStopEvent',
      'modelMetadataEvent',
    ],
  );
});

test('does not show what an endpoint says when it refuses', async () => {
  await using endpoint = await serve(() => 'the key of account 123456789012 is not valid');
  await using agent = await runAgent({
    file: built.file,
    env: { OPENAI_BASE_URL: `${endpoint.url}/v1`, OPENAI_MODEL: 'tiny' },
  });
  const frames = await framesOf(await invoke(agent, { payload: { prompt: 'hello' } }));
  assert.deepEqual(frames, [{ name: 'error', data: { error: 'the model failed before the answer was complete' } }]);
});

/** A server of the Chat Completions API. A string is a refusal. */
async function serve(
  answer: (body: ChatRequest, request: IncomingMessage) => readonly object[] | string,
): Promise<{ readonly url: string } & AsyncDisposable> {
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    const chunks = answer(JSON.parse(text) as ChatRequest, request);
    if (typeof chunks === 'string') {
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { message: chunks } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end('data: [DONE]\n\n');
  }
  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function chunk(choices: readonly object[], more: object = {}): object {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'tiny', choices, ...more };
}

function delta(content: object): object {
  return chunk([{ index: 0, delta: { role: 'assistant', ...content }, finish_reason: null }]);
}

function finish(reason: string): object {
  return chunk([{ index: 0, delta: {}, finish_reason: reason }]);
}

function usage(inputTokens: number, outputTokens: number): object {
  const counts = { prompt_tokens: inputTokens, completion_tokens: outputTokens };
  return chunk([], { usage: { ...counts, total_tokens: inputTokens + outputTokens } });
}
