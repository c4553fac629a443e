import { LambdaFunctionError } from './lambda-function-error.ts';

/** How many requests per second a function takes, per reserved unit of concurrency (Lambda, Throttling function URLs). */
const requestsPerSecond = 10;

/** How many invocations of one function run at once. */
export interface Concurrency {
  /**
   * Begins an invocation.
   *
   * @returns what ends it
   * @throws LambdaFunctionError `throttled`, under the reason that Lambda's API gives for it
   */
  begin(): () => void;
}

/**
 * Makes the limit of one function.
 *
 * @param reserved `ReservedConcurrentExecutions`; undefined limits nothing
 * @param nowMs a clock that never goes back, in milliseconds
 */
export function createConcurrency(reserved: number | undefined, nowMs: () => number): Concurrency {
  let running = 0;
  let lastSecond: readonly number[] = [];

  function refuse(): void {
    if (reserved === undefined) {
      return;
    }
    if (running >= reserved) {
      throw throttled('ReservedFunctionConcurrentInvocationLimitExceeded');
    }
    const now = nowMs();
    lastSecond = lastSecond.filter((beganMs) => beganMs > now - 1000);
    if (lastSecond.length >= reserved * requestsPerSecond) {
      throw throttled('ReservedFunctionInvocationRateLimitExceeded');
    }
    lastSecond = [...lastSecond, now];
  }

  return {
    begin: () => {
      refuse();
      running += 1;
      let hasEnded = false;
      return () => {
        running -= hasEnded ? 0 : 1;
        hasEnded = true;
      };
    },
  };
}

function throttled(reason: string): LambdaFunctionError {
  return new LambdaFunctionError('throttled', reason, 'Rate Exceeded.');
}
