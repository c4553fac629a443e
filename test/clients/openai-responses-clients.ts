import assert from 'node:assert/strict';
import type * as LangChainMessages from '@langchain/core/messages';
import type * as LangChainOpenAi from '@langchain/openai';
import type * as OpenAi7 from 'openai7';
import type { Response, ResponseOutputItem, ResponseUsage } from 'openai7/resources/responses/responses';
import { isJsonObject } from '../../src/json.ts';
import { loadClient } from './installed.ts';
import { describeConnection } from './openai-connection.ts';
import type { OpenAiConnection } from './openai-connection.ts';

/** What a client's user gets of an answer. */
export interface ResponsesAnswer {
  /** As it comes, or in one piece. */
  readonly text: string;
  /** The summaries of all reasoning, joined with nothing in between. */
  readonly reasoning: string;
  /** The items as OpenAI has them. */
  readonly output: readonly unknown[];
  /** Undefined where the answer has no end. */
  readonly status: string | undefined;
  /** Why the answer is incomplete. */
  readonly reason: string | undefined;
  readonly usage: ResponsesUsage | undefined;
  /** What the client throws. */
  readonly error: ResponsesError | undefined;
}

export interface ResponsesUsage {
  readonly input: number;
  readonly output: number;
  readonly total: number;
  readonly cached: number;
}

export interface ResponsesError {
  /** What a person reads, without the status that comes before it. */
  readonly sentence: string;
  readonly code: string | undefined;
  /** Undefined where the error came in the stream. */
  readonly status: number | undefined;
}

/** What a client is asked to do. */
export interface ResponsesQuestion extends OpenAiConnection {
  readonly prompt: string;
  readonly signal?: AbortSignal | undefined;
}

/** One way to use one client. */
export interface ResponsesClient {
  readonly name: string;
  readonly isStream: boolean;
  /** Which items are left when an error ends the stream. */
  readonly keeps: 'finished-items' | 'nothing';
  /** The helper of `openai` 4 knows `response.completed` only. */
  readonly seesIncomplete: boolean;
  ask(question: ResponsesQuestion): Promise<ResponsesAnswer>;
}

/** A major of `openai`, as the package of clients calls it. */
export type OpenAiName = 'openai4' | 'openai6' | 'openai7';

const model = 'agent';

/** Creates a client of any major of `openai` for a relay. */
export async function createOpenAi(name: OpenAiName, connection: OpenAiConnection): Promise<OpenAi7.OpenAI> {
  const { OpenAI } = await loadClient<typeof OpenAi7>(name);
  return new OpenAI(describeConnection(connection));
}

/** Creates LangChain's client of the Responses API for a relay. */
export async function createLangChain(connection: OpenAiConnection): Promise<LangChainOpenAi.ChatOpenAI> {
  const { ChatOpenAI } = await loadClient<typeof LangChainOpenAi>('@langchain/openai');
  const { apiKey, maxRetries, ...configuration } = describeConnection(connection);
  return new ChatOpenAI({
    model,
    apiKey,
    useResponsesApi: true,
    configuration,
    ...(maxRetries === undefined ? {} : { maxRetries }),
  });
}

/** Every way in which the clients of `openai-responses` are used. */
export const responsesClients: readonly ResponsesClient[] = [
  ...(['openai4', 'openai6', 'openai7'] as const).flatMap((name) => [
    iterateOpenAi(name),
    helpOpenAi(name),
    createWhole(name),
  ]),
  streamLangChain(),
  invokeLangChain(),
];

function iterateOpenAi(name: OpenAiName): ResponsesClient {
  return {
    name: `${name}, raw stream`,
    isStream: true,
    keeps: 'finished-items',
    seesIncomplete: true,
    async ask(question) {
      const answer = createAnswer();
      try {
        const client = await createOpenAi(name, question);
        const events = await client.responses.create(
          { model, input: question.prompt, stream: true },
          abortedBy(question),
        );
        let sequenceNumber = 0;
        for await (const event of events) {
          assert.equal(event.sequence_number, sequenceNumber++);
          if (event.type === 'response.output_text.delta') answer.text += event.delta;
          if (event.type === 'response.reasoning_summary_text.delta') answer.reasoning += event.delta;
          if (event.type === 'response.output_item.done') answer.output[event.output_index] = event.item;
          if (event.type !== 'response.completed' && event.type !== 'response.incomplete') continue;
          assert.deepEqual(event.response.output, answer.output);
          Object.assign(answer, readEnding(event.response));
        }
        return answer;
      } catch (thrown) {
        return { ...answer, error: readError(thrown) };
      }
    },
  };
}

function helpOpenAi(name: OpenAiName): ResponsesClient {
  return {
    name: `${name}, stream helper`,
    isStream: true,
    keeps: 'nothing',
    seesIncomplete: name !== 'openai4',
    async ask(question) {
      const answer = createAnswer();
      try {
        const client = await createOpenAi(name, question);
        const stream = client.responses.stream({ model, input: question.prompt }, abortedBy(question));
        stream.on('response.output_text.delta', ({ delta }) => void (answer.text += delta));
        stream.on('response.reasoning_summary_text.delta', ({ delta }) => void (answer.reasoning += delta));
        const response = await stream.finalResponse();
        // The helper of `openai` 4 does not add it.
        if (name !== 'openai4') assert.equal(response.output_text, answer.text);
        return { ...answer, ...readEnding(response), output: withoutParsed(response.output) };
      } catch (thrown) {
        return { ...answer, error: readError(thrown) };
      }
    },
  };
}

