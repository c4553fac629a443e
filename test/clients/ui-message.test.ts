import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as Ai5 from 'ai5';
import type * as Ai6 from 'ai6';
import type * as Ai7 from 'ai7';
import type { JsonObject } from '../../src/json.ts';
import type { UiMessageChunk } from '../../src/protocols/ui-message-chunk.ts';
import { createUiMessage } from '../../src/protocols/ui-message.ts';
import { nameSession } from '../../src/relay/session-id.ts';
import { runtimeSessionOf } from '../scripted-relay.ts';
import { startClientRelay } from './client-relay.ts';
import type { ClientRelay } from './client-relay.ts';
import { loadClient, skipReason } from './installed.ts';
import { converseMessage, expectAnswer, keepAlivesPerSilence, replay, say, scenarios } from './scenarios.ts';
import type { ExpectedModelCall, ExpectedToolCall, Scenario, ScenarioName } from './scenarios.ts';
import { chatClients } from './ui-message-clients.ts';
import type { AiName, AiSdk, ChatClient, ChatFinish, ChatOptions, OpenChat } from './ui-message-clients.ts';

const names = (Object.keys(scenarios) as ScenarioName[]).filter((name) => name !== 'endless');
const aiNames: readonly AiName[] = ['ai5', 'ai6', 'ai7'];

/** Fails to compile where a major does not know a chunk. */
export const chunksOfEachMajor: readonly [
  (chunk: UiMessageChunk) => Ai5.UIMessageChunk,
  (chunk: UiMessageChunk) => Ai6.UIMessageChunk,
  (chunk: UiMessageChunk) => Ai7.UIMessageChunk,
] = [(chunk) => chunk, (chunk) => chunk, (chunk) => chunk];

const usages: Readonly<Partial<Record<ScenarioName, JsonObject>>> = {
  text: countTokens(9, 6),
  reasoning: countTokens(5, 31),
  tools: countTokens(99, 46),
  'failing-tool': countTokens(82, 22),
  usage: {
    ...countTokens(1320, 7),
    inputTokenDetails: { noCacheTokens: 20, cacheReadTokens: 1200, cacheWriteTokens: 100 },
    cachedInputTokens: 1200,
  },
  'max-tokens': countTokens(4, 3),
};

function countTokens(inputTokens: number, outputTokens: number): JsonObject {
  const totalTokens = inputTokens + outputTokens;
  return { inputTokens, inputTokenDetails: {}, outputTokens, outputTokenDetails: {}, totalTokens };
}

const finishReasons: Readonly<Partial<Record<ScenarioName, string>>> = {
  'max-tokens': 'length',
  'content-filter': 'content-filter',
};

function expectTool({ id, name, input, inputText, result, isError }: ExpectedToolCall): JsonObject {
  const part = { type: 'dynamic-tool', toolCallId: id, toolName: name, providerExecuted: true };
  if (input === undefined) {
    const errorText = 'the input of this tool is not a whole JSON text';
    return { ...part, state: 'output-error', input: inputText, errorText };
  }
  return isError
    ? { ...part, state: 'output-error', input, errorText: result }
    : { ...part, state: 'output-available', input, output: result };
}

function expectParts({ reasoning, signature, text, toolCalls, citations }: ExpectedModelCall): JsonObject[] {
  const providerMetadata = { bedrock: { signature } };
  return [
    { type: 'step-start' },
    ...(reasoning === ''
      ? []
      : [{ type: 'reasoning', id: 'reasoning-1', text: reasoning, state: 'done', providerMetadata }]),
    ...(text === '' ? [] : [{ type: 'text', text, state: 'done' }]),
    ...toolCalls.map(expectTool),
    ...citations.map(({ url, title, text }, index) => ({
      ...(url === undefined ? { type: 'source-document', mediaType: 'text/plain' } : { type: 'source-url', url }),
      sourceId: `source-${index + 1}`,
      title,
      providerMetadata: { agentcore: { citedText: text } },
    })),
  ];
}

