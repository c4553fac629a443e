import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as AiSdk7 from 'ai7';
import type * as LangChainMessages from '@langchain/core/messages';
import type { ChatCompletionMessageParam, ChatCompletionMessageToolCall } from 'openai7/resources/chat/completions';
import { createOpenAiChat } from '../../src/relay.ts';
import type { OpenAiChatOptions } from '../../src/relay.ts';
import { runtimeSessionOf } from '../scripted-relay.ts';
import { startClientRelay } from './client-relay.ts';
import type { ClientRelay } from './client-relay.ts';
import { loadClient, skipReason } from './installed.ts';
import { testEveryScenario } from './openai-matrix.ts';
import { chatClients, createChatOpenAi, createCompatibleModel, createOpenAi } from './openai-chat-clients.ts';
import type { ChatAnswer, ChatUsage } from './openai-chat-answer.ts';
import type { ChatClient } from './openai-chat-clients.ts';
import { expectAnswer, say, scenarios } from './scenarios.ts';
import type { ExpectedAnswer, Scenario, ScenarioName } from './scenarios.ts';

const skip = skipReason;
const majors = ['openai4', 'openai6', 'openai7'] as const;

/** Bedrock's counts as OpenAI has them: what comes from a cache or goes into it is part of the input. */
const usages: Readonly<Partial<Record<ScenarioName, ChatUsage>>> = {
  text: { input: 9, output: 6, cached: 0 },
  reasoning: { input: 5, output: 31, cached: 0 },
  tools: { input: 99, output: 46, cached: 0 },
  'failing-tool': { input: 82, output: 22, cached: 0 },
  usage: { input: 1320, output: 7, cached: 1200 },
  'max-tokens': { input: 4, output: 3, cached: 0 },
};

/** The last pieces of reasoning in the recordings. */
const lastThoughts: Readonly<Partial<Record<ScenarioName, string>>> = { reasoning: ' it.', tools: 'a product.' };

const finishReasons = { 'max-tokens': 'length', 'content-filter': 'content_filter' } as const;

function expectChat(client: ChatClient, name: ScenarioName): ChatAnswer {
  const { modelCalls, citations, ending }: ExpectedAnswer = scenarios[name].expected;
  const nothing: ChatAnswer = {
    text: '',
    reasoning: '',
    finishReason: undefined,
    usage: undefined,
    sources: [],
    error: undefined,
  };
  const text = joinParagraphs(modelCalls.map((call) => call.text));
  if (ending.type === 'run-end') {
    const reasoning = joinParagraphs(modelCalls.map((call) => call.reasoning));
    return {
      text,
      reasoning: client.reasoning === 'all' ? reasoning : (lastThoughts[name] ?? ''),
      finishReason: name in finishReasons ? finishReasons[name as keyof typeof finishReasons] : 'stop',
      usage: usages[name],
      sources: client.readsSources ? citations.flatMap(({ url }) => url ?? []) : [],
      error: undefined,
    };
  }
  const { message: sentence, code } = ending;
  return ending.type === 'error' && client.isStream
    ? { ...nothing, text, error: { sentence, code, status: undefined } }
    : { ...nothing, error: { sentence, code, status: 406 } };
}

function joinParagraphs(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n\n');
}

for (const client of chatClients) {
  describe(client.name, { skip, concurrency: true }, () => {
    testEveryScenario(client, (scenario) => expectChat(client, scenario));

    it('does not run the agent again where its model throttled in the middle of the run', async () => {
      const message = { error: 'slow down', error_type: 'ModelThrottledException', message: 'x' };
      const scenario: Scenario = { steps: say(`data: ${JSON.stringify(message)}\n\n`), expected: expectAnswer([]) };
      await using relay = await startClientRelay({ scenario });
      const { error } = await client.ask({ origin: relay.origin, prompt: 'hi' });
      assert.deepEqual(error, {
        sentence: 'too many requests to the agent; try again in a moment',
        code: 'agent_throttled',
        status: client.isStream ? undefined : 406,
      });
      assert.equal(relay.invocations.length, 1);
    });
  });
}

