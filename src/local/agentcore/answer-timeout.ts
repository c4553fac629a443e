/** How long an answer may take. */
export interface AnswerTimeout {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  /** How long it is, in milliseconds. */
  lengthMs(): number;
  /** Sets another length, from its beginning on. */
  setLength(lengthMs: number): void;
  clear(): void;
}

/** Begins now. */
export function createAnswerTimeout(firstLengthMs: number): AnswerTimeout {
  const startedMs = performance.now();
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  let lengthMs = firstLengthMs;
  let timer = setTimeout(abort, lengthMs);
  return {
    signal: controller.signal,
    lengthMs: () => lengthMs,
    setLength: (newLengthMs) => {
      lengthMs = newLengthMs;
      clearTimeout(timer);
      timer = setTimeout(abort, Math.max(0, startedMs + lengthMs - performance.now()));
    },
    clear: () => clearTimeout(timer),
  };
}
