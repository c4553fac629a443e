import type { IncomingMessage } from 'node:http';
import type { ProcessExit } from '../process/child-process.ts';
import { LambdaFunctionError } from './lambda-function-error.ts';
import type { LambdaFunctionSettings, LambdaInvocation } from './lambda-function-settings.ts';
import { watchMemory } from './memory-watch.ts';
import { startRuntimeApi, trailerError } from './runtime-api.ts';
import type { RuntimeAnswer } from './runtime-api.ts';
import { describeRuntimeExit } from './runtime-exit.ts';
import { startSandboxProcess } from './sandbox-process.ts';

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
  /** True where it can take invocations, now or in a moment. */
  readonly alive: boolean;
  /** True where its last answer is complete but it has not asked for more yet. */
  readonly finishing: boolean;
  /**
   * Runs one invocation within `timeoutMs`, which is what is left of the function's own timeout.
   *
   * @throws LambdaFunctionError where it fails before its answer begins, also where the process has ended since the last one.
   */
  invoke(event: unknown, invocation: LambdaInvocation, timeoutMs: number): Promise<SandboxAnswer>;
  /** Resolves when it can take the next invocation, or when it has ended. */
  untilFree(): Promise<void>;
  /** Kills the process as if it had died by itself in this invocation; false where it is at another one by now. */
  crash(requestId: string): boolean;
  /** Ends the process. Idempotent. */
  stop(): Promise<void>;
}

/** How a process is started. */
export interface SandboxStart {
  /** The invocation that waits for it. */
  readonly requestId: string;
  /** `invoke` where its start is part of the invocation: Lambda then logs how it failed under the invocation's id. */
  readonly phase: 'init' | 'invoke';
  /** How long it may take, in milliseconds. */
  readonly limitMs: number;
  /** Ends it while it starts. */
  readonly signal: AbortSignal;
}

/**
 * Starts a process and waits until its module is loaded.
 *
 * @throws LambdaFunctionError `init-error`, `crash` or `timeout`.
 */
export async function startSandbox(
  settings: LambdaFunctionSettings,
  { requestId, phase, limitMs, signal }: SandboxStart,
): Promise<Sandbox> {
  const api = await startRuntimeApi();
  const child = startSandboxProcess(settings, api.address);
  const memory = watchMemory(child.pid, settings.memorySizeMb, loseByMemory);
  let current = requestId;
  let loss: Loss | undefined;
  let isStopped = false;
  let isBusy = phase === 'invoke';
  let rejectCurrent: ((error: LambdaFunctionError) => void) | undefined;

  const ended = child.exited.then(async (exit) => {
    memory.stop();
    lose(crash(exit));
    await api.close();
  });
  const stop = async (): Promise<void> => {
    isStopped = true;
    child.kill();
    await ended;
  };
  /** The first loss counts: a process that is killed for its timeout does not crash as well. */
  function lose(reason: Loss): void {
    if (loss === undefined) {
      loss = reason;
      child.kill();
      if (isBusy) {
        log(describeLoss(reason, current));
      }
      rejectCurrent?.(errorOf(reason, current));
    }
  }
  function log(text: string): void {
    if (!isStopped) {
      settings.onLog({ functionName: settings.name, stream: 'platform', text });
    }
  }
  /** Rejects as soon as the process is lost; one wait at a time. */
  function orLost<T>(wait: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      rejectCurrent = reject;
      wait.then(resolve, reject);
      if (loss !== undefined) {
        reject(errorOf(loss, current));
      }
    });
  }
  function loseByTimeout(): void {
    lose({ kind: 'timeout', errorType: 'Sandbox.Timedout', reason: describeTimeout(settings.timeoutMs) });
  }

  function loseByMemory(usedMb: number): void {
    log(`the process used ${usedMb} MB of memory; its MemorySize is ${settings.memorySizeMb} MB`);
    lose(crash({ code: null, signal: 'SIGKILL' }));
  }

  memory.start();
  const abort = (): void => void stop();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) {
    abort();
  }
  const initTimer = setTimeout(loseByTimeout, limitMs);
  try {
    await orLost(api.initialized);
    memory.stop();
    isBusy = false;
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
    return loss === undefined ? truncated() : errorOf(loss, current);
  }

  async function finish(timer: NodeJS.Timeout): Promise<void> {
    await Promise.race([api.untilNext(), ended]);
    clearTimeout(timer);
    memory.stop();
    isBusy = false;
  }

  return {
    get alive() {
      return loss === undefined && !isStopped;
    },
    get finishing() {
      return loss === undefined && api.finishing;
    },
    invoke: async (event, invocation, timeoutMs) => {
      current = invocation.requestId;
      if (loss !== undefined) {
        // It ended by itself since its last answer. Lambda had frozen it until now, and so this invocation pays for it.
        log(describeLoss(loss, current));
        throw errorOf(loss, current);
      }
      isBusy = true;
      memory.start();
      const deadlineMs = Date.now() + timeoutMs;
      const timer = setTimeout(loseByTimeout, timeoutMs);
      const functionArn = `arn:aws:lambda:${settings.region}:${settings.accountId}:function:${settings.name}`;
      const { traceId } = invocation;
      const eventJson = JSON.stringify(event);
      const begun = api.invoke({ requestId: current, traceId, functionArn, deadlineMs, eventJson });
      void finish(timer);
      return withBytes(await orLost(begun), lossOf);
    },
    untilFree: () => Promise.race([api.untilNext(), ended]),
    crash: (requestId) => {
      if (requestId !== current) {
        return false;
      }
      // It may have answered already, to a reader who is slower.
      isBusy = true;
      lose(crash({ code: null, signal: 'SIGKILL' }));
      return true;
    },
    stop,
  };
}

/** Why a process is of no more use. */
interface Loss {
  readonly kind: 'crash' | 'timeout';
  readonly errorType: string;
  readonly reason: string;
}

function crash(exit: ProcessExit): Loss {
  return { kind: 'crash', errorType: 'Runtime.ExitError', reason: describeRuntimeExit(exit) };
}

function errorOf({ kind, errorType, reason }: Loss, requestId: string): LambdaFunctionError {
  return new LambdaFunctionError(kind, errorType, `RequestId: ${requestId} Error: ${reason}`);
}

/** What Lambda writes into the function's log. */
function describeLoss({ kind, errorType, reason }: Loss, requestId: string): string {
  return kind === 'timeout' ? `${requestId} ${reason}` : `RequestId: ${requestId} Error: ${reason}\n${errorType}`;
}

function describeTimeout(timeoutMs: number): string {
  return `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
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

function truncated(): LambdaFunctionError {
  return new LambdaFunctionError('function-error', 'Runtime.TruncatedResponse', 'the function cut its own answer');
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
