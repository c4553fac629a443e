/** One line that a function's process wrote. */
export interface LambdaLogLine {
  /** The function that wrote it. */
  readonly functionName: string;
  /** Where it wrote it. */
  readonly stream: 'stdout' | 'stderr';
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
  /** The function's memory, in MB; told to the function, not enforced. */
  readonly memorySizeMb: number;
  /** `arm64` or `x86_64`; told to nobody, since the process runs on this machine's. */
  readonly architecture?: string;
  /** The runtime's identifier, for `AWS_EXECUTION_ENV`; the process runs this program's own Node. Default `nodejs24.x`. */
  readonly runtime?: string;
  /** `LoggingConfig.LogFormat`: how `console` writes. Default `Text`. */
  readonly logFormat?: 'Text' | 'JSON';
  /** The function's region. */
  readonly region: string;
  /** The account of the function's ARN: 12 digits. */
  readonly accountId: string;
  /** Called once per line that the process writes. */
  onLog(line: LambdaLogLine): void;
}

/** What one invocation is known by. */
export interface LambdaInvocation {
  /** The `awsRequestId` that the handler's context shows. */
  readonly requestId: string;
  /** `X-Amzn-Trace-Id`; in the process as `_X_AMZN_TRACE_ID`. */
  readonly traceId: string;
}
