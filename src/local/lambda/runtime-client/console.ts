import { format } from 'node:util';
import { RuntimeError, reportError } from './runtime-error.ts';

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
  const info = methodOf('INFO');
  Object.assign(target, {
    trace: methodOf('TRACE'),
    debug: methodOf('DEBUG'),
    info,
    log: info,
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
    console.error(title, `\t${describeFailure(error)}`);
  }
}

/** With every error within it; one that has no JSON, such as a circular one, without its own members. */
function describeFailure(error: Error): string {
  try {
    return JSON.stringify(error, (_key, value: unknown) => withVisibleStack(value));
  } catch {
    return JSON.stringify(reportError(error));
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
    return JSON.stringify({ ...line, message }, (_key, value: unknown) => withVisibleStackTrace(value));
  } catch {
    return JSON.stringify({ ...line, message: format(message) });
  }
}

function errorFields(values: readonly unknown[]): object {
  const error = values.find((value) => value instanceof Error);
  return error === undefined
    ? {}
    : {
        errorType: classNameOf(error),
        errorMessage: error.message,
        stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
      };
}

/** As a failure is logged as text. */
function withVisibleStack(value: unknown): unknown {
  if (!(value instanceof Error)) {
    return value;
  }
  const code: unknown = Reflect.get(value, 'code');
  const visible = Object.assign({ errorType: value.name, errorMessage: value.message, code }, value);
  return typeof value.stack === 'string' ? Object.assign(visible, { stack: value.stack.split('\n') }) : visible;
}

/** As an error is logged as JSON. */
function withVisibleStackTrace(value: unknown): unknown {
  if (!(value instanceof Error)) {
    return value;
  }
  const stackTrace: unknown = typeof value.stack === 'string' ? value.stack.split('\n') : value.stack;
  return Object.assign({ errorType: classNameOf(value), errorMessage: value.message, stackTrace }, value);
}

function classNameOf(error: Error): string {
  if (error instanceof RuntimeError) {
    return error.className;
  }
  const { name } = (Reflect.get(error, 'constructor') ?? {}) as { readonly name?: string | null };
  return name ?? 'UnknownError';
}
