import { RelayError } from '../errors.ts';
import type { TokenUsage } from '../events/agent-event.ts';
import { formatSseComment } from '../sse/sse-format.ts';
import { countInclusive } from './inclusive-usage.ts';
import type { ChatSink } from './openai-chat-writer.ts';
import { describeOpenAiError } from './openai-error.ts';

/** What every object of an answer says of it. */
export interface ChatHead {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
}

/** The last frame of every stream, also after an error (`openai` 7.57, `core/streaming`). */
const done = 'data: [DONE]\n\n';

/**
 * Writes an answer as a stream of `chat.completion.chunk`. Every chunk has `choices`, or the stream helper of `openai`
 * throws; where the usage is asked for, all but its own chunk have `"usage":null` (OpenAI API reference,
 * `stream_options.include_usage`).
 */
export function createChunkSink({ id, created, model }: ChatHead, includeUsage: boolean): ChatSink {
  const head = `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model }).slice(0, -1)},"choices":[`;
  const tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  const deltaHead = `${head}{"index":0,"delta":{`;
  const deltaTail = `},"logprobs":null,"finish_reason":null}${tail}`;
  const contentHead = `${deltaHead}"content":`;
  const reasoningHead = `${deltaHead}"reasoning_content":`;

  return {
    begin: () => `${deltaHead}"role":"assistant","content":""${deltaTail}`,
    addContent: (text) => contentHead + JSON.stringify(text) + deltaTail,
    addReasoning: (text) => reasoningHead + JSON.stringify(text) + deltaTail,
    openToolCall(index, id, name) {
      const call = { index, id, type: 'function', function: { name, arguments: '' } };
      return `${deltaHead}"tool_calls":[${JSON.stringify(call)}]${deltaTail}`;
    },
    addToolInput(index, input) {
      const piece = `{"index":${index},"function":{"arguments":${JSON.stringify(input)}}}`;
      return `${deltaHead}"tool_calls":[${piece}]${deltaTail}`;
    },
    finish({ closing, finishReason, usage, annotations }) {
      const content = closing === '' ? '' : contentHead + JSON.stringify(closing) + deltaTail;
      const sources =
        annotations.length === 0 ? '' : `${deltaHead}"annotations":${JSON.stringify(annotations)}${deltaTail}`;
      const end = `${head}{"index":0,"delta":{},"logprobs":null,"finish_reason":"${finishReason}"}${tail}`;
      const sums =
        includeUsage && usage !== undefined ? `${head}],"usage":${JSON.stringify(describeUsage(usage))}}\n\n` : '';
      return content + sources + end + sums + done;
    },
    fail: (error) => `data: ${JSON.stringify({ error: describeOpenAiError(error) })}\n\n${done}`,
    keepAlive: () => formatSseComment('keep-alive'),
  };
}

/** Holds an answer and writes it as one `chat.completion`; of one that fails it writes nothing. */
export function createCompletionSink({ id, created, model }: ChatHead, maxLength: number): ChatSink {
  const contents: string[] = [];
  const reasonings: string[] = [];
  const calls: { readonly id: string; readonly name: string; readonly inputs: string[] }[] = [];
  let length = 0;

  function hold(pieces: string[] | undefined, text: string): string {
    length += text.length;
    if (length > maxLength) {
      throw new RelayError('agent_answer_too_large', {
        message: `the answer has more than ${maxLength} characters, too many for one piece; ask for a stream`,
      });
    }
    pieces?.push(text);
    return '';
  }

  return {
    begin: () => '',
    addContent: (text) => hold(contents, text),
    addReasoning: (text) => hold(reasonings, text),
    openToolCall(_index, id, name) {
      calls.push({ id, name, inputs: [] });
      return hold(undefined, id + name);
    },
    addToolInput: (index, input) => hold(calls[index]?.inputs, input),
    finish({ closing, finishReason, usage, annotations }) {
      const content = contents.join('') + closing;
      const message = {
        role: 'assistant',
        // A message that only calls tools has no content (OpenAI API reference, `ChatCompletionMessage`).
        content: content === '' && calls.length > 0 ? null : content,
        refusal: null,
        ...(reasonings.length === 0 ? {} : { reasoning_content: reasonings.join('') }),
        ...(annotations.length === 0 ? {} : { annotations }),
        ...(calls.length === 0 ? {} : { tool_calls: calls.map(describeCall) }),
      };
      return JSON.stringify({
        id,
        object: 'chat.completion',
        created,
        model,
        choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
        ...(usage === undefined ? {} : { usage: describeUsage(usage) }),
      });
    },
    fail: () => '',
    keepAlive: () => '',
  };
}

function describeCall({ id, name, inputs }: { readonly id: string; readonly name: string; readonly inputs: string[] }) {
  return { id, type: 'function', function: { name, arguments: inputs.join('') } };
}

/** Token counts as `CompletionUsage` has them: what came from a cache is part of the prompt. */
function describeUsage(usage: TokenUsage) {
  const { inputTokens, outputTokens, totalTokens, cacheReadTokens } = countInclusive(usage);
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: totalTokens,
    ...(cacheReadTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cacheReadTokens } }),
  };
}
