import type * as AiSdk7 from 'ai7';
import type * as OpenAiCompatible from '@ai-sdk/openai-compatible';
import type * as LangChainOpenAi from '@langchain/openai';
import type * as OpenAi7 from 'openai7';
import { loadClient } from './installed.ts';
import {
  addLangChain,
  createAnswer,
  readAiUsage,
  readChoice,
  readError,
  readReasoning,
  readSources,
  readUsage,
} from './openai-chat-answer.ts';
import type { ChatAnswer, ChatError } from './openai-chat-answer.ts';
import { describeConnection } from './openai-connection.ts';
import type { OpenAiConnection } from './openai-connection.ts';

/** What a client is asked to do. */
export interface ChatQuestion extends OpenAiConnection {
  readonly prompt: string;
  readonly signal?: AbortSignal | undefined;
}

/** One way to use one client. */
export interface ChatClient {
  readonly name: string;
  readonly isStream: boolean;
  /** What it makes of `reasoning_content`: the helper of `openai` keeps what came last of a member that it does not know. */
  readonly reasoning: 'all' | 'last-piece';
  readonly readsSources: boolean;
  ask(question: ChatQuestion): Promise<ChatAnswer>;
}

/** A model of the AI SDK. */
export type CompatibleModel = ReturnType<ReturnType<typeof OpenAiCompatible.createOpenAICompatible>['chatModel']>;

/** A major of `openai`, as the package of clients calls it. */
export type OpenAiName = 'openai4' | 'openai6' | 'openai7';
type OpenAiClient = OpenAi7.OpenAI;

const model = 'agent';

/** Creates a client of any major of `openai` for a relay. */
export async function createOpenAi(name: OpenAiName, connection: OpenAiConnection): Promise<OpenAiClient> {
  const { OpenAI } = await loadClient<typeof OpenAi7>(name);
  return new OpenAI(describeConnection(connection));
}

/** Creates LangChain's client for a relay. */
export async function createChatOpenAi(connection: OpenAiConnection): Promise<LangChainOpenAi.ChatOpenAI> {
  const { ChatOpenAI } = await loadClient<typeof LangChainOpenAi>('@langchain/openai');
  const { apiKey, maxRetries, ...configuration } = describeConnection(connection);
  return new ChatOpenAI({ model, apiKey, configuration, ...(maxRetries === undefined ? {} : { maxRetries }) });
}

/** Creates the AI SDK's provider for a relay. */
export async function createCompatibleModel({
  origin,
  apiKey,
  headers = {},
}: OpenAiConnection): Promise<CompatibleModel> {
  const { createOpenAICompatible } = await loadClient<typeof OpenAiCompatible>('@ai-sdk/openai-compatible');
  return createOpenAICompatible({
    name: 'relay',
    baseURL: `${origin}/v1`,
    includeUsage: true,
    headers,
    ...(typeof apiKey === 'string' ? { apiKey } : {}),
  })(model);
}

/** Every way in which the clients of `openai-chat` are used. */
export const chatClients: readonly ChatClient[] = [
  ...(['openai4', 'openai6', 'openai7'] as const).flatMap((name) => [
    iterateOpenAi(name),
    helpOpenAi(name),
    completeOpenAi(name),
  ]),
  streamLangChain(),
  invokeLangChain(),
  streamAiSdk(),
  generateAiSdk(),
];

function iterateOpenAi(name: OpenAiName): ChatClient {
  return {
    name: `${name}, raw stream`,
    isStream: true,
    reasoning: 'all',
    readsSources: true,
    async ask(question) {
      const answer = createAnswer();
      try {
        const client = await createOpenAi(name, question);
        const stream = await client.chat.completions.create(
          {
            model,
            messages: [{ role: 'user', content: question.prompt }],
            stream: true,
            stream_options: { include_usage: true },
          },
          abortedBy(question),
        );
        for await (const { choices, usage } of stream) {
          if (usage) answer.usage = readUsage(usage);
          for (const { delta, finish_reason: finishReason } of choices) {
            answer.text += delta.content ?? '';
            answer.reasoning += readReasoning(delta);
            answer.sources.push(...readSources(delta));
            answer.finishReason = finishReason ?? answer.finishReason;
          }
        }
        return answer;
      } catch (thrown) {
        return { ...answer, error: readError(thrown) };
      }
    },
  };
}

