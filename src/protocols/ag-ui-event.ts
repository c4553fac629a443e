import type { Citation, StopReason } from '../events/agent-event.ts';

/** Token counts of a run. Whole numbers, or the clients reject the run; what is read from a cache is part of the input. */
export interface AgUiUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly cachedInputTokens?: number | undefined;
  /** Since 1.0; 0.0.59 drops it. */
  readonly cacheWriteInputTokens?: number | undefined;
}

/**
 * The events that are written: those of `@ag-ui/core` 1.0.0 that 0.0.45 knows, too. Optional members are left out, never
 * null, and no delta is empty. `usage` and `metadata` came later, with 0.0.59 at the latest; 0.0.45 passes them over.
 */
export type AgUiEvent =
  | { readonly type: 'RUN_STARTED'; readonly threadId: string; readonly runId: string }
  | {
      readonly type: 'RUN_FINISHED';
      readonly threadId: string;
      readonly runId: string;
      readonly usage?: readonly AgUiUsage[] | undefined;
    }
  | { readonly type: 'RUN_ERROR'; readonly message: string; readonly code: string }
  | { readonly type: 'STEP_STARTED' | 'STEP_FINISHED'; readonly stepName: string }
  | { readonly type: 'TEXT_MESSAGE_START'; readonly messageId: string; readonly role: 'assistant' }
  | { readonly type: 'TEXT_MESSAGE_END'; readonly messageId: string }
  | { readonly type: 'REASONING_START' | 'REASONING_END'; readonly messageId: string }
  | { readonly type: 'REASONING_MESSAGE_START'; readonly messageId: string; readonly role: 'reasoning' }
  | { readonly type: 'REASONING_MESSAGE_END'; readonly messageId: string }
  | {
      readonly type: 'REASONING_ENCRYPTED_VALUE';
      readonly subtype: 'message';
      readonly entityId: string;
      readonly encryptedValue: string;
    }
  | {
      readonly type: 'TOOL_CALL_START';
      readonly toolCallId: string;
      readonly toolCallName: string;
      readonly parentMessageId: string;
    }
  | { readonly type: 'TOOL_CALL_END'; readonly toolCallId: string }
  | {
      readonly type: 'TOOL_CALL_RESULT';
      readonly messageId: string;
      readonly toolCallId: string;
      readonly content: string;
      readonly role: 'tool';
      /** Where a tool has failed; AG-UI has no other place for that in a stream. */
      readonly metadata?: { readonly isError: true } | undefined;
    }
  | { readonly type: 'CUSTOM'; readonly name: 'citation'; readonly value: Citation }
  | { readonly type: 'CUSTOM'; readonly name: 'stop-reason'; readonly value: StopReason };

/** The events that bring a piece of something, and the member that says of what. */
export interface AgUiDeltas {
  readonly TEXT_MESSAGE_CONTENT: 'messageId';
  readonly REASONING_MESSAGE_CONTENT: 'messageId';
  readonly TOOL_CALL_ARGS: 'toolCallId';
}

/** Writes an event as one message: LF only, because the clients split at `\n\n` (`parseSSEStream`). */
export function writeAgUiEvent(event: AgUiEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** Makes the writer of one block's pieces, of which there are many: all but the piece is the same each time. */
export function createDeltaWriter<Type extends keyof AgUiDeltas>(
  type: Type,
  idName: AgUiDeltas[Type],
  id: string,
): (delta: string) => string {
  const prefix = `data: {"type":"${type}","${idName}":${JSON.stringify(id)},"delta":`;
  return (delta) => `${prefix}${JSON.stringify(delta)}}\n\n`;
}
