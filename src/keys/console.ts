/** What a command has of the world besides files. */
export interface CommandConsole {
  /** Writes what can be piped on. */
  print(text: string): void;
  /** Writes what is for people. */
  explain(text: string): void;
  /** Reads all that is piped in; undefined where that is a terminal, which would show what is typed. */
  readInput(): Promise<string | undefined>;
  /** Milliseconds since the epoch. */
  now(): number;
}
