import type * as AiSdk7 from 'ai7';
import type * as OpenAi7 from 'openai7';
import { isJsonObject } from '../../src/json.ts';

/** What a client's user gets of an answer, in no client's words. */
export interface ChatAnswer {
  readonly text: string;
  /** Empty where there is none. */
  readonly reasoning: string;
  /** As OpenAI calls it; undefined where the answer has no end. */
  readonly finishReason: string | undefined;
  readonly usage: ChatUsage | undefined;
  /** The addresses of the sources. */
  readonly sources: readonly string[];
  /** What the client throws, or gives as an error. */
  readonly error: ChatError | undefined;
}

export interface ChatUsage {
  readonly input: number;
  readonly output: number;
  readonly cached: number;
}

export interface ChatError {
  /** What a person reads, without the status that some clients put before it. */
  readonly sentence: string;
  readonly code: string | undefined;
  /** Undefined where the error came in the stream. */
  readonly status: number | undefined;
}

/** An answer of which more is still to come. */
export interface GrowingAnswer extends ChatAnswer {
  text: string;
  reasoning: string;
  finishReason: string | undefined;
  usage: ChatUsage | undefined;
  readonly sources: string[];
}

/** An answer of which nothing has come. */
export function createAnswer(): GrowingAnswer {
  return { text: '', reasoning: '', finishReason: undefined, usage: undefined, sources: [], error: undefined };
}

/** Reads a whole answer of `openai`; its usage stands elsewhere. */
export function readChoice(choice: OpenAi7.OpenAI.ChatCompletion.Choice | undefined): ChatAnswer {
  if (choice === undefined) throw new Error('the completion has no choice');
  const { message, finish_reason: finishReason } = choice;
  return {
    text: message.content ?? '',
    reasoning: readReasoning(message),
    finishReason,
    usage: undefined,
    sources: readSources(message),
    error: undefined,
  };
}

/** Reads what no type of `openai` has: the reasoning. */
export function readReasoning(message: object): string {
  const reasoning = 'reasoning_content' in message ? message.reasoning_content : '';
  if (typeof reasoning !== 'string') throw new TypeError('the reasoning is no text');
  return reasoning;
}

/** Reads the addresses of the sources. */
export function readSources(message: object): string[] {
  const annotations = 'annotations' in message && Array.isArray(message.annotations) ? message.annotations : [];
  return annotations.map((annotation: { url_citation: { url: string } }) => annotation.url_citation.url);
}

/** Reads the usage of `openai`. */
export function readUsage(usage: OpenAi7.OpenAI.CompletionUsage): ChatUsage {
  const { prompt_tokens: input, completion_tokens: output, prompt_tokens_details: details } = usage;
  return { input, output, cached: details?.cached_tokens ?? 0 };
}

/** Reads the usage of the AI SDK; undefined where the answer told none. */
export function readAiUsage({
  inputTokens,
  outputTokens,
  inputTokenDetails,
}: AiSdk7.LanguageModelUsage): ChatUsage | undefined {
  return inputTokens === undefined
    ? undefined
    : { input: inputTokens, output: outputTokens ?? 0, cached: inputTokenDetails.cacheReadTokens ?? 0 };
}

/** Adds a message of LangChain's, or a piece of one. */
export function addLangChain(answer: GrowingAnswer, message: LangChainMessage): void {
  const { content, additional_kwargs: extras, response_metadata: metadata, usage_metadata: usage } = message;
  if (typeof content !== 'string') throw new TypeError('the content is no string');
  answer.text += content;
  answer.reasoning += readReasoning(extras);
  if (typeof metadata['finish_reason'] === 'string') answer.finishReason = metadata['finish_reason'];
  // Of a whole answer without usage it makes usage without numbers.
  if (usage?.input_tokens === undefined) return;
  const { input_tokens: input, output_tokens: output, input_token_details: details } = usage;
  answer.usage = { input, output, cached: details?.cache_read ?? 0 };
}

/** What of LangChain's `AIMessage` and its chunks is read here. */
export interface LangChainMessage {
  readonly content: unknown;
  readonly additional_kwargs: Readonly<Record<string, unknown>>;
  readonly response_metadata: Readonly<Record<string, unknown>>;
  readonly usage_metadata?:
    | {
        readonly input_tokens: number | undefined;
        readonly output_tokens: number;
        readonly input_token_details?: { readonly cache_read?: number };
      }
    | undefined;
}

/** Reads what all of the clients' errors have in common, each in its own place. */
export function readError(thrown: unknown): ChatError {
  if (!(thrown instanceof Error)) throw new TypeError('what was thrown is no error');
  // The AI SDK wraps what is left after its retries.
  const last = 'lastError' in thrown && thrown.lastError instanceof Error ? thrown.lastError : thrown;
  const fields = new Map<string, unknown>(Object.entries(last));
  const data = fields.get('data');
  const inner = isJsonObject(data) && isJsonObject(data['error']) ? data['error'] : {};
  const code = fields.get('code') ?? inner['code'];
  const status = fields.get('status') ?? fields.get('statusCode');
  return {
    sentence: last.message.replace(/^\d{3} /u, ''),
    code: typeof code === 'string' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
  };
}
