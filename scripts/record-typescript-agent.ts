/**
 * A TypeScript agent on `@strands-agents/sdk` and `bedrock-agentcore`, for `record-fixtures.ts` to record.
 *
 * The model is scripted; everything between it and the wire is the SDKs' own.
 * Run: `node scripts/record-typescript-agent.ts <variant> <port>`.
 */
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, Model, tool } from '@strands-agents/sdk';
import type { BaseModelConfig, ModelStreamEvent } from '@strands-agents/sdk';
import { BedrockAgentCoreApp } from 'bedrock-agentcore/runtime';
import { z } from 'zod';

const [variant = '', port = ''] = process.argv.slice(2);

type Call = readonly (ModelStreamEvent | Error)[];

/** Plays one list of model events per model call. */
class ScriptedModel extends Model {
  readonly #calls: Call[];

  constructor(calls: readonly Call[]) {
    super();
    this.#calls = [...calls];
  }

  override updateConfig(): void {}

  override getConfig(): BaseModelConfig {
    return { modelId: 'scripted', contextWindowLimit: 200_000 };
  }

  override async *stream(): AsyncGenerator<ModelStreamEvent> {
    for (const event of this.#calls.shift() ?? []) {
      if (event instanceof Error) throw event;
      await sleep(2);
      yield event;
    }
  }
}

const messageStart: ModelStreamEvent = { type: 'modelMessageStartEvent', role: 'assistant' };

type Delta = Extract<ModelStreamEvent, { type: 'modelContentBlockDeltaEvent' }>['delta'];

function deltas(...parts: readonly Delta[]): ModelStreamEvent[] {
  return parts.map((delta) => ({ type: 'modelContentBlockDeltaEvent', delta }));
}

function block(...parts: readonly Delta[]): ModelStreamEvent[] {
  return [{ type: 'modelContentBlockStartEvent' }, ...deltas(...parts), { type: 'modelContentBlockStopEvent' }];
}

function text(...parts: readonly string[]): ModelStreamEvent[] {
  return block(...parts.map((part) => ({ type: 'textDelta', text: part }) as const));
}

function toolUse(toolUseId: string, name: string, ...parts: readonly string[]): ModelStreamEvent[] {
  return [
    { type: 'modelContentBlockStartEvent', start: { type: 'toolUseStart', name, toolUseId } },
    ...deltas(...parts.map((input) => ({ type: 'toolUseInputDelta', input }) as const)),
    { type: 'modelContentBlockStopEvent' },
  ];
}

function ending(stopReason: 'endTurn' | 'toolUse', inputTokens: number, outputTokens: number): ModelStreamEvent[] {
  return [
    { type: 'modelMessageStopEvent', stopReason },
    {
      type: 'modelMetadataEvent',
      usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
      metrics: { latencyMs: 412 },
    },
  ];
}

const textTurn = [[messageStart, ...text('Hello', ' from', ' TypeScript', ' 🐢', '!'), ...ending('endTurn', 9, 6)]];

const toolTurn = [
  [
    messageStart,
    ...block(
      { type: 'reasoningContentDelta', text: 'The user wants ' },
      { type: 'reasoningContentDelta', text: 'a product.' },
      { type: 'reasoningContentDelta', signature: 'EpUBCkYIBxgCKkA=' },
    ),
    ...text('Let me ', 'calculate.'),
    ...toolUse('tooluse_Zk3mQ1', 'calculator', '', '{"expre', 'ssion": "6*7"}'),
    ...ending('toolUse', 38, 27),
  ],
  [
    messageStart,
    ...text('6', ' × 7', ' = 42.', ' 答え', 'は四十二', 'です 🎉', '👩‍👩‍👧', ' naïve', '\nfin'),
    ...ending('endTurn', 61, 19),
  ],
];

const failingToolTurn = [
  [messageStart, ...toolUse('tooluse_Pf9xW2', 'calculator', '', '{"expression": "1/0"}'), ...ending('toolUse', 30, 14)],
  [messageStart, ...text('That did not ', 'work.'), ...ending('endTurn', 52, 8)],
];

const redactedTurn = [
  [
    messageStart,
    ...block({ type: 'reasoningContentDelta', redactedContent: Uint8Array.of(0x93, 0x01, 0x6f, 0x70, 0xff) }),
    ...text('I may not ', 'say why.'),
    ...ending('endTurn', 12, 7),
  ],
];

// Strands' Bedrock model passes on what Bedrock sends, and that starts no block but those of tools.
const bedrockTurn = toolTurn.map((call) =>
  call.filter((event) => event.type !== 'modelContentBlockStartEvent' || event.start !== undefined),
);

