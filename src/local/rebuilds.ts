/** Rebuilds, one after another. */
export interface Rebuilds {
  /** Begins one, or, while one is under way, another after it for all that has changed in the meantime. */
  begin(changed: readonly string[]): void;
  /** Ends the one that is under way and begins no more. Idempotent. */
  close(): Promise<void>;
}

/** Keeps rebuilds apart: `rebuild` is called with what has changed, never twice at once, and must not throw. */
export function createRebuilds(rebuild: (changed: readonly string[], signal: AbortSignal) => Promise<void>): Rebuilds {
  const closing = new AbortController();
  const waiting = new Set<string>();
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (waiting.size > 0 && !closing.signal.aborted) {
      const changed = [...waiting];
      waiting.clear();
      await rebuild(changed, closing.signal);
    }
    running = undefined;
  };
  return {
    begin: (changed) => {
      for (const file of changed) {
        waiting.add(file);
      }
      running ??= run();
    },
    close: async () => {
      closing.abort();
      await running;
    },
  };
}
