import { setTimeout } from 'node:timers/promises';

/** Time as the platform measures rates. */
export interface LambdaClock {
  /** Milliseconds since some moment; never goes back. */
  nowMs(): number;
  /** Resolves after so many milliseconds, and at once where the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** This process's own time. */
export const processClock: LambdaClock = {
  nowMs: () => performance.now(),
  wait: async (ms, signal) => {
    await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  },
};
