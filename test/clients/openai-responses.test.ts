import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as LangChainMessages from '@langchain/core/messages';
import fc from 'fast-check';
import type * as OpenAi7 from 'openai7';
import type {
  Response as OpenAiResponse,
  ResponseCreateParamsNonStreaming,
} from 'openai7/resources/responses/responses';
import type { AgentEvent } from '../../src/events/agent-event.ts';
import { createEventOrder } from '../../src/events/order.ts';
import type { JsonObject } from '../../src/json.ts';
import { createOpenAiResponses } from '../../src/relay.ts';
import type { OpenAiResponsesOptions } from '../../src/relay.ts';
import { looseEvent } from '../loose-events.ts';
import { runtimeSessionOf } from '../scripted-relay.ts';
import { startClientRelay } from './client-relay.ts';
import type { ClientRelay } from './client-relay.ts';
import { loadClient, skipReason } from './installed.ts';
import { testEveryScenario } from './openai-matrix.ts';
import { createLangChain, createOpenAi, responsesClients, withoutParsed } from './openai-responses-clients.ts';
import type { ResponsesAnswer, ResponsesClient, ResponsesUsage } from './openai-responses-clients.ts';
import { converseMessage, expectAnswer, say, scenarios } from './scenarios.ts';
import type { ExpectedModelCall, Scenario, ScenarioName } from './scenarios.ts';

const skip = skipReason;
const majors = ['openai4', 'openai6', 'openai7'] as const;

/** Bedrock's counts as OpenAI has them: what comes from a cache or goes into it is part of the input. */
const usages: Readonly<Partial<Record<ScenarioName, ResponsesUsage>>> = {
  text: { input: 9, output: 6, total: 15, cached: 0 },
  reasoning: { input: 5, output: 31, total: 36, cached: 0 },
  tools: { input: 99, output: 46, total: 145, cached: 0 },
  'failing-tool': { input: 82, output: 22, total: 104, cached: 0 },
  usage: { input: 1320, output: 7, total: 1327, cached: 1200 },
  'max-tokens': { input: 4, output: 3, total: 7, cached: 0 },
};

const reasons: Readonly<Partial<Record<ScenarioName, string>>> = {
  'max-tokens': 'max_output_tokens',
  'content-filter': 'content_filter',
};

/** The items of the first response of a relay, in the order of the model's own blocks. */
function expectItems(modelCalls: readonly ExpectedModelCall[]): readonly unknown[] {
  const items = modelCalls.flatMap(({ reasoning, text, citations, toolCalls }) => [
    ...(reasoning === '' ? [] : [{ type: 'reasoning', summary: [{ type: 'summary_text', text: reasoning }] }]),
    ...(text === ''
      ? []
      : [
          {
            type: 'message',
            status: 'completed',
            role: 'assistant',
            content: [
              {
                type: 'output_text',
                text,
                annotations: citations
                  .filter(({ url }) => url !== undefined)
                  .map(({ url, title }) => ({
                    type: 'url_citation',
                    start_index: 0,
                    end_index: text.length,
                    url,
                    title,
                  })),
              },
            ],
          },
        ]),
    ...toolCalls.map(({ name, inputText, result, isError }) => {
      const isOver = result !== undefined;
      const text = typeof result === 'string' ? result : JSON.stringify(result);
      return {
        type: 'mcp_call',
        server_label: 'agent',
        name,
        status: !isOver ? 'incomplete' : isError ? 'failed' : 'completed',
        arguments: inputText,
        output: isOver && !isError ? text : null,
        error: isError ? { type: 'mcp_tool_execution_error', content: [{ type: 'text', text }] } : null,
        approval_request_id: null,
      };
    }),
  ]);
  const prefixes: Readonly<Record<string, string>> = { reasoning: 'rs', message: 'msg', mcp_call: 'mcp' };
  return items.map((item, index) => ({
    id: `${prefixes[item.type]}_00000000-0000-4000-8000-000000000001_${index}`,
    ...item,
  }));
}

const nothing: ResponsesAnswer = {
  text: '',
  reasoning: '',
  output: [],
  status: undefined,
  reason: undefined,
  usage: undefined,
  error: undefined,
};