// What an agent may really say of itself: a role's ARN with its account id. The block stays open.
const failingTurn = [
  [
    messageStart,
    ...text('I was about ', 'to say').slice(0, -1),
    new Error('AccessDeniedException: arn:aws:iam::123456789012:role/agent may not invoke the model'),
  ],
];

const calculator = tool({
  name: 'calculator',
  description: 'Works out an arithmetic expression.',
  inputSchema: z.object({ expression: z.string() }),
  callback: ({ expression }) => {
    if (expression !== '6*7') throw new Error(`${expression} is beyond this calculator`);
    return { expression, value: 42 };
  },
});

function agentOf(calls: readonly Call[]): Agent {
  return new Agent({ model: new ScriptedModel(calls), tools: [calculator], printer: false, retryStrategy: null });
}

async function* modelEventsAndResults(calls: readonly Call[]): AsyncGenerator<object> {
  for await (const event of agentOf(calls).stream('what is 6*7?')) {
    if (event.type === 'modelStreamUpdateEvent' || event.type === 'toolResultEvent') yield event;
  }
}

async function* everything(calls: readonly Call[]): AsyncGenerator<object> {
  yield* agentOf(calls).stream('what is 6*7?');
}

async function* textOf(calls: readonly Call[]): AsyncGenerator<string> {
  for await (const event of agentOf(calls).stream('what is 6*7?')) {
    if (event.type !== 'modelStreamUpdateEvent' || event.event.type !== 'modelContentBlockDeltaEvent') continue;
    if (event.event.delta.type === 'textDelta') yield event.event.delta.text;
  }
}

async function* dataFrames(calls: readonly Call[]): AsyncGenerator<object> {
  for await (const data of textOf(calls)) yield { data };
}

async function bufferedText(calls: readonly Call[]): Promise<string> {
  let answer = '';
  for await (const part of textOf(calls)) answer += part;
  return answer;
}

/** Of `@ag-ui/aws-strands`, which record-fixtures.ts installs apart from all else. */
const agUiFolder = join(import.meta.dirname, '../.cache/ag-ui/node_modules/@ag-ui/aws-strands/dist');

type StrandsAgent = new (options: { agent: Agent; name: string; config: { emitChunkEvents: boolean } }) => object;
type CreateStrandsApp = (agent: object, options: { path: string }) => Promise<RequestListener>;

async function serveAgUi(calls: readonly Call[], emitChunkEvents: boolean): Promise<void> {
  const { StrandsAgent } = (await import(join(agUiFolder, 'index.mjs'))) as { StrandsAgent: StrandsAgent };
  const { createStrandsApp } = (await import(join(agUiFolder, 'server.mjs'))) as {
    createStrandsApp: CreateStrandsApp;
  };
  const agent = new StrandsAgent({ agent: agentOf(calls), name: 'recorded', config: { emitChunkEvents } });
  const app = await createStrandsApp(agent, { path: '/invocations' });
  createServer(app).listen(Number(port), '127.0.0.1');
}

const variants: Readonly<Record<string, () => unknown>> = {
  text: () => modelEventsAndResults(textTurn),
  tool: () => modelEventsAndResults(toolTurn),
  'bedrock-tool': () => modelEventsAndResults(bedrockTurn),
  'tool-error': () => modelEventsAndResults(failingToolTurn),
  redacted: () => modelEventsAndResults(redactedTurn),
  'error-mid': () => modelEventsAndResults(failingTurn),
  'unfiltered-text': () => everything(textTurn),
  'unfiltered-tool': () => everything(toolTurn),
  'unfiltered-error-mid': () => everything(failingTurn),
  strings: () => textOf(toolTurn),
  'data-frames': () => dataFrames(toolTurn),
  'buffered-json': async () => ({ result: await bufferedText(toolTurn) }),
  'buffered-message': async () => (await agentOf(toolTurn).invoke('what is 6*7?')).lastMessage,
  'buffered-text': () => bufferedText(toolTurn),
  'error-before': () => {
    throw new Error('the agent is not configured');
  },
};

const agUiVariants: Readonly<Record<string, () => Promise<void>>> = {
  'ag-ui-tool': () => serveAgUi(toolTurn, false),
  'ag-ui-chunks': () => serveAgUi(toolTurn, true),
};

const answer = variants[variant];
const serve = agUiVariants[variant];
if (answer !== undefined) {
  new BedrockAgentCoreApp({
    invocationHandler: { process: () => answer() },
    config: { logging: { enabled: false } },
  }).run({ port: Number(port), host: '127.0.0.1' });
} else if (serve !== undefined) {
  await serve();
} else {
  const known = Object.keys({ ...variants, ...agUiVariants });
  throw new Error(`unknown variant "${variant}"; known are ${known.join(', ')}`);
}
