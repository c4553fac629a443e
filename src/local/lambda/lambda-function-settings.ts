import type { LambdaClock } from './lambda-clock.ts';

/** One line that a function's process wrote, or that Lambda writes into its log. */
export interface LambdaLogLine {
  /** The function that wrote it. */
  readonly functionName: string;
  /** Where it wrote it; `platform`: Lambda did, such as that the process exited. */
  readonly stream: 'stdout' | 'stderr' | 'platform';
  /** The line, without its line break. A message that the function logged as several lines keeps those within it. */
  readonly text: string;
}

/** What the template says about one function. */
export interface LambdaFunctionSettings {
  /** The function's name. */
  readonly name: string;
  /** Folder of the unpacked bundle; the process's working directory and `LAMBDA_TASK_ROOT`. */
  readonly codeDirectory: string;
  /** `file.export`, such as `index.handler`. */
  readonly handler: string;
  /** The function's own variables. With Lambda's reserved ones they are all that the process sees. */
  readonly environment: Readonly<Record<string, string>>;
  /** The function's timeout, in milliseconds; the process is killed when it passes. */
  readonly timeoutMs: number;
  /**
   * The function's memory, in MB. It bounds V8's heap, as it does on Lambda; a process that needs more is killed, on Linux.
   */
  readonly memorySizeMb: number;
  /** `arm64` or `x86_64`; told to nobody, since the process runs on this machine's. */
  readonly architecture?: string;
  /** The runtime's identifier, for `AWS_EXECUTION_ENV`; the process runs this program's own Node. Default `nodejs24.x`. */
  readonly runtime?: string;
  /** `LoggingConfig.LogFormat`: how `console` writes. Default `Text`. */
  readonly logFormat?: 'Text' | 'JSON';
  /** `LoggingConfig.ApplicationLogLevel`: the least severe level that `console` writes. Default: all are written. */
  readonly logLevel?: string | undefined;
  /** How many invocations may run at once; ten times as many may begin in a second. Default: any number. */
  readonly reservedConcurrency?: number | undefined;
  /** The function's region. */
  readonly region: string;
  /** The account of the function's ARN: 12 digits. */
  readonly accountId: string;
  /** How long the init phase may take before it is done again, in milliseconds. Default 10,000, as on Lambda. */
  readonly initPhaseMs?: number;
  /** Measures the rates that Lambda bounds. Default: this process's own time. */
  readonly clock?: LambdaClock;
  /** Called once per line that the process writes, or Lambda about it. */
  onLog(line: LambdaLogLine): void;
}

/** What one invocation is known by, and what is to go wrong with it. */
export interface LambdaInvocation {
  /** The `awsRequestId` that the handler's context shows. */
  readonly requestId: string;
  /** `X-Amzn-Trace-Id`; in the process as `_X_AMZN_TRACE_ID`. */
  readonly traceId: string;
  /** Added to the start of a process where this invocation needs one, in milliseconds. Default 0. */
  readonly coldStartMs?: number | undefined;
}
