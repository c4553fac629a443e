import { RelayError } from '../errors.ts';
import { readChatRequest } from './openai-chat-request.ts';
import { createChunkSink, createCompletionSink } from './openai-chat-sinks.ts';
import { createChatWriter } from './openai-chat-writer.ts';
import { describeOpenAiError, renderOpenAiError } from './openai-error.ts';
import type { DirectAnswer, EventFormat, EventProtocol } from './protocol.ts';

/** What {@link createOpenAiChat} can be told. */
export interface OpenAiChatOptions {
  /**
   * What `GET /v1/models` lists. It only names things: every request reaches the one agent, whatever model it asks for. The
   * first one is the answer's model where a request names none. Default: `['agent']`.
   */
  readonly models?: readonly string[] | undefined;
  /**
   * Where the agent's reasoning goes: `field` is `reasoning_content` beside `content`, as DeepSeek has it and the AI SDK and
   * LangChain read it; `tags` is `<think>…</think>` within `content`, for user interfaces that look for it; `off` leaves it
   * out. Default: `field`.
   */
  readonly reasoning?: 'field' | 'tags' | 'off' | undefined;
  /**
   * What becomes of the agent's own tool calls, which it has made itself by the time that the client hears of them: `hide`
   * leaves them out; `reasoning` tells of calls and results where the reasoning goes; `expose` gives them as `tool_calls`.
   * Beware of `expose`: a client that runs tools (`runTools` of `openai`, `streamText` of `ai` with `tools`) runs them once
   * more and comes back with their results, which is refused, because the agent has its own. Default: `hide`.
   */
  readonly tools?: 'hide' | 'reasoning' | 'expose' | undefined;
  /**
   * Longest answer that is held for a request without `stream`, in characters (UTF-16 units), reasoning included. A longer
   * one is the error `agent_answer_too_large`. Default: 8 Mi (8,388,608). A stream has no limit.
   */
  readonly maxAnswerLength?: number | undefined;
}

const path = '/v1/chat/completions';
const modelsPath = '/v1/models';
const json = { 'content-type': 'application/json; charset=utf-8' } as const;

/**
 * OpenAI's Chat Completions: `POST /v1/chat/completions`, streamed or whole, and `GET /v1/models`. For `openai`,
 * LangChain's `ChatOpenAI`, `@ai-sdk/openai-compatible` and all that speak it; checked with the real clients in
 * `test/clients/openai-chat.test.ts`.
 */
export function createOpenAiChat(options: OpenAiChatOptions = {}): EventProtocol {
  const { models = ['agent'], reasoning = 'field', tools = 'hide', maxAnswerLength = 8 * 1_024 * 1_024 } = options;
  const [defaultModel = 'agent'] = models;

  function createFormat(model: string, isStream: boolean, includeUsage: boolean): EventFormat {
    return {
      kind: 'events',
      headers: isStream ? { 'content-type': 'text/event-stream; charset=utf-8' } : json,
      isWhole: !isStream,
      hasKeepAlive: isStream,
      createWriter({ requestId, startedAtMs }) {
        const head = { id: `chatcmpl-${requestId}`, created: Math.floor(startedAtMs / 1_000), model };
        const sink = isStream ? createChunkSink(head, includeUsage) : createCompletionSink(head, maxAnswerLength);
        return createChatWriter({ reasoning, tools }, sink);
      },
    };
  }

  return {
    name: 'openai-chat',
    ...createFormat(defaultModel, true, true),
    endpoint: {
      path,
      methods: ['POST'],
      read(request, { maxPromptLength }) {
        const { call, model = defaultModel, isStream, includeUsage } = readChatRequest(request, maxPromptLength);
        return { ...call, format: createFormat(model, isStream, includeUsage) };
      },
    },
    renderError: renderOpenAiError,
    answerDirectly: (request) => answerModels(request, models),
  };
}

/** Lists the models (OpenAI API reference, "List models", "Retrieve model"). They were made at no time that is known. */
function answerModels(
  { method, path }: { readonly method: string; readonly path: string },
  models: readonly string[],
): DirectAnswer | undefined {
  if (path !== modelsPath && !path.startsWith(`${modelsPath}/`)) return undefined;
  const allow = 'GET, HEAD, OPTIONS';
  if (method === 'OPTIONS') return { status: 204, headers: { allow }, body: '' };
  if (method !== 'GET' && method !== 'HEAD') throw new RelayError('method_not_allowed', { allow });
  if (path === modelsPath) {
    return { status: 200, headers: json, body: JSON.stringify({ object: 'list', data: models.map(describeModel) }) };
  }
  const id = decode(path.slice(modelsPath.length + 1));
  if (id !== undefined && models.includes(id)) {
    return { status: 200, headers: json, body: JSON.stringify(describeModel(id)) };
  }
  const error = describeOpenAiError(
    { code: 'model_not_found', message: 'there is no model of this name' },
    'invalid_request_error',
  );
  return { status: 404, headers: json, body: JSON.stringify({ error }) };
}

function describeModel(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'agentcore-relay' };
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
