import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countInclusive } from './inclusive-usage.ts';

it('adds what Bedrock counts beside the input, and nothing twice', () => {
  const cache = { cacheReadInputTokens: 100, cacheWriteInputTokens: 20 };
  const counted = { outputTokens: 5, cacheReadTokens: 100, cacheWriteTokens: 20 };
  assert.deepEqual(
    [
      countInclusive({ inputTokens: 10, outputTokens: 5, totalTokens: 135, ...cache }),
      countInclusive({ inputTokens: 130, outputTokens: 5, totalTokens: 135, ...cache }),
      countInclusive({ inputTokens: 10, outputTokens: 5, ...cache }),
    ],
    [
      { inputTokens: 130, totalTokens: 135, ...counted },
      { inputTokens: 130, totalTokens: 135, ...counted },
      { inputTokens: 130, totalTokens: 135, ...counted },
    ],
  );
});

it('counts nothing where there is no number', () => {
  const usage = { inputTokens: 'many', outputTokens: -1, totalTokens: Number.NaN } as unknown as Record<string, number>;
  assert.deepEqual(countInclusive(usage), {
    inputTokens: 0,
    outputTokens: 0,
    totalTokens: 0,
    cacheReadTokens: undefined,
    cacheWriteTokens: undefined,
  });
});
