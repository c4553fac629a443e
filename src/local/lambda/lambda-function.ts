import { LambdaFunctionError } from './lambda-function-error.ts';

export { LambdaFunctionError } from './lambda-function-error.ts';
export type { LambdaFailureKind } from './lambda-function-error.ts';

/** One line that a function's process wrote. */
export interface LambdaLogLine {
  /** The function that wrote it. */
  readonly functionName: string;
  /** Where it wrote it. */
  readonly stream: 'stdout' | 'stderr';
  /** The line, without its line break. */
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

/** A streamed answer whose prelude is complete. */
export interface LambdaStream {
  /** The prelude's status. Default 200. */
  readonly statusCode: number;
  /** The prelude's headers, names as the function wrote them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The prelude's cookies: each a whole `set-cookie` value. */
  readonly cookies: readonly string[];
  /** The bytes after the prelude. Throws {@link LambdaFunctionError} where the function dies, times out or fails. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The cold start's duration in milliseconds, where this invocation paid for one. */
  readonly initMs: number | undefined;
}

/** A function that can be invoked; it keeps one process per concurrent request. */
export interface LambdaFunction {
  /**
   * Invokes as a Function URL with `RESPONSE_STREAM` does and resolves when the prelude is complete. A reader that
   * stops reading is not told to the function: the rest is drained and discarded.
   *
   * @throws LambdaFunctionError where it fails before the prelude is complete.
   */
  invokeStreaming(event: unknown, invocation: LambdaInvocation): Promise<LambdaStream>;
  /**
   * Invokes as Lambda@Edge does and resolves to the JSON result.
   *
   * @throws LambdaFunctionError where it fails.
   */
  invoke(event: unknown, invocation: LambdaInvocation): Promise<unknown>;
  /** Ends every process. Idempotent. */
  close(): Promise<void>;
}

/** Makes a function that runs from its bundle on this machine. Nothing starts before the first invocation. */
export function createLambdaFunction(settings: LambdaFunctionSettings): LambdaFunction {
  throw new LambdaFunctionError('init-error', 'Runtime.NotBuilt', `${settings.name} cannot run yet`);
}
