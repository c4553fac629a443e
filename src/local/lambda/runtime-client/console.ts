import { format } from 'node:util';

/** Lambda's log levels, least severe first (Lambda developer guide, "log format and levels"). */
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
type Level = (typeof levels)[number];

/** How the process's own log lines are made. */
export interface ConsoleSettings {
  /** `JSON` or text: `AWS_LAMBDA_LOG_FORMAT`. */
  readonly json: boolean;
  /** Least severe level that is written: `AWS_LAMBDA_LOG_LEVEL`. Default `TRACE`. */
  readonly minLevel: string | undefined;
  /** The request that is being handled, or `-`. */
  requestId(): unknown;
  /** Takes one line with its line break. */
  write(line: string): void;
}

/**
 * Makes `console` write what Lambda's runtime writes: one line per message, with time, request id and level.
 * A line break within a message becomes CR, which keeps it one event.
 */
export function patchConsole(target: Console, settings: ConsoleSettings): void {
  const minIndex = Math.max(0, levels.indexOf((settings.minLevel?.toUpperCase() ?? 'TRACE') as Level));
  const methodOf = (level: Level): ((message?: unknown, ...rest: unknown[]) => void) =>
    levels.indexOf(level) < minIndex
      ? () => undefined
      : (message, ...rest) => settings.write(`${formatLine(settings, level, message, rest).replaceAll('\n', '\r')}\n`);
  Object.assign(target, {
    trace: methodOf('TRACE'),
    debug: methodOf('DEBUG'),
    info: methodOf('INFO'),
    log: methodOf('INFO'),
    warn: methodOf('WARN'),
    error: methodOf('ERROR'),
    fatal: methodOf('FATAL'),
  });
}

/** Logs a failure of the handler or of its module as Lambda's runtime does. */
export function logFailure(title: string, thrown: unknown, json: boolean): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (json) {
    console.error(error);
  } else {
    console.error(title, `\t${JSON.stringify(withVisibleError(error, 'stack'))}`);
  }
}

function formatLine(settings: ConsoleSettings, level: Level, message: unknown, rest: readonly unknown[]): string {
  const timestamp = new Date().toISOString();
  const requestId = settings.requestId();
  if (!settings.json) {
    return [timestamp, requestId, level, format(message, ...rest)].join('\t');
  }
  const line = { timestamp, level, requestId };
  if (rest.length > 0) {
    return JSON.stringify({ ...line, message: format(message, ...rest), ...errorFields(rest) });
  }
  try {
    return JSON.stringify({ ...line, message }, (_key, value: unknown) => withVisibleError(value, 'stackTrace'));
  } catch {
    return JSON.stringify({ ...line, message: format(message) });
  }
}

function errorFields(values: readonly unknown[]): object {
  const error = values.find((value) => value instanceof Error);
  return error === undefined
    ? {}
    : { errorType: error.constructor.name, errorMessage: error.message, stackTrace: error.stack?.split('\n') ?? [] };
}

function withVisibleError(value: unknown, stackName: 'stack' | 'stackTrace'): unknown {
  if (!(value instanceof Error)) {
    return value;
  }
  const errorType = stackName === 'stack' ? value.name : value.constructor.name;
  const code = stackName === 'stack' && 'code' in value ? { code: value.code } : {};
  const stack = value.stack?.split('\n');
  return Object.assign({ errorType, errorMessage: value.message, ...code }, value, { [stackName]: stack });
}
