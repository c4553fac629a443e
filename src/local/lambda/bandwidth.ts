/** Lambda's limits for one streamed answer, in bytes (Lambda, Bandwidth limits for response streaming; aws-lambda-rie). */
const burstBytes = 6 * 1024 * 1024;
const bytesPerRefill = 256 * 1024;

/** How often the bucket is refilled, in milliseconds: 2 MiB per second in all (aws-lambda-rie). */
const refillMs = 125;

/** Decides when the bytes of one answer may pass. */
export interface Bandwidth {
  /**
   * Takes a piece of the answer, at most as large as the bucket.
   *
   * @returns how long it has to wait before it may pass, in milliseconds; 0 where it may at once
   */
  take(bytes: number): number;
  /** Largest piece that can be taken, in bytes. */
  readonly maxBytes: number;
}

/**
 * Makes the token bucket of one answer: full at first, then refilled step by step.
 *
 * @param nowMs a clock that never goes back, in milliseconds
 */
export function createBandwidth(nowMs: () => number): Bandwidth {
  let tokens = burstBytes;
  // When the tokens were last counted; in the future while a piece waits for those that it has taken ahead.
  let countedMs: number | undefined;

  function refill(times: number): void {
    tokens = Math.min(burstBytes, tokens + times * bytesPerRefill);
  }

  return {
    maxBytes: burstBytes,
    take: (bytes) => {
      const now = nowMs();
      const sinceMs = countedMs ?? now;
      const due = Math.max(0, Math.floor((now - sinceMs) / refillMs));
      refill(due);
      const owed = Math.max(0, Math.ceil((bytes - tokens) / bytesPerRefill));
      refill(owed);
      tokens -= bytes;
      countedMs = sinceMs + (due + owed) * refillMs;
      return Math.max(0, countedMs - now);
    },
  };
}
