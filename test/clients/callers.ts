import assert from 'node:assert/strict';
import type * as Ai7 from 'ai7';
import { agUiNames, beginConversation } from './ag-ui-clients.ts';
import type { AgUiName } from './ag-ui-clients.ts';
import { chatClients as openAiChatClients } from './openai-chat-clients.ts';
import type { ChatError } from './openai-chat-answer.ts';
import type { OpenAiConnection } from './openai-connection.ts';
import { responsesClients } from './openai-responses-clients.ts';
import { chatClients as pages } from './ui-message-clients.ts';
import type { ChatClient as Page } from './ui-message-clients.ts';

/** A question, and who asks it. */
export interface Call {
  readonly origin: string;
  /** The caller's key; undefined: the caller has none. */
  readonly key: string | undefined;
  /** Default: the client's own name for it, where it makes one up. */
  readonly conversationId?: string | undefined;
}

/** What somebody gets who asks. */
export interface Outcome {
  readonly text: string;
  readonly error: ChatError | undefined;
}

/** How the relay refuses. */
export interface Refusal {
  readonly sentence: string;
  readonly code: string;
  readonly status: number;
}

/** One way to use one client of a relay that knows its callers. The key is where the client's own documentation has it. */
export interface Caller {
  readonly name: string;
  /** It does not ask without a key: here it has `none` where its caller has none. */
  readonly insistsOnKey: boolean;
  /**
   * How long it waits before it asks again, in milliseconds, for each time that it does so by itself where 429 or 503 says
   * `Retry-After: 5`. A client that adds something random to its pauses adds a half.
   */
  readonly pausesMs: Readonly<Record<429 | 503, readonly number[]>>;
  ask(call: Call): Promise<Outcome>;
  /** What the client's user is shown of a refusal. */
  show(refusal: Refusal): ChatError;
}

/**
 * Every client of every protocol. The pages come last, the one that needs a window at the very end: where there is one,
 * OpenAI's clients take themselves to be in a browser, and refuse to hold a key there.
 */
export const callers: readonly Caller[] = [
  ...agUiNames.map(callByAgUi),
  ...openAiChatClients.map((client) => callByOpenAi('chat', client)),
  ...responsesClients.map((client) => callByOpenAi('responses', client)),
  ...pages.map(callFromPage),
];

/** What is given to the transport of the AI SDK and to AG-UI's agent. */
function authorize(key: string | undefined): Readonly<Record<string, string>> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

function callFromPage({ name, aiName, open }: Page): Caller {
  return {
    name,
    insistsOnKey: false,
    pausesMs: { 429: [], 503: [] },
    async ask({ origin, key, conversationId: id }) {
      const transport = { headers: authorize(key) };
      using page = await open({ origin, transport, ...(id === undefined ? {} : { id }) });
      const { chat, finishes, until } = page;
      await chat.sendMessage({ text: 'hi' });
      await until(() => finishes.length === 1 && ['ready', 'error'].includes(page.chat.status));
      const { error } = page.chat;
      const text = page.messages
        .filter(({ role }) => role === 'assistant')
        .flatMap(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : '')))
        .join('');
      if (error === undefined) return { text, error };
      const { message: sentence, statusCode: status } = error as Partial<Ai7.APICallError> & Error;
      return { text, error: { sentence, code: undefined, status } };
    },
    // The transport of 5 and 6 has no status in its errors.
    show: ({ sentence, status }) => ({ sentence, code: undefined, status: aiName === 'ai7' ? status : undefined }),
  };
}

function callByAgUi(name: AgUiName): Caller {
  return {
    name: `HttpAgent of ${name}`,
    insistsOnKey: false,
    pausesMs: { 429: [], 503: [] },
    async ask({ origin, key, conversationId }) {
      const conversation = await beginConversation(name, `${origin}/ag-ui`, conversationId, authorize(key));
      const { messages, error, failure } = await conversation.run('hi');
      assert.equal(error, undefined);
      const text = messages.map(({ role, content }) => (role === 'assistant' ? String(content) : '')).join('');
      if (failure === undefined) return { text, error: undefined };
      const { message, status } = failure;
      assert.ok(typeof status === 'number');
      return { text, error: { sentence: message.replace(`HTTP ${status}: `, ''), code: undefined, status } };
    },
    show: ({ sentence, status }) => ({ sentence, code: undefined, status }),
  };
}

interface OpenAiWay {
  readonly name: string;
  ask(question: OpenAiConnection & { readonly prompt: string }): Promise<Outcome>;
}

function callByOpenAi(api: 'chat' | 'responses', client: OpenAiWay): Caller {
  const isLangChain = client.name.startsWith('@langchain/');
  return {
    name: `${api}: ${client.name}`,
    insistsOnKey: isLangChain,
    pausesMs: isLangChain
      ? { 429: [5_000, 5_000, 6_000, 12_000, 24_000, 48_000], 503: [1_500, 3_000, 6_000, 12_000, 24_000, 48_000] }
      : { 429: [5_000, 5_000], 503: [5_000, 5_000] },
    async ask({ origin, key = null, conversationId }) {
      const headers = conversationId === undefined ? {} : { 'x-session-id': conversationId };
      const { text, error } = await client.ask({ origin, apiKey: key, headers, prompt: 'hi' });
      return { text, error };
    },
    show: ({ sentence, code, status }) => ({
      sentence: isLangChain ? sentence + referToLangChain(status) : sentence,
      code,
      status,
    }),
  };
}

/** What LangChain adds to a sentence (`@langchain/openai` 1.6, `utils/client`). */
function referToLangChain(status: number): string {
  const topic = { 401: 'MODEL_AUTHENTICATION', 429: 'MODEL_RATE_LIMIT' }[status];
  return topic === undefined
    ? ''
    : `\n\nTroubleshooting URL: https://docs.langchain.com/oss/javascript/langchain/errors/${topic}/\n`;
}
