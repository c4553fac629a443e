import { describeCode } from '../../src/errors.ts';
import type { RelayErrorCode } from '../../src/errors.ts';
import type { Citation, StopReason, TokenUsage } from '../../src/events/agent-event.ts';
import { recordings } from '../recordings.ts';

/** What stands in every text of an agent or of AgentCore that no viewer may see. */
export const upstreamSecret = '123456789012';

/** One thing that the agent does. */
export type AgentStep =
  /** Bytes arrive. */
  | { readonly type: 'say'; readonly bytes: Uint8Array }
  /** Nothing comes for as long as it takes the relay to send {@link keepAlivesPerSilence} keep-alives. */
  | { readonly type: 'be-silent' }
  /** Nothing comes until this resolves, or the viewer leaves. Once it has resolved, later runs do not wait. */
  | { readonly type: 'wait-for'; readonly go: Promise<void> }
  /** Nothing more comes, until the viewer leaves. */
  | { readonly type: 'wait-for-leave' }
  /** The connection to AgentCore is cut. */
  | { readonly type: 'break-off' };

/** A tool that the agent calls, with what came of it. */
export interface ExpectedToolCall {
  readonly id: string;
  readonly name: string;
  /** The input as JSON text, exactly as the agent wrote it. */
  readonly inputText: string;
  readonly input: unknown;
  /** Text, or JSON where the tool gave structure. */
  readonly result: unknown;
  readonly isError: boolean;
}

/** One call of the model. */
export interface ExpectedModelCall {
  /** Empty where there is none. */
  readonly reasoning: string;
  /** The model's proof of its reasoning; undefined where there is none. */
  readonly signature: string | undefined;
  /** Empty where there is none. */
  readonly text: string;
  readonly toolCalls: readonly ExpectedToolCall[];
  readonly citations: readonly Citation[];
  /** As the model said it; `other` where it was ended before it could. */
  readonly stopReason: StopReason;
}

/** How an answer ends. */
export type ExpectedEnding =
  | { readonly type: 'run-end'; readonly stopReason: StopReason }
  /** The status was 200 already: the protocol says it in the stream. */
  | { readonly type: 'error'; readonly code: RelayErrorCode; readonly message: string }
  /** Said with a status of its own, before any stream. */
  | { readonly type: 'refusal'; readonly status: number; readonly code: RelayErrorCode; readonly message: string };

/** What a client must understand, in no protocol's words. */
export interface ExpectedAnswer {
  readonly modelCalls: readonly ExpectedModelCall[];
  /** The texts of all model calls, joined with nothing in between. */
  readonly text: string;
  /** The reasoning of all model calls, joined with nothing in between. */
  readonly reasoning: string;
  readonly toolCalls: readonly ExpectedToolCall[];
  readonly citations: readonly Citation[];
  /** Sums over the model calls; undefined where the agent told none. */
  readonly usage: TokenUsage | undefined;
  readonly ending: ExpectedEnding;
}

/** What the agent does when it is invoked, each time anew. */
export interface Scenario {
  /** What the agent answers with. Default: `text/event-stream`. */
  readonly contentType?: string | undefined;
  /** AgentCore's headers come only after the grace time and one keep-alive. */
  readonly isLate?: boolean | undefined;
  /** AgentCore refuses; then there are no steps. */
  readonly refusal?: RelayErrorCode | undefined;
  readonly steps: readonly AgentStep[];
  readonly expected: ExpectedAnswer;
}

/** Keep-alives that a silence is long enough for. */
export const keepAlivesPerSilence = 3;

/** Makes steps of agent bytes, one of each piece: usually a message of the event stream. */
export function say(...pieces: readonly string[]): readonly AgentStep[] {
  return pieces.map((piece) => ({ type: 'say', bytes: new TextEncoder().encode(piece) }));
}

/** Writes one ConverseStream event as Strands Python sends it. */
export function converseMessage(event: Readonly<Record<string, unknown>>): string {
  return `data: ${JSON.stringify({ event })}\n\n`;
}

