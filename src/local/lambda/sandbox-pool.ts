import { processClock } from './lambda-clock.ts';
import { LambdaFunctionError } from './lambda-function-error.ts';
import type { LambdaFunctionSettings, LambdaInvocation } from './lambda-function-settings.ts';
import { startSandbox } from './sandbox.ts';
import type { Sandbox } from './sandbox.ts';

/** Lambda's own limit for the init phase; one that fails or takes longer is done again within the function's timeout. */
const defaultInitPhaseMs = 10_000;

/** How long an invocation waits for a process that has answered but not yet asked for more, rather than start another. */
const finishingPatienceMs = 50;

/** A process for one invocation. */
export interface AcquiredSandbox {
  readonly sandbox: Sandbox;
  /** How long the invocation waited for its start, in milliseconds; undefined where it ran already. */
  readonly initMs: number | undefined;
  /** What is left of the function's timeout, in milliseconds. */
  readonly timeoutMs: number;
}

/** The processes of one function: one per invocation that runs, and those that wait for the next. */
export interface SandboxPool {
  /**
   * Finds a process that waits, or starts one.
   *
   * @throws LambdaFunctionError where it cannot be started, or the pool is closed
   */
  acquire(invocation: LambdaInvocation): Promise<AcquiredSandbox>;
  /** Kills the process of an invocation as if it had died by itself. No other invocation meets it. */
  crash(sandbox: Sandbox, requestId: string): void;
  /** Takes a process back. Resolves when its invocation is over: it waits for the next one, or has ended. */
  release(sandbox: Sandbox): Promise<void>;
  /** Ends every process. Idempotent. */
  close(): Promise<void>;
}

/** Makes a pool. Nothing starts before the first invocation. */
export function createSandboxPool(settings: LambdaFunctionSettings): SandboxPool {
  const { initPhaseMs = defaultInitPhaseMs, clock = processClock } = settings;
  const closing = new AbortController();
  const { signal } = closing;
  const sandboxes = new Set<Sandbox>();
  const starting = new Set<Promise<unknown>>();
  const idle: Sandbox[] = [];

  function log(text: string): void {
    settings.onLog({ functionName: settings.name, stream: 'platform', text });
  }

  async function untilSomeFinish(): Promise<void> {
    const finishing = [...sandboxes].filter((sandbox) => sandbox.finishing && !idle.includes(sandbox));
    if (finishing.length > 0) {
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, finishingPatienceMs);
      await Promise.race([patience.promise, ...finishing.map((sandbox) => sandbox.untilFree())]);
      clearTimeout(timer);
    }
  }

  async function start({ requestId, coldStartMs = 0 }: LambdaInvocation): Promise<AcquiredSandbox> {
    const startedMs = performance.now();
    if (coldStartMs > 0) {
      await clock.wait(coldStartMs, signal);
    }
    requireOpen();
    try {
      const sandbox = await startSandbox(settings, { requestId, phase: 'init', limitMs: initPhaseMs, signal });
      return { sandbox, initMs: performance.now() - startedMs, timeoutMs: settings.timeoutMs };
    } catch (error) {
      requireOpen();
      log(describeFailedInit(error, performance.now() - startedMs));
    }
    const againMs = performance.now();
    const limitMs = settings.timeoutMs;
    const sandbox = await startSandbox(settings, { requestId, phase: 'invoke', limitMs, signal });
    const endedMs = performance.now();
    return { sandbox, initMs: endedMs - startedMs, timeoutMs: Math.max(1, limitMs - (endedMs - againMs)) };
  }

  function requireOpen(): void {
    if (signal.aborted) {
      throw new LambdaFunctionError('throttled', 'Function.Closed', `the function ${settings.name} is closed`);
    }
  }

  return {
    acquire: async (invocation) => {
      await untilSomeFinish();
      requireOpen();
      const waiting = idle.pop();
      if (waiting !== undefined) {
        return { sandbox: waiting, initMs: undefined, timeoutMs: settings.timeoutMs };
      }
      const acquired = start(invocation);
      // Closing waits for a start that is under way; its failure is for whoever invoked.
      const settled = acquired.then(
        () => undefined,
        () => undefined,
      );
      starting.add(settled);
      void settled.then(() => starting.delete(settled));
      const { sandbox } = await acquired;
      sandboxes.add(sandbox);
      return acquired;
    },
    crash: (sandbox, requestId) => {
      const at = idle.indexOf(sandbox);
      if (sandbox.crash(requestId) && at !== -1) {
        idle.splice(at, 1);
        void sandbox.stop().then(() => sandboxes.delete(sandbox));
      }
    },
    release: async (sandbox) => {
      await sandbox.untilFree();
      if (sandbox.alive) {
        idle.push(sandbox);
      } else {
        sandboxes.delete(sandbox);
      }
    },
    close: async () => {
      closing.abort();
      await Promise.all(starting);
      await Promise.all([...sandboxes].map((sandbox) => sandbox.stop()));
    },
  };
}

/** As Lambda logs it (developer guide, "Failures during the Init phase"). */
function describeFailedInit(error: unknown, durationMs: number): string {
  const { kind, errorType } = error instanceof LambdaFunctionError ? error : { kind: 'crash', errorType: '' };
  const status =
    kind === 'timeout' ? ['Status: timeout'] : ['Status: error', `Error Type: ${runtimeErrorType(errorType)}`];
  return [`INIT_REPORT Init Duration: ${durationMs.toFixed(2)} ms`, 'Phase: init', ...status].join('\t');
}

/** Lambda names an error of the function's own, such as `TypeError`, no further there. */
function runtimeErrorType(errorType: string): string {
  return errorType.startsWith('Runtime.') ? errorType : 'Runtime.Unknown';
}
