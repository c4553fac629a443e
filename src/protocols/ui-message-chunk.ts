/**
 * What the relay writes of the AI SDK's UI message stream: the members that `ai` 5.0, 6.0 and 7.0 all take
 * (`uiMessageChunkSchema`). One chunk of another type ends the stream of an older client.
 */
export type UiMessageChunk =
  | { readonly type: 'start'; readonly messageId: string }
  | { readonly type: 'start-step' | 'finish-step' }
  | { readonly type: 'text-start' | 'text-end'; readonly id: string }
  | { readonly type: 'text-delta'; readonly id: string; readonly delta: string }
  | { readonly type: 'reasoning-start'; readonly id: string }
  | { readonly type: 'reasoning-delta'; readonly id: string; readonly delta: string }
  | { readonly type: 'reasoning-end'; readonly id: string; readonly providerMetadata?: UiProviderMetadata }
  | ({ readonly type: 'tool-input-start'; readonly toolName: string } & AgentToolCall)
  | { readonly type: 'tool-input-delta'; readonly toolCallId: string; readonly inputTextDelta: string }
  | ({ readonly type: 'tool-input-available'; readonly toolName: string; readonly input: unknown } & AgentToolCall)
  | ({
      readonly type: 'tool-input-error';
      readonly toolName: string;
      readonly input: unknown;
      readonly errorText: string;
    } & AgentToolCall)
  | ({ readonly type: 'tool-output-available'; readonly output: unknown } & AgentToolCall)
  | ({ readonly type: 'tool-output-error'; readonly errorText: string } & AgentToolCall)
  | {
      readonly type: 'source-url';
      readonly sourceId: string;
      readonly url: string;
      readonly title?: string;
      readonly providerMetadata?: UiProviderMetadata;
    }
  | {
      readonly type: 'source-document';
      readonly sourceId: string;
      readonly mediaType: string;
      readonly title: string;
      readonly providerMetadata?: UiProviderMetadata;
    }
  | { readonly type: 'data-interrupt'; readonly data: Readonly<Record<string, never>> }
  | { readonly type: 'message-metadata'; readonly messageMetadata: UiMessageMetadata }
  | { readonly type: 'error'; readonly errorText: string }
  | {
      readonly type: 'finish';
      readonly finishReason: UiFinishReason;
      readonly messageMetadata?: UiMessageMetadata;
    };

/** The finish reasons that all majors know. */
export type UiFinishReason = 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';

/** What the client does not read but keeps, under the name of who can. */
export type UiProviderMetadata = Record<string, Record<string, string>>;

/**
 * Marks a call as the agent's own: its name is not known to the page (`dynamic`), and the page is not to run it
 * (`providerExecuted`), so that `onToolCall` is not called and nothing is sent again for it.
 */
interface AgentToolCall {
  readonly toolCallId: string;
  readonly dynamic: true;
  readonly providerExecuted: true;
}

/** `message.metadata` of an answer. */
export interface UiMessageMetadata {
  /** What the model said it used; absent where it said nothing. */
  readonly usage?: UiMessageUsage;
  /** Why the answer failed: `useChat` forgets its own `error` with the next message, and never had a code. */
  readonly error?: { readonly code: string; readonly message: string };
}

/**
 * Token counts as `ai` 6 and 7 name them in `LanguageModelUsage`, what was read from a cache or written to it being part of
 * the input. Both `…Details` are always there, as that type says.
 */
export interface UiMessageUsage {
  readonly inputTokens: number;
  readonly inputTokenDetails: {
    readonly noCacheTokens?: number;
    readonly cacheReadTokens?: number;
    readonly cacheWriteTokens?: number;
  };
  readonly outputTokens: number;
  /** Empty: Bedrock does not count reasoning apart. */
  readonly outputTokenDetails: Readonly<Record<string, never>>;
  readonly totalTokens: number;
  /** What `ai` 5 calls `cacheReadTokens`. */
  readonly cachedInputTokens?: number;
}

/** Writes a chunk as one message of the event stream. */
export function formatChunk(chunk: UiMessageChunk): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