/** Fills in what most model calls have none of. */
export function expectModelCall(call: Partial<ExpectedModelCall>): ExpectedModelCall {
  return {
    reasoning: '',
    signature: undefined,
    text: '',
    toolCalls: [],
    citations: [],
    stopReason: 'end-turn',
    ...call,
  };
}

/** Fills in what follows from the model calls. */
export function expectAnswer(
  modelCalls: readonly ExpectedModelCall[],
  { usage, ending }: { readonly usage?: TokenUsage | undefined; readonly ending?: ExpectedEnding } = {},
): ExpectedAnswer {
  return {
    modelCalls,
    text: modelCalls.map(({ text }) => text).join(''),
    reasoning: modelCalls.map(({ reasoning }) => reasoning).join(''),
    toolCalls: modelCalls.flatMap(({ toolCalls }) => toolCalls),
    citations: modelCalls.flatMap(({ citations }) => citations),
    usage,
    ending: ending ?? { type: 'run-end', stopReason: modelCalls.at(-1)?.stopReason ?? 'end-turn' },
  };
}

const messageStart = converseMessage({ messageStart: { role: 'assistant' } });
const blockStop = converseMessage({ contentBlockStop: { contentBlockIndex: 0 } });
const delta = (delta: unknown) => converseMessage({ contentBlockDelta: { delta, contentBlockIndex: 0 } });
const text = (text: string) => delta({ text });
const messageStop = (stopReason: string) => converseMessage({ messageStop: { stopReason } });
const metadata = (usage: TokenUsage) => converseMessage({ metadata: { usage, metrics: { latencyMs: 412 } } });

/** A good answer that says nothing but text. */
function sayText(...pieces: readonly string[]): readonly AgentStep[] {
  return say(messageStart, ...pieces.map(text), blockStop, messageStop('end_turn'));
}

/** The steps of a recording of `test/fixtures/agent-streams/`, one for each message. */
export function replay(name: string): readonly AgentStep[] {
  const recording = recordings.find((candidate) => candidate.name === name);
  if (recording === undefined) throw new Error(`there is no recording "${name}"`);
  return say(...new TextDecoder().decode(recording.bytes).split(/(?<=\n\n)/u));
}

function breakDown(code: RelayErrorCode, modelCalls: readonly ExpectedModelCall[]): ExpectedAnswer {
  return expectAnswer(modelCalls, { ending: { type: 'error', code, message: describeCode(code) } });
}

function refuse(code: RelayErrorCode, status: number): Scenario {
  const ending: ExpectedEnding = { type: 'refusal', status, code, message: describeCode(code) };
  return { refusal: code, steps: [], expected: expectAnswer([], { ending }) };
}

const calculatorCall: ExpectedToolCall = {
  id: 'tooluse_Zk3mQ1',
  name: 'calculator',
  inputText: '{"expression": "6*7"}',
  input: { expression: '6*7' },
  result: { expression: '6*7', value: 42 },
  isError: false,
};

const failedCall: ExpectedToolCall = {
  id: 'tooluse_Pf9xW2',
  name: 'calculator',
  inputText: '{"expression": "1/0"}',
  input: { expression: '1/0' },
  result: 'Error: 1/0 is beyond this calculator',
  isError: true,
};

const cachedUsage = {
  inputTokens: 20,
  outputTokens: 7,
  totalTokens: 1327,
  cacheReadInputTokens: 1200,
  cacheWriteInputTokens: 100,
};

const awkwardPieces = [
  'こんにちは',
  '世界 ',
  // One emoji, whose parts come apart where a zero-width joiner holds them together.
  '👩\u200d👩',
  '\u200d👧\u200d👦',
  ' 🏳️',
  '\u200d🌈',
  ' e',
  '\u0301',
  ' naïve',
  '\n',
  '\t',
  '"',
  '\\',
  '</script>',
  '\u2028',
  '\n\n',
  'data: [DONE]',
  '\n\n',
  ' ',
  'fin',
];

const partialText = [expectModelCall({ text: 'The answer begins', stopReason: 'other' })];
const partialSteps = say(messageStart, text('The answer'), text(' begins'));