/** The message that a page has when a scenario is over; none where it was refused. */
function expectMessages(name: ScenarioName, relay: ClientRelay): JsonObject[] {
  const { modelCalls, ending } = scenarios[name].expected;
  if (ending.type === 'refusal') return [];
  const error = ending.type === 'error' ? { code: ending.code, message: ending.message } : undefined;
  const usage = usages[name];
  const metadata = { ...(usage && { usage }), ...(error && { error }) };
  return [
    {
      id: relay.exchange.headers['x-request-id'],
      role: 'assistant',
      ...(usage === undefined && error === undefined ? {} : { metadata }),
      parts: modelCalls.flatMap(expectParts),
    },
  ];
}

function expectFinish(name: ScenarioName): ChatFinish {
  const isError = scenarios[name].expected.ending.type !== 'run-end';
  const finishReason = isError ? undefined : (finishReasons[name] ?? 'stop');
  return { isAbort: false, isDisconnect: false, isError, finishReason };
}

async function ask(open: OpenChat, question: Parameters<OpenChat['chat']['sendMessage']>[0]): Promise<void> {
  const turn = open.finishes.length + 1;
  await open.chat.sendMessage(question);
  await settle(open, turn);
}

/** A page shows what is new a moment after it is known. */
async function settle(open: OpenChat, turn: number): Promise<void> {
  await open.until(() => open.finishes.length === turn && ['ready', 'error'].includes(open.chat.status));
}

function openChat(client: ChatClient, relay: ClientRelay, options: Partial<ChatOptions> = {}): Promise<OpenChat> {
  return client.open({ origin: relay.origin, id: 'Zt8aR3kQp0LmXy21', ...options });
}