function expectResponses(client: ResponsesClient, name: ScenarioName): ResponsesAnswer {
  const { modelCalls, text, reasoning, ending } = scenarios[name].expected;
  const output = expectItems(modelCalls);
  if (ending.type === 'run-end') {
    const reason = reasons[name];
    const seen = { ...nothing, text, reasoning, output };
    if (reason !== undefined && !client.seesIncomplete) {
      return {
        ...seen,
        output: output.map((item) => Object.assign({}, item, { status: 'in_progress' })),
        status: 'in_progress',
      };
    }
    return { ...seen, status: reason === undefined ? 'completed' : 'incomplete', reason, usage: usages[name] };
  }
  const { message: sentence, code } = ending;
  return ending.type === 'error' && client.isStream
    ? {
        ...nothing,
        text,
        output: client.keeps === 'nothing' ? [] : output,
        error: { sentence, code, status: undefined },
      }
    : { ...nothing, error: { sentence, code, status: 406 } };
}

function startRelay(scenario: Scenario | ScenarioName, options: OpenAiResponsesOptions): Promise<ClientRelay> {
  return startClientRelay({ scenario, protocols: [createOpenAiResponses(options)] });
}

/** All that the agent says comes at once, and then nothing more. */
const endlessInOnePiece = [
  ...say(
    scenarios.endless.steps.map((step) => (step.type === 'say' ? Buffer.from(step.bytes).toString() : '')).join(''),
  ),
  { type: 'wait-for-leave' } as const,
];

for (const client of responsesClients) {
  describe(client.name, { skip, concurrency: true }, () => {
    testEveryScenario(client, (scenario) => expectResponses(client, scenario));

    it('sees an answer that is too long to be held end as incomplete, and the agent is let go', async () => {
      await using relay = await startRelay({ ...scenarios.endless, steps: endlessInOnePiece }, { maxHeldLength: 430 });
      const answer = await client.ask({ origin: relay.origin, prompt: 'hi' });
      await relay.invocations[0]?.released;
      // 400 for the item, then 7 for each piece with its quotes.
      const text = 'tick '.repeat(4);
      assert.deepEqual([answer.text, answer.error], [text, undefined]);
      if (client.seesIncomplete) {
        const [item] = expectItems([{ ...scenarios.text.expected.modelCalls[0], text } as ExpectedModelCall]);
        const output = [Object.assign({}, item, { status: 'incomplete' })];
        assert.deepEqual(answer, { ...nothing, text, output, status: 'incomplete', reason: 'max_output_tokens' });
      }
      assert.equal(relay.invocations.length, 1);
    });
  });
}

