/** Calls back once after a delay; the function that it gives cancels that. */
export type SetTimer = (callback: () => void, delayMs: number) => () => void;

/** The process's own timers. */
export const setProcessTimer: SetTimer = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
};

/** Something that is due while the relay waits for the agent. */
export type Due = 'keep-alive' | 'silent' | 'deadline';

/** When something is due. Times are in milliseconds. */
export interface WatchOptions {
  readonly now: () => number;
  readonly setTimer: SetTimer;
  /** Time without a byte to the viewer; 0 for never. */
  readonly keepAliveMs: number;
  /** Time without a byte from the agent. */
  readonly idleTimeoutMs: number;
  /** Time without a byte to the viewer after which the answer is given up; for formats without a keep-alive. */
  readonly quietTimeoutMs: number;
  /** Point in time, as `now` counts; Infinity for never. */
  readonly deadlineAt: number;
}

/** Waits for the agent with an eye on the clock. */
export interface Watch {
  /** The agent is asked for its next bytes: its silence begins now. */
  listen(): void;
  /** Waits for `pending`, or for what is due before it. `pending` may be passed again after something was due. */
  wait<Value extends object>(pending: Promise<Value>): Promise<Value | Due>;
  /** Something was sent to the viewer, and taken: our own silence begins now. */
  spoke(): void;
  stop(): void;
}

/**
 * Creates the watch of one stream. It holds one timer, which is set anew only when it fires: a stream of a thousand
 * chunks a second costs it a look at the clock per chunk.
 */
export function createWatch({
  now,
  setTimer,
  keepAliveMs,
  idleTimeoutMs,
  quietTimeoutMs,
  deadlineAt,
}: WatchOptions): Watch {
  let heardAt = now();
  let spokeAt = heardAt;
  let wake: ((due: Due) => void) | undefined;
  let cancelTimer: (() => void) | undefined;
  let isPastDeadline = false;

  const keepAliveAt = () => (keepAliveMs > 0 ? spokeAt + keepAliveMs : Infinity);

  function findDue(): Due | undefined {
    const time = now();
    if (time >= deadlineAt) return 'deadline';
    if (time >= Math.min(heardAt + idleTimeoutMs, spokeAt + quietTimeoutMs)) return 'silent';
    return time >= keepAliveAt() ? 'keep-alive' : undefined;
  }

  function arm(): void {
    const delayMs = Math.min(deadlineAt, heardAt + idleTimeoutMs, spokeAt + quietTimeoutMs, keepAliveAt()) - now();
    // Node's timers overflow after 24.8 days; nobody waits that long, so an endless wait needs no timer.
    if (delayMs < 2 ** 31) cancelTimer = setTimer(check, Math.max(0, delayMs));
  }

  function check(): void {
    cancelTimer = undefined;
    if (wake === undefined) return;
    const due = findDue();
    // It may come while nobody waits: between an agent that is always ready and a viewer who is not.
    isPastDeadline = due === 'deadline';
    if (due === undefined) arm();
    else wake(due);
  }

  return {
    listen() {
      heardAt = now();
    },
    // No `Promise.race`: its reaction on a promise that outlives many races would never be freed. `wake` stays when `pending`
    // settles: to wake a wait that is over does nothing.
    wait: (pending) =>
      new Promise((resolve, reject) => {
        wake = resolve;
        if (isPastDeadline) resolve('deadline');
        pending.then(resolve, reject);
        if (cancelTimer === undefined) arm();
      }),
    spoke() {
      spokeAt = now();
    },
    stop() {
      wake = undefined;
      cancelTimer?.();
      cancelTimer = undefined;
    },
  };
}