function createWhole(name: OpenAiName): ResponsesClient {
  return {
    name: `${name}, stream: false`,
    isStream: false,
    keeps: 'nothing',
    seesIncomplete: true,
    async ask(question) {
      try {
        const client = await createOpenAi(name, question);
        const response = await client.responses.create({ model, input: question.prompt }, abortedBy(question));
        const { output, output_text: text } = response;
        return { ...createAnswer(), ...readEnding(response), text, reasoning: joinSummaries(output), output };
      } catch (thrown) {
        return { ...createAnswer(), error: readError(thrown) };
      }
    },
  };
}

function streamLangChain(): ResponsesClient {
  return {
    name: '@langchain/openai, stream',
    isStream: true,
    keeps: 'nothing',
    seesIncomplete: true,
    async ask(question) {
      let whole: LangChainMessages.AIMessageChunk | undefined;
      try {
        const client = await createLangChain(question);
        for await (const chunk of await client.stream(question.prompt, abortedBy(question))) {
          whole = whole === undefined ? chunk : whole.concat(chunk);
        }
        return readLangChain(whole ?? assert.fail('there is no chunk'));
      } catch (thrown) {
        return { ...createAnswer(), text: whole?.text ?? '', error: readError(thrown) };
      }
    },
  };
}

function invokeLangChain(): ResponsesClient {
  return {
    name: '@langchain/openai, invoke',
    isStream: false,
    keeps: 'nothing',
    seesIncomplete: true,
    async ask(question) {
      try {
        const client = await createLangChain(question);
        return readLangChain(await client.invoke(question.prompt, abortedBy(question)));
      } catch (thrown) {
        return { ...createAnswer(), error: readError(thrown) };
      }
    },
  };
}

type Writable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

function createAnswer(): Writable<ResponsesAnswer> & { readonly output: unknown[] } {
  return {
    text: '',
    reasoning: '',
    output: [],
    status: undefined,
    reason: undefined,
    usage: undefined,
    error: undefined,
  };
}

function abortedBy({ signal }: ResponsesQuestion): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function readEnding({
  status,
  incomplete_details: details,
  usage,
}: Response): Pick<ResponsesAnswer, 'status' | 'reason' | 'usage'> {
  return { status, reason: details?.reason, usage: usage ? readUsage(usage) : undefined };
}

function readUsage({ input_tokens, output_tokens, total_tokens, input_tokens_details }: ResponseUsage): ResponsesUsage {
  const { cached_tokens: cached } = input_tokens_details;
  return { input: input_tokens, output: output_tokens, total: total_tokens, cached };
}

function joinSummaries(output: readonly ResponseOutputItem[]): string {
  return output
    .flatMap((item) => (item.type === 'reasoning' ? item.summary : []))
    .map(({ text }) => text)
    .join('');
}

/** The helpers add `parsed`, null where no format was asked for, to every part of a message. */
export function withoutParsed(output: readonly unknown[]): readonly unknown[] {
  return JSON.parse(
    JSON.stringify(output, (name, value: unknown) => (name === 'parsed' && value === null ? undefined : value)),
  ) as readonly unknown[];
}

/** What of LangChain's `AIMessage` and its chunks is read here. */
interface LangChainMessage {
  readonly text: string;
  readonly contentBlocks: readonly object[];
  readonly additional_kwargs: Readonly<Record<string, unknown>>;
  readonly response_metadata: Readonly<Record<string, unknown>>;
  readonly usage_metadata?:
    | {
        readonly input_tokens: number;
        readonly output_tokens: number;
        readonly total_tokens: number;
        readonly input_token_details?: { readonly cache_read?: number };
      }
    | undefined;
}

function readLangChain(message: LangChainMessage): ResponsesAnswer {
  const {
    text,
    contentBlocks,
    additional_kwargs: extras,
    response_metadata: metadata,
    usage_metadata: usage,
  } = message;
  const output = metadata['output'] as readonly ResponseOutputItem[];
  const details: unknown = metadata['incomplete_details'];
  assert.deepEqual(
    extras['tool_outputs'] ?? [],
    output.filter(({ type }) => type === 'mcp_call'),
  );
  assert.ok(usage);
  const { input_tokens: input, output_tokens, total_tokens: total, input_token_details: inputDetails } = usage;
  return {
    text,
    reasoning: contentBlocks.map((block) => ('reasoning' in block ? String(block.reasoning) : '')).join(''),
    output,
    status: String(metadata['status']),
    reason: isJsonObject(details) ? String(details['reason']) : undefined,
    // Where there is none it counts zero.
    usage: total === 0 ? undefined : { input, output: output_tokens, total, cached: inputDetails?.cache_read ?? 0 },
    error: undefined,
  };
}

function readError(thrown: unknown): ResponsesError {
  if (!(thrown instanceof Error) || thrown instanceof assert.AssertionError) throw thrown;
  const { code, status } = thrown as Error & { readonly code?: unknown; readonly status?: unknown };
  return {
    sentence: thrown.message.replace(/^\d{3} /u, ''),
    code: typeof code === 'string' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
  };
}
