import type { Log } from '../relay/relay-request.ts';

/** How {@link createConsoleLog} writes. */
export interface ConsoleLogOptions {
  /**
   * Whether the console itself makes JSON of what it is given, as Lambda's does where its log format is JSON: it then gets
   * the entry as an object and adds time, level and request id. Default: false, one line of JSON per entry.
   */
  readonly isStructured?: boolean | undefined;
  /** Default: the global console. */
  readonly console?: Pick<Console, 'debug' | 'info' | 'warn' | 'error'> | undefined;
  /** The clock, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** A log on the console, by the console's method of the entry's level. */
export function createConsoleLog(options: ConsoleLogOptions = {}): Log {
  const { isStructured = false, console: target = console, now = Date.now } = options;
  return (entry) => {
    target[entry.level](isStructured ? entry : JSON.stringify({ timestamp: new Date(now()).toISOString(), ...entry }));
  };
}
