import type { TokenUsage } from '../events/agent-event.ts';

/** Token counts as OpenAI and AG-UI 1.0 have them: what was read from a cache is part of the input. */
export interface InclusiveUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  /** Part of `inputTokens`; undefined where the model said nothing of a cache. */
  readonly cacheReadTokens: number | undefined;
  /** Part of `inputTokens`; undefined where the model said nothing of a cache. */
  readonly cacheWriteTokens: number | undefined;
}

/**
 * Adds to the input what Bedrock counts beside it (`cacheReadInputTokens`, `cacheWriteInputTokens` of ConverseStream's
 * `TokenUsage`), unless input and output alone already make the total: then the agent's framework has added it
 * (`@strands-agents/sdk` 1.19, its OpenAI model).
 */
export function countInclusive(usage: TokenUsage): InclusiveUsage {
  const inputTokens = readCount(usage['inputTokens']) ?? 0;
  const outputTokens = readCount(usage['outputTokens']) ?? 0;
  const cacheReadTokens = readCount(usage['cacheReadInputTokens']);
  const cacheWriteTokens = readCount(usage['cacheWriteInputTokens']);
  const isIncluded = readCount(usage['totalTokens']) === inputTokens + outputTokens;
  const allInputTokens = isIncluded ? inputTokens : inputTokens + (cacheReadTokens ?? 0) + (cacheWriteTokens ?? 0);
  return {
    inputTokens: allInputTokens,
    outputTokens,
    totalTokens: allInputTokens + outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
  };
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