describe('a request that AgentCore throttled', { skip, concurrency: true }, () => {
  for (const client of chatClients) {
    it(`is sent again after a while, because the agent has not begun: ${client.name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'refused-throttled' });
      const { error } = await client.ask({ origin: relay.origin, prompt: 'hi', maxRetries: 1 });
      assert.match(error?.sentence ?? '', /^too many requests to the agent; try again in a moment/u);
      assert.deepEqual([error?.code, error?.status], ['agent_throttled', 429]);
      assert.deepEqual(
        relay.exchanges.map(({ status, headers }) => [status, headers['retry-after'], headers['x-should-retry']]),
        [
          [429, '1', undefined],
          [429, '1', undefined],
        ],
      );
    });
  }
});

function startRelay(scenario: Scenario | ScenarioName, options: OpenAiChatOptions): Promise<ClientRelay> {
  return startClientRelay({ scenario, protocols: [createOpenAiChat(options)] });
}

const history: ChatCompletionMessageParam[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'My name is Ada.' },
  { role: 'assistant', content: 'Hello, Ada!' },
  { role: 'user', content: 'What is my name?' },
];

const given = {
  prompt: 'What is my name?',
  messages: [
    { role: 'user', content: 'My name is Ada.' },
    { role: 'assistant', content: 'Hello, Ada!' },
  ],
  system: 'Be brief.',
};

const sessionId = 'conversation-of-ada-0123456789-0123456789';

/** A conversation of three messages with instructions, in each client's own words, under the name of a conversation. */
const conversations: Readonly<Record<string, (origin: string) => Promise<unknown>>> = {
  ...Object.fromEntries(
    majors.map((name) => [
      name,
      async (origin: string) => {
        const client = await createOpenAi(name, { origin });
        await client.chat.completions.create(
          { model: 'agent', messages: history },
          { headers: { 'x-session-id': sessionId } },
        );
      },
    ]),
  ),
  '@langchain/openai': async (origin) => {
    const { SystemMessage, HumanMessage, AIMessage } =
      await loadClient<typeof LangChainMessages>('@langchain/core/messages');
    const client = await createChatOpenAi({ origin, headers: { 'x-session-id': sessionId } });
    await client.invoke([
      new SystemMessage('Be brief.'),
      new HumanMessage('My name is Ada.'),
      new AIMessage('Hello, Ada!'),
      new HumanMessage('What is my name?'),
    ]);
  },
  '@ai-sdk/openai-compatible': async (origin) => {
    const { generateText } = await loadClient<typeof AiSdk7>('ai7');
    await generateText({
      model: await createCompatibleModel({ origin, headers: { 'x-session-id': sessionId } }),
      system: 'Be brief.',
      messages: [
        { role: 'user', content: 'My name is Ada.' },
        { role: 'assistant', content: [{ type: 'text', text: 'Hello, Ada!' }] },
        { role: 'user', content: [{ type: 'text', text: 'What is my name?' }] },
      ],
    });
  },
};

describe('the agent', { skip, concurrency: true }, () => {
  for (const [name, converse] of Object.entries(conversations)) {
    it(`is given the prompt, the history, the instructions and the session that the client names: ${name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      await converse(relay.origin);
      assert.deepEqual(
        relay.invocations.map(({ payload, runtimeSessionId }) => ({ payload, runtimeSessionId })),
        [{ payload: given, runtimeSessionId: runtimeSessionOf(sessionId) }],
      );
    });
  }

  it('is given a session of its own for each request that names none', async () => {
    await using relay = await startClientRelay({ scenario: 'text' });
    const client = await createOpenAi('openai7', { origin: relay.origin });
    for (let turn = 0; turn < 2; turn += 1) {
      await client.chat.completions.create({ model: 'agent', messages: history, metadata: { session_id: ' ' } });
    }
    const [first, second] = relay.invocations;
    assert.notEqual(first?.runtimeSessionId, second?.runtimeSessionId);
  });

  it('is given text files with the prompt', async () => {
    await using relay = await startClientRelay({ scenario: 'text' });
    const client = await createOpenAi('openai7', { origin: relay.origin });
    await client.chat.completions.create({
      model: 'agent',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is in here?' },
            { type: 'file', file: { filename: 'cities.csv', file_data: 'data:text/csv;base64,Y2l0eQrlpKfpmKo=' } },
          ],
        },
      ],
    });
    assert.deepEqual(relay.invocations[0]?.payload, { prompt: 'What is in here?\n[cities.csv]\ncity\n大阪' });
  });

  it('is not given pictures: the client shows why', async () => {
    await using relay = await startClientRelay({ scenario: 'text' });
    const model = await createCompatibleModel({ origin: relay.origin });
    const { generateText } = await loadClient<typeof AiSdk7>('ai7');
    const picture = { type: 'image', image: Uint8Array.of(0x89, 0x50, 0x4e, 0x47), mediaType: 'image/png' } as const;
    await assert.rejects(generateText({ model, messages: [{ role: 'user', content: [picture] }] }), {
      name: 'AI_APICallError',
      statusCode: 400,
      message: '"messages[0].content[0]" must be text, or a file that is text, got "image_url"',
    });
    assert.equal(relay.invocations.length, 0);
  });
});