/** The name of a scenario. */
export type ScenarioName =
  | 'text'
  | 'empty'
  | 'reasoning'
  | 'tools'
  | 'failing-tool'
  | 'citation'
  | 'usage'
  | 'max-tokens'
  | 'content-filter'
  | 'error-frame'
  | 'exception'
  | 'truncated'
  | 'cut'
  | 'cut-tool'
  | 'refused'
  | 'refused-throttled'
  | 'refused-busy'
  | 'refused-failed'
  | 'late-failed'
  | 'silent'
  | 'slow-start'
  | 'unicode'
  | 'endless';

/** The scenarios by name. */
export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  /** Text. Recorded. */
  text: {
    steps: replay('python-text'),
    expected: expectAnswer([expectModelCall({ text: 'Hello from Python 🐍!' })], {
      usage: { inputTokens: 9, outputTokens: 6, totalTokens: 15 },
    }),
  },
  /** Nothing but a beginning and an end. */
  empty: {
    steps: say(messageStart, messageStop('end_turn')),
    expected: expectAnswer([expectModelCall({})]),
  },
  /** Reasoning with its signature, then text. Recorded, Strands TypeScript. */
  reasoning: {
    steps: replay('demo-text'),
    expected: expectAnswer(
      [
        expectModelCall({
          reasoning: 'Someone tells me their name; I shall remember it.',
          signature: 'CMkaZXAfR3fdpbUZR+umcdbhUXuKLYUfnCa45LSk9SI=',
          text: 'I am the offline model: no real model is configured, so I answer by a few rules.\n\nNice to meet you, Ada!',
        }),
      ],
      { usage: { inputTokens: 5, outputTokens: 31, totalTokens: 36 } },
    ),
  },
  /** Reasoning, text, a tool call with its input in pieces, its result, then a second model call. Recorded. */
  tools: {
    steps: replay('python-unfiltered-tool'),
    expected: expectAnswer(
      [
        expectModelCall({
          reasoning: 'The user wants a product.',
          signature: 'EpUBCkYIBxgCKkA=',
          text: 'Let me calculate.',
          toolCalls: [calculatorCall],
          stopReason: 'tool-use',
        }),
        expectModelCall({ text: '6 × 7 = 42. 答えは四十二です 🎉👩\u200d👩\u200d👧 naïve\nfin' }),
      ],
      { usage: { inputTokens: 99, outputTokens: 46, totalTokens: 145 } },
    ),
  },
  /** A tool call that fails, then a second model call. Recorded. */
  'failing-tool': {
    steps: replay('python-unfiltered-tool-error'),
    expected: expectAnswer(
      [
        expectModelCall({ toolCalls: [failedCall], stopReason: 'tool-use' }),
        expectModelCall({ text: 'That did not work.' }),
      ],
      { usage: { inputTokens: 82, outputTokens: 22, totalTokens: 104 } },
    ),
  },
  /** Text with two citations in its middle: of a web page, and of a document, which has no address. */
  citation: {
    steps: say(
      messageStart,
      text('Water boils'),
      delta({
        citation: {
          title: 'Boiling point',
          location: { web: { url: 'https://example.com/boiling', domain: 'example.com' } },
          sourceContent: [{ text: 'At sea level water boils at 100 °C.' }],
        },
      }),
      delta({
        citation: {
          title: 'handbook.pdf',
          location: { documentPage: { documentIndex: 0, start: 4, end: 5 } },
          sourceContent: [{ text: 'Boiling needs' }, { text: 'heat.' }],
        },
      }),
      text(' at 100 °C.'),
      blockStop,
      messageStop('end_turn'),
    ),
    expected: expectAnswer([
      expectModelCall({
        text: 'Water boils at 100 °C.',
        citations: [
          {
            title: 'Boiling point',
            url: 'https://example.com/boiling',
            text: 'At sea level water boils at 100 °C.',
          },
          { title: 'handbook.pdf', text: 'Boiling needs\nheat.' },
        ],
      }),
    ]),
  },
  /** Usage with tokens from and to the prompt cache, which `inputTokens` of Bedrock does not count. */
  usage: {
    steps: [...sayText('Counted.'), ...say(metadata(cachedUsage))],
    expected: expectAnswer([expectModelCall({ text: 'Counted.' })], { usage: cachedUsage }),
  },
  /** The model reaches its limit. */
  'max-tokens': {
    steps: [
      ...say(messageStart, text('Once upon a'), blockStop, messageStop('max_tokens')),
      ...say(metadata({ inputTokens: 4, outputTokens: 3, totalTokens: 7 })),
    ],
    expected: expectAnswer([expectModelCall({ text: 'Once upon a', stopReason: 'max-tokens' })], {
      usage: { inputTokens: 4, outputTokens: 3, totalTokens: 7 },
    }),
  },
  /** A guardrail steps in. */
  'content-filter': {
    steps: say(messageStart, text('I cannot'), blockStop, messageStop('guardrail_intervened')),
    expected: expectAnswer([expectModelCall({ text: 'I cannot', stopReason: 'content-filter' })]),
  },
  /** The agent's own error after some text, whose block is open. Recorded. */
  'error-frame': {
    steps: replay('python-error-mid'),
    expected: breakDown('agent_error', [expectModelCall({ text: 'I was about to say', stopReason: 'other' })]),
  },
  /** An exception of the model in the middle of the text. */
  exception: {
    steps: [
      ...partialSteps,
      ...say(
        converseMessage({ modelStreamErrorException: { message: `the model of account ${upstreamSecret} failed` } }),
      ),
    ],
    expected: breakDown('agent_error', partialText),
  },
  /** A clean end of the connection in the middle of the text. */
  truncated: { steps: partialSteps, expected: breakDown('agent_interrupted', partialText) },
  /** The connection is cut in the middle of the text. */
  cut: {
    steps: [...partialSteps, { type: 'break-off' }],
    expected: breakDown('agent_interrupted', partialText),
  },
  /** A tool call whose input is never finished: the connection is cut in its middle. */
  'cut-tool': {
    steps: [
      ...say(
        messageStart,
        converseMessage({
          contentBlockStart: { start: { toolUse: { toolUseId: 'tooluse_Cut', name: 'search' } }, contentBlockIndex: 0 },
        }),
        delta({ toolUse: { input: '{"query": "bro' } }),
      ),
      { type: 'break-off' },
    ],
    expected: breakDown('agent_interrupted', [
      expectModelCall({
        toolCalls: [
          {
            id: 'tooluse_Cut',
            name: 'search',
            inputText: '{"query": "bro',
            input: undefined,
            result: undefined,
            isError: false,
          },
        ],
        stopReason: 'other',
      }),
    ]),
  },
  /** AgentCore is not available. */
  refused: refuse('agent_unavailable', 503),
  /** AgentCore is asked too often. */
  'refused-throttled': refuse('agent_throttled', 429),
  /** The session still answers another request. */
  'refused-busy': refuse('agent_busy', 409),
  /** The agent fails before it answers. */
  'refused-failed': refuse('agent_failed', 502),
  /** The same, after the status was sent: an error with nothing before it. */
  'late-failed': {
    isLate: true,
    refusal: 'agent_failed',
    steps: [],
    expected: breakDown('agent_failed', []),
  },
  /** Text, a long silence, and more text of the same block. */
  silent: {
    steps: [
      ...say(messageStart, text('Let me see.')),
      { type: 'be-silent' },
      ...say(text(' Here it is.'), blockStop, messageStop('end_turn')),
    ],
    expected: expectAnswer([expectModelCall({ text: 'Let me see. Here it is.' })]),
  },
  /** AgentCore's headers come after the status was sent, then text. */
  'slow-start': {
    isLate: true,
    steps: sayText('Better late', ' than never.'),
    expected: expectAnswer([expectModelCall({ text: 'Better late than never.' })]),
  },
  /** Characters of several bytes or several code points, and all that a format might have to escape, each for itself. */
  unicode: {
    steps: sayText(...awkwardPieces),
    expected: expectAnswer([expectModelCall({ text: awkwardPieces.join('') })]),
  },
  /** Text, then silence until the viewer leaves. */
  endless: {
    steps: [...say(messageStart, ...Array.from({ length: 20 }, () => text('tick '))), { type: 'wait-for-leave' }],
    expected: breakDown('cancelled', [expectModelCall({ text: 'tick '.repeat(20), stopReason: 'other' })]),
  },
};