for (const client of chatClients) {
  describe(client.name, { skip: skipReason, concurrency: true }, () => {
    for (const split of [undefined, 1]) {
      for (const name of names) {
        it(`shows the answer and asks for it once, ${split === 1 ? 'byte by byte' : 'message by message'}: ${name}`, async () => {
          await using relay = await startClientRelay({ scenario: name, split });
          using open = await openChat(client, relay);
          await ask(open, { text: 'hi' });
          const { chat, finishes, messages } = open;
          const { ending } = relay.expected;
          assert.deepEqual(
            { messages: messages.slice(1), status: chat.status, error: chat.error?.message, finishes },
            {
              messages: expectMessages(name, relay),
              status: ending.type === 'run-end' ? 'ready' : 'error',
              error: ending.type === 'run-end' ? undefined : ending.message,
              finishes: [expectFinish(name)],
            },
          );
          assert.deepEqual([relay.exchanges.length, relay.invocations.length], [1, 1]);
        });
      }
    }

    it('is given comments while the agent is silent', async () => {
      await using relay = await startClientRelay({ scenario: 'silent' });
      using open = await openChat(client, relay);
      await ask(open, { text: 'hi' });
      assert.deepEqual(
        relay.exchange.keepAlives,
        Array.from({ length: keepAlivesPerSilence }, () => ': keep-alive\n\n'),
      );
      assert.deepEqual(open.messages.slice(1), expectMessages('silent', relay));
    });

    it('keeps what it has when its user stops, and lets go of the agent', async () => {
      await using relay = await startClientRelay({ scenario: 'endless' });
      using open = await openChat(client, relay);
      const asking = open.chat.sendMessage({ text: 'hi' });
      const parts = [{ type: 'step-start' }, { type: 'text', text: relay.expected.text, state: 'streaming' }];
      await open.until(() => JSON.stringify(open.messages[1]?.parts) === JSON.stringify(parts));
      await open.chat.stop();
      await Promise.all([asking, relay.invocations[0]?.released]);
      await settle(open, 1);
      assert.deepEqual(
        [open.chat.status, open.chat.error, open.messages[1]?.parts, open.finishes, await relay.exchange.ended],
        [
          'ready',
          undefined,
          parts,
          [{ isAbort: true, isDisconnect: false, isError: false }].map((finish) => ({
            ...finish,
            finishReason: undefined,
          })),
          'left',
        ],
      );
    });

    it('goes on with one conversation, whose history the agent is given as text', async () => {
      await using relay = await startClientRelay({ scenario: 'tools' });
      using open = await openChat(client, relay, {
        messages: [{ id: 'instruction', role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] }],
      });
      await ask(open, { text: 'What is 6*7?' });
      await ask(open, { text: 'Really?' });
      await open.chat.regenerate();
      await settle(open, 3);
      const system = 'Be brief.';
      const first = { role: 'user', content: 'What is 6*7?' };
      const second = { role: 'assistant', content: relay.expected.modelCalls.map(({ text }) => text).join('\n') };
      assert.deepEqual(
        relay.invocations.map(({ payload }) => payload),
        [
          { prompt: 'What is 6*7?', system },
          { prompt: 'Really?', messages: [first, second], system },
          // To regenerate is to ask again: the page has dropped the answer, the agent may remember it.
          { prompt: 'Really?', messages: [first, second], system },
        ],
      );
      const sessions = relay.invocations.map(({ runtimeSessionId }) => runtimeSessionId);
      assert.deepEqual(new Set(sessions), new Set([runtimeSessionOf(nameSession('Zt8aR3kQp0LmXy21'))]));
      const ids = open.messages.map(({ id }) => id);
      assert.deepEqual([ids.length, new Set(ids).size], [5, 5]);
    });

    it('may send its last message only', async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      using open = await openChat(client, relay, {
        transport: { prepareSendMessagesRequest: ({ id, messages }) => ({ body: { id, message: messages.at(-1) } }) },
      });
      await ask(open, { text: 'one' });
      await ask(open, { text: 'two' });
      assert.deepEqual(
        relay.invocations.map(({ payload }) => payload),
        [{ prompt: 'one' }, { prompt: 'two' }],
      );
    });

    it('may attach text, and reads why a picture is refused', async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      using open = await openChat(client, relay);
      const url = `data:text/csv;base64,${Buffer.from('a,b').toString('base64')}`;
      const csv = { type: 'file', mediaType: 'text/csv', filename: 'table.csv', url } as const;
      await ask(open, { text: 'Add it up.', files: [csv] });
      assert.deepEqual(relay.invocations[0]?.payload, { prompt: '[table.csv]\na,b\nAdd it up.' });
      await ask(open, {
        text: 'And this?',
        files: [{ type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,eA==' }],
      });
      assert.deepEqual(
        [open.chat.status, open.chat.error?.message, relay.invocations.length],
        ['error', 'an attachment must be text, such as text/plain or application/json, got "image/png"', 1],
      );
    });

    it('finds nothing to resume, and does not run the agent for it', async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      using open = await openChat(client, relay, { id: 'a/b é' });
      await open.chat.resumeStream();
      const { request, status, body } = relay.exchange;
      assert.deepEqual(
        [request.method, request.path, status, body, open.chat.status, relay.invocations.length],
        ['GET', '/api/chat/a%2Fb%20%C3%A9/stream', 204, '', 'ready', 0],
      );
    });

    it('neither runs the agent’s tools nor sends anything again for them', async () => {
      await using relay = await startClientRelay({ scenario: 'tools' });
      const { lastAssistantMessageIsCompleteWithToolCalls } = await loadClient<AiSdk>(client.aiName);
      const calls: unknown[] = [];
      using open = await openChat(client, relay, {
        onToolCall: ({ toolCall }) => void calls.push(toolCall),
        sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
      });
      await ask(open, { text: 'What is 6*7?' });
      assert.deepEqual([calls, relay.invocations.length], [[], 1]);
    });

    it('reads the input of a tool off its pieces where it is too long to be sent again', async () => {
      await using relay = await startClientRelay({
        scenario: 'tools',
        protocols: [createUiMessage({ maxToolInputLength: 5 })],
      });
      using open = await openChat(client, relay);
      await ask(open, { text: 'What is 6*7?' });
      assert.equal(relay.exchange.body.includes('tool-input-available'), false);
      assert.deepEqual(open.messages.slice(1), expectMessages('tools', relay));
    });

    it('shows a tool as over whose result the agent does not let through', async () => {
      await using relay = await startClientRelay({ scenario: play(replay('python-tool')) });
      using open = await openChat(client, relay);
      await ask(open, { text: 'What is 6*7?' });
      const [call = assert.fail()] = scenarios.tools.expected.toolCalls;
      assert.deepEqual(
        open.messages[1]?.parts.filter(({ type }) => type === 'dynamic-tool'),
        [expectTool({ ...call, result: null })],
      );
    });

    it('shows the result of a tool that comes after the model was called again', async () => {
      const result = { toolUseId: 'tooluse_1', status: 'success', content: [{ text: 'found' }] };
      const late = say(
        converseMessage({ messageStart: { role: 'assistant' } }),
        `data: ${JSON.stringify({ message: { role: 'user', content: [{ toolResult: result }] } })}\n\n`,
        converseMessage({ messageStop: { stopReason: 'end_turn' } }),
      );
      await using relay = await startClientRelay({ scenario: play([...callTool('{}'), ...late]) });
      using open = await openChat(client, relay);
      await ask(open, { text: 'hi' });
      const call = { id: 'tooluse_1', name: 'search', inputText: '{}', input: {}, result: 'found', isError: false };
      assert.deepEqual(open.messages[1]?.parts, [{ type: 'step-start' }, expectTool(call), { type: 'step-start' }]);
    });

    it('is told that the agent waits for somebody', async () => {
      const steps = say(
        converseMessage({ messageStart: { role: 'assistant' } }),
        converseMessage({ messageStop: { stopReason: 'interrupt' } }),
      );
      await using relay = await startClientRelay({ scenario: play(steps) });
      using open = await openChat(client, relay);
      await ask(open, { text: 'hi' });
      assert.deepEqual(
        [open.messages[1]?.parts, open.chat.status, open.finishes[0]?.finishReason],
        [[{ type: 'step-start' }, { type: 'data-interrupt', data: {} }], 'ready', 'other'],
      );
    });

    it('survives names in a tool’s input that it takes for an attack', async () => {
      const input = '{"__proto__": {"isAdmin": true}}';
      await using relay = await startClientRelay({ scenario: play(callTool(input)) });
      using open = await openChat(client, relay);
      await ask(open, { text: 'hi' });
      assert.deepEqual(
        [open.chat.status, open.messages[1]?.parts[1]],
        [
          'ready',
          {
            type: 'dynamic-tool',
            toolCallId: 'tooluse_1',
            toolName: 'search',
            providerExecuted: true,
            state: 'input-available',
            input: '{"__proto__":{"isAdmin":true}}',
          },
        ],
      );
    });
  });
}

