/** What went wrong, as most languages write it; Node writes a stack and its version after it. */
const errorLine = /^\S*(?:error|exception)\b/iu;

/** A port that cannot be listened on, as Node and everybody else put it. */
const portTaken = /EADDRINUSE|address already in use/iu;

/** What a program said of its end. */
export interface LastWords {
  /** Takes a line that it wrote to stderr. */
  hear(line: string): void;
  /** The last line that names an error, or the last one, after a colon; empty where there is none. */
  quote(): string;
  /** True where it said that a port is taken. */
  foundPortTaken(): boolean;
}

/** Begins with nothing. */
export function createLastWords(): LastWords {
  let lastLine = '';
  let lastError = '';
  let isPortTaken = false;
  return {
    hear: (line) => {
      lastLine = line === '' ? lastLine : line;
      lastError = errorLine.test(line) ? line : lastError;
      isPortTaken ||= portTaken.test(line);
    },
    quote: () => {
      const words = lastError === '' ? lastLine : lastError;
      return words === '' ? '' : `: ${words}`;
    },
    foundPortTaken: () => isPortTaken,
  };
}
