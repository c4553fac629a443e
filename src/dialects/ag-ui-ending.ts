import type { StopReason, TokenUsage } from '../events/agent-event.ts';
import type { Emit } from '../events/order.ts';
import { isJsonObject } from '../json.ts';

/** Reads why a run ended well; undefined for success, which is what any unknown outcome means (AG-UI 1.0, `outcome`). */
export function readOutcome(outcome: unknown): StopReason | undefined {
  if (!isJsonObject(outcome)) return undefined;
  const { type, pendingToolCallIds } = outcome;
  if (type === 'interrupt' || type === 'cancelled') return type;
  return Array.isArray(pendingToolCallIds) && pendingToolCallIds.length > 0 ? 'tool-use' : undefined;
}

/**
 * Reads AG-UI's `usage`, a list with an entry for each model of the run, under the names of Bedrock's ConverseStream.
 * AG-UI 1.0 counts what was read from a cache, or written to one, as part of the input (`TokenUsage` of its
 * specification); ConverseStream counts it beside the input.
 */
export function readUsage(usage: unknown, emit: Emit): void {
  if (!Array.isArray(usage)) return;
  for (const entry of usage as unknown[]) {
    if (!isJsonObject(entry)) continue;
    const inputTokens = readCount(entry['inputTokens']);
    const cacheReadInputTokens = readCount(entry['cachedInputTokens']);
    const cacheWriteInputTokens = readCount(entry['cacheWriteInputTokens']);
    const cached = (cacheReadInputTokens ?? 0) + (cacheWriteInputTokens ?? 0);
    const counts = {
      // An input smaller than its part was not counted as the specification says.
      inputTokens: inputTokens === undefined || inputTokens < cached ? inputTokens : inputTokens - cached,
      outputTokens: readCount(entry['outputTokens']),
      totalTokens: readCount(entry['totalTokens']),
      cacheReadInputTokens,
      cacheWriteInputTokens,
      reasoningTokens: readCount(entry['reasoningTokens']),
    };
    const known: TokenUsage = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
    if (Object.keys(known).length > 0) emit({ type: 'usage', usage: known });
  }
}

/** Reads what the assistant has said since the user last spoke, of the messages of a snapshot. */
export function readSnapshotAnswer(messages: unknown): string {
  const all: readonly unknown[] = Array.isArray(messages) ? messages : [];
  const afterUser = all.slice(all.findLastIndex((message) => isJsonObject(message) && message['role'] === 'user') + 1);
  return afterUser
    .map((message) => (isJsonObject(message) && message['role'] === 'assistant' ? message['content'] : undefined))
    .filter((content) => typeof content === 'string' && content !== '')
    .join('\n\n');
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
