import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { agUiNames, beginConversation } from './ag-ui-clients.ts';
import type { AgUiAnswer, AgUiMessage, AgUiName } from './ag-ui-clients.ts';
import { startClientRelay } from './client-relay.ts';
import type { ClientRelayOptions } from './client-relay.ts';
import { skipReason } from './installed.ts';
import { keepAlivesPerSilence, scenarios } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';

const skip = skipReason;
const threadId = 'a thread of the client';
const requestId = '00000000-0000-4000-8000-000000000001';
const names = (Object.keys(scenarios) as ScenarioName[]).filter((name) => name !== 'endless');

/** Asks what a scenario answers. */
async function ask(name: AgUiName, options: ClientRelayOptions) {
  await using relay = await startClientRelay(options);
  const conversation = await beginConversation(name, `${relay.origin}/ag-ui`, threadId);
  const answer = await conversation.run('hi');
  const { exchange, exchanges, invocations } = relay;
  return { answer, exchange, counts: [exchanges.length, invocations.length] };
}

/** Bedrock's counts as AG-UI has them: what comes from a cache or goes into it is part of the input. */
const cachedUsage = { inputTokens: 1320, outputTokens: 7, totalTokens: 1327, cachedInputTokens: 1200 };

/** What {@link cachedUsage} is to each version: 0.0.59 knows no count of what goes into the cache. */
const usages: Readonly<Record<AgUiName, Readonly<Record<string, number>>>> = {
  'ag-ui-client-0-0-45': { ...cachedUsage, cacheWriteInputTokens: 100 },
  'ag-ui-client-0-0-59': cachedUsage,
  'ag-ui-client-1': { ...cachedUsage, cacheWriteInputTokens: 100 },
};

function expectRun(client: AgUiName, name: ScenarioName): AgUiAnswer {
  const { modelCalls, citations, usage, ending } = scenarios[name].expected;
  const nothing: AgUiAnswer = {
    messages: [],
    customs: [],
    steps: [0, 0],
    finish: undefined,
    error: undefined,
    failure: undefined,
  };
  if (ending.type === 'refusal') {
    const { status, message } = ending;
    return { ...nothing, failure: { message: `HTTP ${status}: ${message}`, status, payload: message } };
  }
  const messages: AgUiMessage[] = [];
  const nextId = () => `${requestId}-${messages.length + 1}`;
  for (const { reasoning, signature, text, toolCalls } of modelCalls) {
    if (reasoning !== '') {
      messages.push({ id: nextId(), role: 'reasoning', content: reasoning, encryptedValue: signature });
    }
    if (text !== '' || toolCalls.length > 0) {
      messages.push({
        id: nextId(),
        role: 'assistant',
        ...(text === '' ? {} : { content: text }),
        ...(toolCalls.length === 0 ? {} : { toolCalls: toolCalls.map(describeCall) }),
      });
    }
    for (const { id, result = '', isError } of toolCalls) {
      const content = typeof result === 'string' ? result : JSON.stringify(result);
      // 0.0.45 knows no metadata yet.
      const metadata = isError && client !== 'ag-ui-client-0-0-45' ? { metadata: { isError } } : {};
      messages.push({ id: nextId(), toolCallId: id, role: 'tool', content, ...metadata });
    }
  }
  const steps: AgUiAnswer['steps'] = [modelCalls.length, modelCalls.length];
  const customs = citations.map((value): AgUiAnswer['customs'][number] => ({ name: 'citation', value: { ...value } }));
  if (ending.type === 'error') {
    const { message, code } = ending;
    return { ...nothing, messages, customs, steps, error: { message, code } };
  }
  const { stopReason } = ending;
  if (stopReason !== 'end-turn') customs.push({ name: 'stop-reason', value: stopReason });
  const counts = name === 'usage' ? usages[client] : usage;
  const finish = { threadId, runId: 'run-1', ...(counts === undefined ? {} : { usage: [{ ...counts }] }) };
  return { ...nothing, messages, customs, steps, finish };
}

function describeCall({
  id,
  name,
  inputText,
}: {
  readonly id: string;
  readonly name: string;
  readonly inputText: string;
}) {
  return { id, type: 'function', function: { name, arguments: inputText } };
}

const warn = mock.method(console, 'warn', () => undefined);
// The clients write there what they also reject with.
mock.method(console, 'error', () => undefined);

after(() => {
  // 1.0 warns of each member and each event that it does not know and takes out.
  assert.deepEqual(
    warn.mock.calls.map((call) => call.arguments),
    [],
  );
});

