import type { IncomingMessage } from 'node:http';
import type { ProcessExit, RunningProcess } from '../process/child-process.ts';
import { ownModulePath, startNodeProcess } from '../process/node-process.ts';
import { LambdaFunctionError } from './lambda-function-error.ts';
import type { LambdaFunctionSettings, LambdaInvocation } from './lambda-function-settings.ts';
import { startRuntimeApi, trailerError } from './runtime-api.ts';
import type { RuntimeAnswer, RuntimeApi } from './runtime-api.ts';

/** Lambda's own limit for the init phase; a longer one is done again within the function's timeout. */
const initPhaseMs = 10_000;

/** How long a process whose connection broke has for its exit to be noticed. */
const exitNoticeMs = 2_000;

/** An answer whose bytes are read by whoever invoked. */
export type SandboxAnswer =
  | { readonly kind: 'buffered'; readonly json: string }
  | { readonly kind: 'streaming'; readonly contentType: string; readonly bytes: SandboxBytes };

/** The bytes of one streamed answer. */
export interface SandboxBytes {
  /**
   * The next bytes, or undefined at the end.
   *
   * @throws LambdaFunctionError where the function dies, times out or ends with an error.
   */
  next(): Promise<Uint8Array | undefined>;
  /** Lets the rest run to its end unread: a function is never told that its reader has gone. */
  discard(): void;
}

/** One process of a function: an execution environment in Lambda's words. */
export interface Sandbox {
  /** How long its start took, in milliseconds. */
  readonly initMs: number;
  /** True where it can take invocations, now or in a moment. */
  readonly alive: boolean;
  /** True where its last answer is complete but it has not asked for more yet. */
  readonly finishing: boolean;
  /**
   * Runs one invocation.
   *
   * @throws LambdaFunctionError where it fails before its answer begins.
   */
  invoke(event: unknown, invocation: LambdaInvocation): Promise<SandboxAnswer>;
  /** Resolves when it can take the next invocation, or when it has ended. */
  untilFree(): Promise<void>;
  /** Ends the process. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a process and waits until its module is loaded.
 *
 * @throws LambdaFunctionError `init-error`, `crash` or `timeout`.
 */
export async function startSandbox(settings: LambdaFunctionSettings, signal: AbortSignal): Promise<Sandbox> {
  const startedMs = performance.now();
  const api = await startRuntimeApi();
  const child = startProcess(settings, api);
  let loss: LambdaFunctionError | undefined;
  let alive = true;
  let rejectCurrent: ((error: LambdaFunctionError) => void) | undefined;

  const ended = child.exited.then(async (exit) => {
    alive = false;
    loss ??= crash(exit);
    rejectCurrent?.(loss);
    await api.close();
  });
  const stop = async (): Promise<void> => {
    alive = false;
    child.kill();
    await ended;
  };
  function lose(error: LambdaFunctionError): void {
    alive = false;
    loss ??= error;
    child.kill();
  }
  /** Rejects as soon as the process is lost; one wait at a time. */
  function orLost<T>(wait: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      rejectCurrent = reject;
      wait.then(resolve, reject);
      if (loss !== undefined && !alive) {
        reject(loss);
      }
    });
  }

  const abort = (): void => child.kill();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) {
    abort();
  }
  const initTimer = setTimeout(
    () => lose(timeout('-', initPhaseMs + settings.timeoutMs)),
    initPhaseMs + settings.timeoutMs,
  );
  try {
    await orLost(api.initialized);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(initTimer);
    signal.removeEventListener('abort', abort);
  }

  /** Why the connection broke: the process has ended, or it has cut its own answer. */
  async function lossOf(): Promise<LambdaFunctionError> {
    await Promise.race([ended, delay(exitNoticeMs)]);
    return loss ?? truncated();
  }

  return {
    initMs: performance.now() - startedMs,
    get alive() {
      return alive;
    },
    get finishing() {
      return alive && api.finishing;
    },
    invoke: async (event, invocation) => {
      const deadlineMs = Date.now() + settings.timeoutMs;
      const timer = setTimeout(() => lose(timeout(invocation.requestId, settings.timeoutMs)), settings.timeoutMs);
      const functionArn = `arn:aws:lambda:${settings.region}:${settings.accountId}:function:${settings.name}`;
      const begun = api.invoke({ ...invocation, functionArn, deadlineMs, eventJson: JSON.stringify(event) });
      void Promise.race([api.untilNext(), ended]).then(() => clearTimeout(timer));
      return withBytes(await orLost(begun), lossOf);
    },
    untilFree: () => Promise.race([api.untilNext(), ended]),
    stop,
  };
}

function startProcess(settings: LambdaFunctionSettings, api: RuntimeApi): RunningProcess {
  return startNodeProcess({
    entryPoint: [ownModulePath('./bootstrap', import.meta.url)],
    workingDirectory: settings.codeDirectory,
    environment: environmentOf(settings, api.address),
    onLine: (stream, text) => settings.onLog({ functionName: settings.name, stream, text }),
  });
}

/** Lambda's reserved variables (developer guide, "defined runtime environment variables"); the function's own between. */
function environmentOf(settings: LambdaFunctionSettings, address: string): Record<string, string> {
  return {
    AWS_REGION: settings.region,
    AWS_DEFAULT_REGION: settings.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${settings.runtime ?? 'nodejs24.x'}`,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: settings.logFormat ?? 'Text',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...settings.environment,
    AWS_LAMBDA_FUNCTION_NAME: settings.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memorySizeMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${settings.name}`,
    AWS_LAMBDA_RUNTIME_API: address,
    LAMBDA_TASK_ROOT: settings.codeDirectory,
    _HANDLER: settings.handler,
  };
}

function withBytes(answer: RuntimeAnswer, lossOf: () => Promise<LambdaFunctionError>): SandboxAnswer {
  if (answer.kind === 'buffered') {
    return answer;
  }
  return { kind: 'streaming', contentType: answer.contentType, bytes: bytesOf(answer.message, lossOf) };
}

function bytesOf(message: IncomingMessage, lossOf: () => Promise<LambdaFunctionError>): SandboxBytes {
  // Its end belongs to the process: a reader who leaves must not cut the connection.
  const iterator = message.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  return {
    next: async () => {
      const step = await iterator.next().catch(async () => {
        throw await lossOf();
      });
      if (step.done !== true) {
        return step.value;
      }
      if (!message.complete) {
        throw await lossOf();
      }
      const error = trailerError(message);
      if (error !== undefined) {
        throw error;
      }
      return undefined;
    },
    discard: () => {
      // A stream flows only once nobody waits for it to become readable: the iterator first, then the turn after it.
      void iterator.return?.().finally(() => setImmediate(() => message.resume()));
    },
  };
}

function crash(exit: ProcessExit): LambdaFunctionError {
  const how = exit.signal === null ? `exit status ${exit.code}` : `signal: ${exit.signal}`;
  return new LambdaFunctionError('crash', 'Runtime.ExitError', `Runtime exited with error: ${how}`);
}

function timeout(requestId: string, timeoutMs: number): LambdaFunctionError {
  const seconds = (timeoutMs / 1000).toFixed(2);
  return new LambdaFunctionError(
    'timeout',
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  );
}

function truncated(): LambdaFunctionError {
  return new LambdaFunctionError('function-error', 'Runtime.TruncatedResponse', 'the function cut its own answer');
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
