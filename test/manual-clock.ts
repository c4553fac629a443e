import type { SetTimer } from '../src/relay/watch.ts';

/** A clock that a test moves by hand. */
export interface ManualClock {
  now(): number;
  readonly setTimer: SetTimer;
  /** Moves on, fires what comes due in its order, and lets promises settle in between. */
  advance(durationMs: number): Promise<void>;
  /** Timers that wait to be fired. */
  readonly pendingTimers: number;
}

/** Creates a clock that stands at 1,000,000 ms. */
export function createManualClock(): ManualClock {
  let time = 1_000_000;
  const timers = new Map<() => void, number>();
  // Every promise that is already settled has run its reactions when a macrotask of later begins.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    now: () => time,
    setTimer(callback, delayMs) {
      const fire = () => callback();
      timers.set(fire, time + delayMs);
      return () => void timers.delete(fire);
    },
    async advance(durationMs) {
      const end = time + durationMs;
      await settle();
      for (;;) {
        const [next] = [...timers].filter(([, dueAt]) => dueAt <= end).sort(([, a], [, b]) => a - b);
        if (next === undefined) break;
        const [fire, dueAt] = next;
        timers.delete(fire);
        time = Math.max(time, dueAt);
        fire();
        await settle();
      }
      time = end;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}