describe('a request that AgentCore throttled', { skip, concurrency: true }, () => {
  for (const client of responsesClients) {
    it(`says so with its own status, because the agent has not begun: ${client.name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'refused-throttled' });
      const { error } = await client.ask({ origin: relay.origin, prompt: 'hi', maxRetries: 0 });
      assert.match(error?.sentence ?? '', /^too many requests to the agent; try again in a moment/u);
      assert.deepEqual([error?.code, error?.status], ['agent_throttled', 429]);
      assert.deepEqual([relay.exchange.headers['retry-after'], relay.invocations.length], ['1', 1]);
    });
  }
});

const history: ResponseCreateParamsNonStreaming['input'] = [
  { role: 'developer', content: 'Answer in English.' },
  { role: 'user', content: 'My name is Ada.' },
  {
    type: 'message',
    id: 'msg_1',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Hello, Ada!', annotations: [] }],
  },
  { role: 'user', content: [{ type: 'input_text', text: 'What is my name?' }] },
];

const given = {
  prompt: 'What is my name?',
  messages: [
    { role: 'user', content: 'My name is Ada.' },
    { role: 'assistant', content: 'Hello, Ada!' },
  ],
};

const sessionId = 'conversation-of-ada-0123456789-0123456789';

describe('the agent', { skip, concurrency: true }, () => {
  for (const name of majors) {
    it(`is given the prompt, the history, the instructions and the session: ${name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      const client = await createOpenAi(name, relay);
      const question = { model: 'agent', input: history, instructions: 'Be brief.' };
      await client.responses.create(question, { headers: { 'x-session-id': sessionId } });
      assert.deepEqual(
        relay.invocations.map(({ payload, runtimeSessionId }) => ({ payload, runtimeSessionId })),
        [
          {
            payload: { ...given, system: 'Be brief.\n\nAnswer in English.' },
            runtimeSessionId: runtimeSessionOf(sessionId),
          },
        ],
      );
    });

    it(`goes on with the conversation of the response before: ${name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      const client = await createOpenAi(name, relay);
      let previous: string | null = null;
      const echoed: (string | null | undefined)[] = [];
      for (const input of ['one', 'two', 'three']) {
        const response: OpenAiResponse = await client.responses
          .stream({ model: 'agent', input, previous_response_id: previous })
          .finalResponse();
        echoed.push(response.previous_response_id);
        previous = response.id;
      }
      const [first] = relay.invocations;
      assert.deepEqual(
        relay.invocations.map(({ prompt, runtimeSessionId }) => ({ prompt, runtimeSessionId })),
        ['one', 'two', 'three'].map((prompt) => ({ prompt, runtimeSessionId: first?.runtimeSessionId })),
      );
      // The relay made the second id for the conversation.
      const ownId = '00000000-0000-4000-8000-000000000002';
      const id = (number: number) => `resp_00000000-0000-4000-8000-00000000000${number}.${ownId}`;
      assert.equal(first?.runtimeSessionId, runtimeSessionOf(ownId));
      assert.deepEqual([...echoed, previous], [null, id(1), id(3), id(4)]);
    });

    it(`is not run for a response of another service: ${name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      const client = await createOpenAi(name, relay);
      await assert.rejects(
        async () => client.responses.create({ model: 'agent', input: 'hi', previous_response_id: 'resp_68e9c0' }),
        {
          name: 'Error',
          status: 400,
          code: 'invalid_session_id',
          message: '400 "previous_response_id" must be the id of a response of this service, got "resp_68e9c0"',
        },
      );
      assert.deepEqual([relay.exchanges.length, relay.invocations.length], [1, 0]);
    });

    it(`is not run to look a response up, to cancel it or to delete it: ${name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      const { responses } = await createOpenAi(name, relay);
      const id = 'resp_00000000-0000-4000-8000-000000000001.00000000-0000-4000-8000-000000000002';
      const notFound = { status: 404, code: 'not_found', message: '404 there is nothing at this path' };
      await assert.rejects(async () => responses.retrieve(id), notFound);
      await assert.rejects(async () => responses.cancel(id), notFound);
      // `del` until 5.0.
      const { [name === 'openai4' ? 'del' : 'delete']: remove } = responses as unknown as Readonly<
        Record<string, (this: typeof responses, id: string) => Promise<void>>
      >;
      await assert.rejects(async () => remove?.call(responses, id), notFound);
      await assert.rejects(async () => responses.inputItems.list(id), notFound);
      assert.deepEqual([relay.exchanges.length, relay.invocations.length], [4, 0]);
    });
  }

  it('is given the conversation of LangChain: its history, and what a response before belonged to', async () => {
    await using relay = await startClientRelay({ scenario: 'tools' });
    const { AIMessage, HumanMessage, SystemMessage } =
      await loadClient<typeof LangChainMessages>('@langchain/core/messages');
    const client = await createLangChain(relay);
    const first = await client.invoke([
      new SystemMessage('Be brief.'),
      new HumanMessage('My name is Ada.'),
      new AIMessage('Hello, Ada!'),
      new HumanMessage('What is my name?'),
    ]);
    await client.invoke('And now?', { previous_response_id: first.id ?? '' });
    const [before, after] = relay.invocations;
    assert.deepEqual(
      [before?.payload, after?.payload, after?.runtimeSessionId],
      [{ ...given, system: 'Be brief.' }, { prompt: 'And now?' }, before?.runtimeSessionId],
    );
  });

  it('is given what it said itself as text alone where a client sends all of it back', async () => {
    await using relay = await startClientRelay({ scenario: 'tools' });
    const client = await createOpenAi('openai7', relay);
    const { HumanMessage } = await loadClient<typeof LangChainMessages>('@langchain/core/messages');
    const langChain = await createLangChain(relay);
    const { output } = await client.responses.create({ model: 'agent', input: 'How much is 6*7?' });
    await client.responses.create({
      model: 'agent',
      input: [{ role: 'user', content: 'How much is 6*7?' }, ...(output as []), { role: 'user', content: 'Thanks!' }],
    });
    const question = new HumanMessage('How much is 6*7?');
    await langChain.invoke([question, await langChain.invoke([question]), new HumanMessage('Thanks!')]);
    const expected = {
      prompt: 'Thanks!',
      messages: [
        { role: 'user', content: 'How much is 6*7?' },
        { role: 'assistant', content: 'Let me calculate.' },
        { role: 'assistant', content: '6 × 7 = 42. 答えは四十二です 🎉👩\u200d👩\u200d👧 naïve\nfin' },
      ],
    };
    assert.deepEqual([relay.invocations[1]?.payload, relay.invocations[3]?.payload], [expected, expected]);
  });

  it('is given text files with the prompt, and no pictures', async () => {
    await using relay = await startClientRelay({ scenario: 'text' });
    const client = await createOpenAi('openai7', relay);
    const ask = (
      part:
        | { type: 'input_file'; filename: string; file_data: string }
        | { type: 'input_image'; detail: 'auto'; image_url: string },
    ) =>
      client.responses.create({
        model: 'agent',
        input: [{ role: 'user', content: [{ type: 'input_text', text: 'What is in here?' }, part] }],
      });
    await ask({ type: 'input_file', filename: 'cities.csv', file_data: 'data:text/csv;base64,Y2l0eQrlpKfpmKo=' });
    assert.deepEqual(relay.invocations[0]?.payload, { prompt: 'What is in here?\n[cities.csv]\ncity\n大阪' });
    await assert.rejects(
      async () => ask({ type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,iVBORw==' }),
      {
        status: 400,
        code: 'unsupported_content',
        message: '400 "input[0].content[1]" must be text or a file of text, got "input_image"',
      },
    );
    assert.equal(relay.invocations.length, 1);
  });
});

describe('any run', { skip, concurrency: true }, () => {
  for (const name of majors) {
    it(`is taken by the helper, which makes of its events what the last one repeats: ${name}`, async () => {
      const { OpenAI } = await loadClient<typeof OpenAi7>(name);
      const property = fc.asyncProperty(fc.array(looseEvent, { maxLength: 60 }), async (events) => {
        const body = writeStream(events);
        const client = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: async () => new Response(body) });
        const last: unknown = JSON.parse(body.slice(body.lastIndexOf('\ndata: ') + '\ndata: '.length));
        const { type, response } = last as { readonly type: string; readonly response: JsonObject };
        const finished = client.responses.stream({ model: 'agent', input: 'hi' }).finalResponse();
        if (type === 'response.failed') {
          await assert.rejects(finished, response['error'] as { readonly code: string; readonly message: string });
        } else if (type === 'response.completed' || name !== 'openai4') {
          const { output, status } = await finished;
          assert.deepEqual(
            { output: withoutParsed(output), status },
            { output: response['output'], status: response['status'] },
          );
        }
      });
      await fc.assert(property, { numRuns: 200 });
    });
  }
});

function writeStream(events: readonly AgentEvent[]): string {
  const writer = createOpenAiResponses().createWriter({
    requestId: 'made-1',
    conversationId: 'made-2',
    startedAtMs: 0,
  });
  let stream = '';
  const order = createEventOrder((event) => (stream += writer.write(event)));
  for (const event of events) order.push(event);
  order.end();
  return stream;
}

describe('an answer', { skip, concurrency: true }, () => {
  for (const name of majors) {
    it(`is the same whole as what the helper makes of its stream: ${name}`, async () => {
      await using relay = await startClientRelay({ scenario: 'failing-tool', newId: () => 'made-1' });
      const client = await createOpenAi(name, relay);
      const question = { model: 'gpt-99', input: 'hi' };
      const whole = JSON.parse(JSON.stringify(await client.responses.create(question))) as OpenAiResponse;
      const streamed = JSON.parse(
        JSON.stringify(await client.responses.stream(question).finalResponse()),
      ) as OpenAiResponse;
      const text = 'That did not work.';
      const part = { type: 'output_text', text, annotations: [] };
      const call = {
        id: 'mcp_made-1_0',
        type: 'mcp_call',
        server_label: 'agent',
        name: 'calculator',
        status: 'failed',
        arguments: '{"expression": "1/0"}',
        output: null,
        error: {
          type: 'mcp_tool_execution_error',
          content: [{ type: 'text', text: 'Error: 1/0 is beyond this calculator' }],
        },
        approval_request_id: null,
      };
      const message = { id: 'msg_made-1_1', type: 'message', status: 'completed', role: 'assistant', content: [part] };
      const expected = {
        id: 'resp_made-1.made-1',
        object: 'response',
        created_at: 1_000,
        model: 'gpt-99',
        previous_response_id: null,
        instructions: null,
        metadata: {},
        parallel_tool_calls: true,
        temperature: null,
        tool_choice: 'auto',
        tools: [],
        top_p: null,
        output: [call, message],
        status: 'completed',
        error: null,
        incomplete_details: null,
        usage: {
          input_tokens: 82,
          input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
          output_tokens: 22,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 104,
        },
        output_text: text,
      };
      assert.deepEqual(whole, expected);
      assert.deepEqual(Object.assign({ output_text: text }, streamed), {
        ...expected,
        output: [call, { ...message, content: [{ ...part, parsed: null }] }],
        output_parsed: null,
      });
    });
  }

  it('shows neither tools nor reasoning where the relay is told so', async () => {
    for (const client of responsesClients) {
      await using relay = await startRelay('tools', { tools: 'hide', reasoning: 'off' });
      const { reasoning, output } = await client.ask({ origin: relay.origin, prompt: 'hi' });
      const modelCalls = scenarios.tools.expected.modelCalls.map((call) => ({ ...call, reasoning: '', toolCalls: [] }));
      assert.deepEqual([client.name, reasoning, output], [client.name, '', expectItems(modelCalls)]);
    }
  });

  it('that the model wrote badly is an error', async () => {
    const steps = say(
      converseMessage({ messageStart: { role: 'assistant' } }),
      converseMessage({ messageStop: { stopReason: 'malformed_tool_use' } }),
    );
    for (const client of responsesClients) {
      await using relay = await startClientRelay({ scenario: { steps, expected: expectAnswer([]) } });
      const { error } = await client.ask({ origin: relay.origin, prompt: 'hi' });
      const sentence = 'the model wrote something that the agent could not read';
      const status = client.isStream ? undefined : 406;
      assert.deepEqual([client.name, error], [client.name, { sentence, code: 'agent_error', status }]);
    }
  });

  it('is kept alive by comments, which no client sees', async () => {
    for (const client of responsesClients) {
      await using relay = await startClientRelay({ scenario: 'silent' });
      await client.ask({ origin: relay.origin, prompt: 'hi' });
      const expected = client.isStream ? [': keep-alive\n\n', ': keep-alive\n\n', ': keep-alive\n\n'] : [];
      assert.deepEqual([client.name, relay.exchange.keepAlives], [client.name, expected]);
    }
  });

  it('ends with a failed response that holds what there was, for clients that read on after the error', async () => {
    await using relay = await startClientRelay({ scenario: 'cut-tool' });
    const client = await createOpenAi('openai7', relay);
    await assert.rejects(async () => client.responses.stream({ model: 'agent', input: 'hi' }).finalResponse());
    const last = relay.exchange.body.trim().split('\n').at(-1)?.replace('data: ', '') ?? '';
    const { type, response } = JSON.parse(last) as { type: string; response: OpenAiResponse };
    const { output, status, error } = response;
    assert.deepEqual(
      { type, output, status, error },
      {
        type: 'response.failed',
        output: expectItems(scenarios['cut-tool'].expected.modelCalls),
        status: 'failed',
        error: { code: 'agent_interrupted', message: 'the answer broke off before its end' },
      },
    );
  });
});