function play(steps: Scenario['steps']): Scenario {
  return { steps, expected: expectAnswer([]) };
}

/** The agent calls a tool that somebody else is to run. */
function callTool(input: string): Scenario['steps'] {
  const start = { toolUse: { toolUseId: 'tooluse_1', name: 'search' } };
  return say(
    converseMessage({ messageStart: { role: 'assistant' } }),
    converseMessage({ contentBlockStart: { start, contentBlockIndex: 0 } }),
    converseMessage({ contentBlockDelta: { delta: { toolUse: { input } }, contentBlockIndex: 0 } }),
    converseMessage({ contentBlockStop: { contentBlockIndex: 0 } }),
    converseMessage({ messageStop: { stopReason: 'tool_use' } }),
  );
}

for (const aiName of aiNames) {
  describe(`the transport of ${aiName}, read without a chat`, { skip: skipReason, concurrency: true }, () => {
    // Of an empty answer it gives nothing after the beginning.
    for (const name of names.filter((name) => name !== 'empty')) {
      it(`gives the whole message, also after an error: ${name}`, async () => {
        await using relay = await startClientRelay({ scenario: name });
        const { DefaultChatTransport, readUIMessageStream } = await loadClient<AiSdk>(aiName);
        const errors: unknown[] = [];
        const onError = (error: unknown) => void errors.push((error as Error).message);
        let messages: unknown[] = [];
        try {
          const stream = await new DefaultChatTransport({ api: `${relay.origin}/api/chat` }).sendMessages({
            chatId: 'Zt8aR3kQp0LmXy21',
            messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
            abortSignal: undefined,
            trigger: 'submit-message',
            messageId: undefined,
          });
          for await (const message of readUIMessageStream({ stream, onError })) messages = [message];
        } catch (thrown) {
          onError(thrown);
        }
        const { ending } = relay.expected;
        assert.deepEqual(JSON.parse(JSON.stringify(messages)), expectMessages(name, relay));
        assert.deepEqual(errors, ending.type === 'run-end' ? [] : [ending.message]);
        assert.equal(relay.invocations.length, 1);
        if (ending.type === 'refusal') assert.equal(relay.exchange.status, ending.status);
      });
    }
  });
}