describe('an answer', { skip, concurrency: true }, () => {
  for (const name of majors) {
    it(`is the same whole as what the helper makes of its stream: ${name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'tools', newId: () => 'request-1' });
      const client = await createOpenAi(name, { origin: relay.origin });
      const question = { model: 'gpt-99', messages: history };
      const whole = await client.chat.completions.create(question);
      const { completions } = name === 'openai4' ? (client.beta as unknown as typeof client).chat : client.chat;
      const streamed = await completions
        .stream({ ...question, stream_options: { include_usage: true } })
        .finalChatCompletion();
      assert.deepEqual(JSON.parse(JSON.stringify(whole)), {
        id: 'chatcmpl-request-1',
        object: 'chat.completion',
        created: 1_000,
        model: 'gpt-99',
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: 'Let me calculate.\n\n6 × 7 = 42. 答えは四十二です 🎉👩\u200d👩\u200d👧 naïve\nfin',
              refusal: null,
              reasoning_content: 'The user wants a product.',
            },
            logprobs: null,
            finish_reason: 'stop',
          },
        ],
        usage: { prompt_tokens: 99, completion_tokens: 46, total_tokens: 145 },
      });
      const { choices, ...rest } = JSON.parse(JSON.stringify(whole)) as typeof whole;
      const message = { ...choices[0]?.message, reasoning_content: 'a product.', parsed: null };
      assert.deepEqual(JSON.parse(JSON.stringify(streamed)), { ...rest, choices: [{ ...choices[0], message }] });
    });

    it(`has its models listed: ${name}`, async () => {
      await using relay = await startRelay('text', { models: ['agent', 'team/agent 2'] });
      const client = await createOpenAi(name, { origin: relay.origin });
      const listed: string[] = [];
      for await (const { id } of client.models.list()) listed.push(id);
      assert.deepEqual(listed, ['agent', 'team/agent 2']);
      assert.deepEqual(JSON.parse(JSON.stringify(await client.models.retrieve('team/agent 2'))), {
        id: 'team/agent 2',
        object: 'model',
        created: 0,
        owned_by: 'agentcore-relay',
      });
      await assert.rejects(async () => client.models.retrieve('gpt-99'), { status: 404, code: 'model_not_found' });
      assert.equal(relay.invocations.length, 0);
    });
  }

  it('too long to be held is an error that says what to do, and the agent is let go', async () => {
    await using relay = await startRelay('unicode', { maxAnswerLength: 20 });
    const client = await createOpenAi('openai7', { origin: relay.origin });
    await assert.rejects(async () => client.chat.completions.create({ model: 'agent', messages: history }), {
      status: 406,
      code: 'agent_answer_too_large',
      message: '406 the answer has more than 20 characters, too many for one piece; ask for a stream',
    });
    await relay.invocations[0]?.released;
    assert.equal(relay.invocations.length, 1);
  });

  it('that the model wrote badly is an error', async () => {
    const steps = say(
      'data: {"event":{"messageStart":{"role":"assistant"}}}\n\n',
      'data: {"event":{"messageStop":{"stopReason":"malformed_tool_use"}}}\n\n',
    );
    for (const client of chatClients) {
      await using relay = await startClientRelay({ scenario: { steps, expected: expectAnswer([]) } });
      const { error } = await client.ask({ origin: relay.origin, prompt: 'hi' });
      const sentence = 'the model wrote something that the agent could not read';
      const status = client.isStream ? undefined : 406;
      assert.deepEqual([client.name, error], [client.name, { sentence, code: 'agent_error', status }]);
    }
  });

  it('is kept alive by comments, which no client sees', async () => {
    await using relay = await startClientRelay({ scenario: 'silent' });
    const [client] = chatClients;
    await client?.ask({ origin: relay.origin, prompt: 'hi' });
    assert.deepEqual(relay.exchange.keepAlives, [': keep-alive\n\n', ': keep-alive\n\n', ': keep-alive\n\n']);
  });
});

describe('reasoning in tags', { skip, concurrency: true }, () => {
  it('is found by the middleware of the AI SDK', async () => {
    await using relay = await startRelay('tools', { reasoning: 'tags' });
    const { extractReasoningMiddleware, generateText, streamText, wrapLanguageModel } =
      await loadClient<typeof AiSdk7>('ai7');
    const model = wrapLanguageModel({
      model: await createCompatibleModel({ origin: relay.origin }),
      middleware: extractReasoningMiddleware({ tagName: 'think' }),
    });
    const expected = {
      reasoning: 'The user wants a product.',
      text: `\n\nLet me calculate.\n\n6 × 7 = 42. 答えは四十二です 🎉👩\u200d👩\u200d👧 naïve\nfin`,
    };
    const whole = await generateText({ model, prompt: 'hi' });
    const streamed = streamText({ model, prompt: 'hi' });
    assert.deepEqual(
      [
        { reasoning: whole.reasoningText, text: whole.text },
        { reasoning: await streamed.reasoningText, text: await streamed.text },
      ],
      [expected, expected],
    );
  });
});

describe("the agent's tool calls", { skip, concurrency: true }, () => {
  const exposed = [
    {
      id: 'tooluse_Zk3mQ1',
      type: 'function',
      function: { name: 'calculator', arguments: '{"expression": "6*7"}' },
    },
  ];

  for (const name of majors) {
    it(`are what the client reads as calls where they are exposed: ${name}`, async () => {
      await using relay = await startRelay('tools', { tools: 'expose' });
      const client = await createOpenAi(name, { origin: relay.origin });
      const { completions } = name === 'openai4' ? (client.beta as unknown as typeof client).chat : client.chat;
      const whole = await client.chat.completions.create({ model: 'agent', messages: history });
      const streamed = await completions.stream({ model: 'agent', messages: history }).finalChatCompletion();
      assert.deepEqual(
        [whole, streamed].map(({ choices }) => choices[0]?.message.tool_calls?.map(pickCall)),
        [exposed, exposed],
      );
    });
  }

  it('are told of in the reasoning where they are narrated', async () => {
    const narrated =
      'The user wants a product.\n\ncalculator({"expression": "6*7"})\n\ncalculator → {"expression":"6*7","value":42}';
    for (const client of chatClients.filter(({ reasoning }) => reasoning === 'all')) {
      await using relay = await startRelay('tools', { tools: 'reasoning' });
      const { reasoning } = await client.ask({ origin: relay.origin, prompt: 'hi' });
      assert.deepEqual([client.name, reasoning], [client.name, narrated]);
    }
  });

  for (const tools of ['hide', 'reasoning', 'expose'] as const) {
    it(`never make a client with tools of its own run the agent again: ${tools}`, async () => {
      await using relay = await startRelay('tools', { tools });
      const client = await createOpenAi('openai7', { origin: relay.origin });
      const ran: string[] = [];
      const runner = client.chat.completions.runTools({
        model: 'agent',
        messages: [{ role: 'user', content: 'hi' }],
        tools: [
          {
            type: 'function',
            function: {
              name: 'calculator',
              description: 'calculates',
              parameters: { type: 'object', properties: { expression: { type: 'string' } } },
              function: (input: string) => ran.push(input),
            },
          },
        ],
      });
      const outcome = await runner.finalContent().catch(String);
      const answer = 'Let me calculate.\n\n6 × 7 = 42. 答えは四十二です 🎉👩\u200d👩\u200d👧 naïve\nfin';
      const refusal = 'Error: 400 the last of "messages" must have the role "user", got "tool"';
      assert.deepEqual(
        { outcome, ran, runs: relay.invocations.length, requests: relay.exchanges.length },
        tools === 'expose'
          ? { outcome: refusal, ran: ['{"expression": "6*7"}'], runs: 1, requests: 2 }
          : { outcome: answer, ran: [], runs: 1, requests: 1 },
      );
    });
  }
});

function pickCall(call: ChatCompletionMessageToolCall): unknown {
  const { id, type } = call;
  return type === 'function' ? { id, type, function: pickFunction(call.function) } : call;
}

function pickFunction({ name, arguments: input }: { readonly name: string; readonly arguments: string }): unknown {
  return { name, arguments: input };
}
