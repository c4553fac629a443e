/** How a {@link Refreshed} value is kept. Times are in milliseconds; a value's age counts from the beginning of its load. */
export interface RefreshedOptions<Value> {
  /** Loads the value. Must settle within seconds. */
  load(): Promise<Value>;
  /** Age up to which the value is given without a load. */
  readonly freshMs: number;
  /** Age up to which it is given while a load is under way; beyond it the load is waited for (`stale-while-revalidate`, RFC 5861). */
  readonly staleMs: number;
  /** Age up to which it is given where that load fails (`stale-if-error`, RFC 5861). */
  readonly usableMs: number;
  /** Least time from the beginning of a load that failed to that of the next one. */
  readonly retryMs: number;
  /** Least time between two loads of which the second is asked for by {@link Refreshed.reload}. */
  readonly reloadMs: number;
  /** The clock. It must count while the process is frozen, as `Date.now` does and `performance.now` does not. */
  readonly now: () => number;
  /** Is told of each load that fails. */
  readonly report: (fault: unknown) => void;
}

/** A value from elsewhere that may change there. */
export interface Refreshed<Value> {
  /** Gives the value. Rejects as the load does where there is none that is young enough. */
  get(): Promise<Value>;
  /**
   * Gives a value that is as new as the cooldown allows: for a caller who knows something that is not in it. Rejects where the
   * last load has failed: then nobody can say what is not in it.
   */
  reload(): Promise<Value>;
}

interface Load<Value> {
  /** Counts the loads. */
  readonly order: number;
  readonly startedAt: number;
  readonly state: 'under-way' | 'good' | 'failed';
  readonly outcome: Promise<Value>;
}

/** A load that has not settled for so long was lost when the process was frozen: Lambda does that between two requests. */
const lostMs = 15_000;

/** Creates a value that is loaded when it is first asked for, by one load at a time. */
export function createRefreshed<Value>(options: RefreshedOptions<Value>): Refreshed<Value> {
  const { freshMs, staleMs, usableMs, retryMs, reloadMs, now, report } = options;
  let held: { readonly value: Value; readonly order: number; readonly asOf: number } | undefined;
  let latest: Load<Value> | undefined;

  /** A clock that was set back makes everything old, not young. */
  function ageOf(time: number): number {
    const age = now() - time;
    return age < 0 ? Infinity : age;
  }

  function begin(): Load<Value> {
    const order = (latest?.order ?? 0) + 1;
    const startedAt = now();
    const outcome = Promise.resolve()
      .then(() => options.load())
      .then(
        (value) => {
          settle(order, 'good');
          // A lost load that comes back after all must not undo what a later one has brought.
          if (held === undefined || held.order < order) held = { value, order, asOf: startedAt };
          return held.value;
        },
        (thrown: unknown) => {
          settle(order, 'failed');
          report(thrown);
          throw thrown;
        },
      );
    // It may fail with nobody waiting, also in a later request.
    outcome.catch(() => {});
    latest = { order, startedAt, state: 'under-way', outcome };
    return latest;
  }

  function settle(order: number, state: 'good' | 'failed'): void {
    if (latest?.order === order) latest = { ...latest, state };
  }

  /** The load that is under way, or one that began so short a time ago that there must not be another one yet; else a new one. */
  function findLoad(cooldownMs: number): Load<Value> {
    if (latest === undefined) return begin();
    return ageOf(latest.startedAt) < (latest.state === 'under-way' ? lostMs : cooldownMs) ? latest : begin();
  }

  return {
    async get() {
      if (held !== undefined && ageOf(held.asOf) < freshMs) return held.value;
      const load = findLoad(latest?.state === 'failed' ? retryMs : 0);
      if (held !== undefined && ageOf(held.asOf) < staleMs) return held.value;
      try {
        return await load.outcome;
      } catch (thrown) {
        if (held !== undefined && ageOf(held.asOf) < usableMs) return held.value;
        throw thrown;
      }
    },
    reload: () => findLoad(reloadMs).outcome,
  };
}