function helpOpenAi(name: OpenAiName): ChatClient {
  return {
    name: `${name}, stream helper`,
    isStream: true,
    reasoning: 'last-piece',
    readsSources: true,
    async ask(question) {
      const answer = createAnswer();
      try {
        const client = await createOpenAi(name, question);
        // The helper was in `beta` until 5.0.
        const { completions } = name === 'openai4' ? (client.beta as unknown as OpenAiClient).chat : client.chat;
        const stream = completions.stream(
          {
            model,
            messages: [{ role: 'user', content: question.prompt }],
            stream_options: { include_usage: true },
          },
          abortedBy(question),
        );
        stream.on('content', (delta) => void (answer.text += delta));
        const { choices, usage } = await stream.finalChatCompletion();
        return { ...readChoice(choices[0]), usage: usage ? readUsage(usage) : undefined };
      } catch (thrown) {
        return { ...answer, error: readError(thrown) };
      }
    },
  };
}

function completeOpenAi(name: OpenAiName): ChatClient {
  return {
    name: `${name}, stream: false`,
    isStream: false,
    reasoning: 'all',
    readsSources: true,
    async ask(question) {
      try {
        const client = await createOpenAi(name, question);
        const { choices, usage } = await client.chat.completions.create(
          { model, messages: [{ role: 'user', content: question.prompt }] },
          abortedBy(question),
        );
        return { ...readChoice(choices[0]), usage: usage ? readUsage(usage) : undefined };
      } catch (thrown) {
        return { ...createAnswer(), error: readError(thrown) };
      }
    },
  };
}

function streamLangChain(): ChatClient {
  return {
    name: '@langchain/openai, stream',
    isStream: true,
    reasoning: 'all',
    readsSources: false,
    async ask(question) {
      const answer = createAnswer();
      try {
        const client = await createChatOpenAi(question);
        for await (const message of await client.stream(question.prompt, abortedBy(question))) {
          addLangChain(answer, message);
        }
        return answer;
      } catch (thrown) {
        return { ...answer, error: readError(thrown) };
      }
    },
  };
}

function invokeLangChain(): ChatClient {
  return {
    name: '@langchain/openai, invoke',
    isStream: false,
    reasoning: 'all',
    readsSources: false,
    async ask(question) {
      const answer = createAnswer();
      try {
        const client = await createChatOpenAi(question);
        addLangChain(answer, await client.invoke(question.prompt, abortedBy(question)));
        return answer;
      } catch (thrown) {
        return { ...answer, error: readError(thrown) };
      }
    },
  };
}

function streamAiSdk(): ChatClient {
  return {
    name: '@ai-sdk/openai-compatible, streamText',
    isStream: true,
    reasoning: 'all',
    readsSources: false,
    async ask(question) {
      const { streamText } = await loadClient<typeof AiSdk7>('ai7');
      const answer = createAnswer();
      let error: ChatError | undefined;
      const result = streamText({
        model: await createCompatibleModel(question),
        prompt: question.prompt,
        ...limitAiSdk(question),
        // By default it writes what goes wrong to the console.
        onError: () => undefined,
      });
      for await (const part of result.stream) {
        if (part.type === 'text-delta') answer.text += part.text;
        if (part.type === 'reasoning-delta') answer.reasoning += part.text;
        if (part.type === 'error') error = readError(part.error);
        if (part.type === 'abort') error = { sentence: 'aborted', code: undefined, status: undefined };
        if (part.type === 'finish' && part.finishReason !== 'error') {
          answer.finishReason = part.finishReason.replaceAll('-', '_');
          answer.usage = readAiUsage(part.totalUsage);
        }
      }
      return { ...answer, error };
    },
  };
}

function generateAiSdk(): ChatClient {
  return {
    name: '@ai-sdk/openai-compatible, generateText',
    isStream: false,
    reasoning: 'all',
    readsSources: false,
    async ask(question) {
      const { generateText } = await loadClient<typeof AiSdk7>('ai7');
      try {
        const { text, reasoningText, finishReason, totalUsage } = await generateText({
          model: await createCompatibleModel(question),
          prompt: question.prompt,
          ...limitAiSdk(question),
        });
        return {
          ...createAnswer(),
          text,
          reasoning: reasoningText ?? '',
          finishReason: finishReason.replaceAll('-', '_'),
          usage: readAiUsage(totalUsage),
        };
      } catch (thrown) {
        return { ...createAnswer(), error: readError(thrown) };
      }
    },
  };
}

function abortedBy({ signal }: ChatQuestion): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function limitAiSdk({ signal, maxRetries }: ChatQuestion): { readonly abortSignal?: AbortSignal; maxRetries?: number } {
  return {
    ...(signal === undefined ? {} : { abortSignal: signal }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
  };
}
