import type { RunStopReason, TokenUsage } from '../events/agent-event.ts';
import { countInclusive } from './inclusive-usage.ts';

/** How a response ends. */
export interface ResponseEnding {
  readonly status: 'completed' | 'incomplete' | 'failed';
  /** For `incomplete_details`. */
  readonly reason?: string | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly usage?: TokenUsage | undefined;
}

/** How each end of a run is told. OpenAI names only the first two reasons; the others are the relay's own words. */
export const endings: Readonly<Record<RunStopReason, ResponseEnding>> = {
  'max-tokens': { status: 'incomplete', reason: 'max_output_tokens' },
  'content-filter': { status: 'incomplete', reason: 'content_filter' },
  interrupt: { status: 'incomplete', reason: 'interrupt' },
  cancelled: { status: 'incomplete', reason: 'cancelled' },
  other: { status: 'incomplete', reason: 'other' },
  'end-turn': { status: 'completed' },
  'stop-sequence': { status: 'completed' },
  'tool-use': { status: 'completed' },
};

/** What stays the same from the first event of a response to its last. */
export interface ResponseFrame {
  readonly id: string;
  readonly startedAtMs: number;
  readonly model: string;
  readonly previousResponseId: string | null;
}

/**
 * Creates the writer of a response object: the members that `openai` 4 to 7 declare as always there, as they are for a
 * request that asked for nothing.
 *
 * @returns A function of the ending, undefined while the response is in progress, and of the items as JSON.
 */
export function createResponseFormat(
  frame: ResponseFrame,
): (ending: ResponseEnding | undefined, items: readonly string[]) => string {
  const start = JSON.stringify({
    id: frame.id,
    object: 'response',
    created_at: Math.floor(frame.startedAtMs / 1000),
    model: frame.model,
    previous_response_id: frame.previousResponseId,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
  }).slice(0, -1);
  return (ending, items) => {
    const { status = 'in_progress', reason, error = null, usage } = ending ?? {};
    const rest = JSON.stringify({
      status,
      error,
      incomplete_details: reason === undefined ? null : { reason },
      usage: usage === undefined ? null : formatUsage(usage),
    }).slice(1);
    return `${start},"output":[${items.join(',')}],${rest}`;
  };
}

/** Counts as `ResponseUsage` has them. Bedrock does not say how many tokens of the output were reasoning. */
function formatUsage(usage: TokenUsage): object {
  const { inputTokens, outputTokens, totalTokens, cacheReadTokens = 0, cacheWriteTokens = 0 } = countInclusive(usage);
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cacheReadTokens, cache_write_tokens: cacheWriteTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: totalTokens,
  };
}
