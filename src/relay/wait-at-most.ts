import type { SetTimer } from './watch.ts';

/** What Node's timers can count, 24.8 days; a longer delay would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Waits for a value, and gives `late` where it has not come in time. */
export function waitAtMost<Value extends object>(
  pending: Promise<Value>,
  timeoutMs: number,
  setTimer: SetTimer,
): Promise<Value | 'late'> {
  return new Promise((resolve, reject) => {
    const cancelTimer = setTimer(() => resolve('late'), Math.min(Math.max(0, timeoutMs), longestTimerMs));
    pending.then(resolve, reject).finally(cancelTimer);
  });
}