for (const client of agUiNames) {
  describe(`HttpAgent of ${client}`, { skip, concurrency: true }, () => {
    for (const scenario of names) {
      it(`understands the answer, and asks for it once: ${scenario}`, async () => {
        const { answer, counts } = await ask(client, { scenario });
        assert.deepEqual(answer, expectRun(client, scenario));
        assert.deepEqual(counts, [1, 1]);
      });
    }

    for (const scenario of ['tools', 'unicode', 'error-frame'] as const) {
      it(`understands an answer that comes byte by byte: ${scenario}`, async () => {
        const { answer } = await ask(client, { scenario, split: 1 });
        assert.deepEqual(answer, expectRun(client, scenario));
      });
    }

    for (const scenario of ['silent', 'slow-start'] as const) {
      it(`is kept waiting by comments: ${scenario}`, async () => {
        const { exchange } = await ask(client, { scenario });
        const count = scenario === 'silent' ? keepAlivesPerSilence : 1;
        assert.deepEqual(
          exchange.keepAlives,
          Array.from({ length: count }, () => ': keep-alive\n\n'),
        );
      });
    }

    it('lets go of the agent when its user leaves', async () => {
      await using relay = await startClientRelay({ scenario: 'endless' });
      const conversation = await beginConversation(client, `${relay.origin}/ag-ui`, threadId);
      const running = conversation.run('hi');
      while (conversation.messages.length < 2) await nextTurn();
      conversation.abort();
      await relay.invocations[0]?.released;
      const { messages, error, failure } = await running;
      assert.deepEqual([messages.length, error?.['code'], failure], [1, 'abort', undefined]);
      assert.equal(relay.invocations.length, 1);
    });

    it('sends the conversation, which the agent gets in the words of the relay', async () => {
      await using relay = await startClientRelay({ scenario: 'tools' });
      const conversation = await beginConversation(client, `${relay.origin}/ag-ui`, threadId);
      const first = await conversation.run('What is 6*7?');
      const second = await conversation.run([
        { type: 'text', text: 'And' },
        { type: 'text', text: '6*8?' },
      ]);
      assert.deepEqual(
        relay.invocations.map(({ payload }) => payload),
        [
          { prompt: 'What is 6*7?' },
          {
            prompt: 'And\n6*8?',
            messages: [
              { role: 'user', content: 'What is 6*7?' },
              { role: 'assistant', content: 'Let me calculate.' },
              { role: 'assistant', content: scenarios.tools.expected.modelCalls[1]?.text },
            ],
          },
        ],
      );
      const [session, ...others] = new Set(relay.invocations.map(({ runtimeSessionId }) => runtimeSessionId));
      assert.match(session ?? '', /^[\da-f]{64}$/u);
      assert.deepEqual(others, []);
      // The agent calls its tool by the same id again. To a client these are two calls, or the first would grow.
      const rename = (text: string) =>
        text.replaceAll('000000000002', '000000000001').replaceAll(`"${requestId}-tooluse`, '"tooluse');
      assert.deepEqual(JSON.parse(rename(JSON.stringify(second.messages))), first.messages);
    });

    it('shows a sentence for what the agent cannot be given, and does not run it', async () => {
      await using relay = await startClientRelay({ scenario: 'text' });
      const conversation = await beginConversation(client, `${relay.origin}/ag-ui`, threadId);
      const { failure } = await conversation.run(' ');
      const sentence = 'the last message must not be empty';
      assert.deepEqual(failure, { message: `HTTP 400: ${sentence}`, status: 400, payload: sentence });
      assert.equal(relay.invocations.length, 0);
    });
  });
}

describe('the golden files of ag-ui', { skip }, () => {
  const folder = new URL('../golden/', import.meta.url);
  const files = globSync('*.ag-ui.txt', { cwd: folder });
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(readFileSync(new URL(`.${request.url}`, folder)));
  });

  before(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
  after(() => new Promise((resolve) => void server.close(resolve)));

  for (const client of agUiNames) {
    it(`are read and verified without a word by ${client}`, async () => {
      assert.notEqual(files.length, 0);
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      for (const file of files) {
        const conversation = await beginConversation(client, `${url}/${file}`, threadId);
        const { messages, steps, customs, finish, error, failure } = await conversation.run('hi');
        const golden = readFileSync(new URL(file, folder), 'utf8');
        const count = (pattern: RegExp) => Array.from(golden.matchAll(pattern)).length;
        assert.deepEqual(
          {
            messages: messages.length,
            steps,
            customs: customs.length,
            ended: [finish, error].filter((ending) => ending !== undefined).length,
            failure,
          },
          {
            // An assistant's message may have tool calls and no text.
            messages:
              count(/"type":"(?:REASONING_START|TOOL_CALL_RESULT)"/gu) +
              new Set(
                Array.from(
                  golden.matchAll(/"(?:TEXT_MESSAGE_START","messageId|parentMessageId)":"([^"]+)"/gu),
                  ([, id]) => id,
                ),
              ).size,
            steps: [count(/"STEP_STARTED"/gu), count(/"STEP_FINISHED"/gu)],
            customs: count(/"CUSTOM"/gu),
            ended: 1,
            failure: undefined,
          },
          file,
        );
        for (const message of messages) assertCalls(message, file);
      }
    });
  }
});

function assertCalls({ toolCalls }: AgUiMessage, file: string): void {
  for (const call of (toolCalls ?? []) as readonly { readonly function: { readonly arguments: string } }[]) {
    assert.doesNotThrow(
      () => JSON.parse(call.function.arguments === '' ? '{}' : call.function.arguments) as unknown,
      file,
    );
  }
}
