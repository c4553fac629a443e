import { once } from 'node:events';
import { compileFunction } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { LocalChainError } from '../local-chain-error.ts';
import { ownModulePath } from '../process/node-process.ts';
import type { ViewerFunctionEvent } from './viewer-function-event.ts';
import type { ViewerFunctionResponseEvent } from './viewer-function-response-event.ts';

/** What a run of the function gave. */
export interface ViewerFunctionRun {
  /** What the handler returned; undefined where it failed. */
  readonly result: unknown;
  /** How it failed: thrown, stopped, no handler; undefined where it did not. */
  readonly failure: string | undefined;
  /** What it wrote with `console.log`, the first 10 KB. */
  readonly logs: readonly string[];
  /** What its developer should hear of a run that went well; undefined where there is nothing. */
  readonly warning: string | undefined;
}

/** What its thread tells of a run. */
export interface ThreadReport extends Omit<ViewerFunctionRun, 'warning'> {
  /** Processor time of the run, in milliseconds. */
  readonly computeMs: number;
}

/** A CloudFront Function, ready to run. */
export interface ViewerFunction {
  /** Runs it for one event. Never rejects. */
  run(event: ViewerFunctionEvent | ViewerFunctionResponseEvent): Promise<ViewerFunctionRun>;
  /** Ends its thread. Idempotent. */
  close(): Promise<void>;
}

/** How much a run may use, in milliseconds. */
export interface ComputeLimits {
  /** Processor time over which its developer is warned. */
  readonly warnedMs: number;
  /** Processor time over which it fails. */
  readonly refusedMs: number;
  /** By the clock, after which the thread is ended, whatever it does. */
  readonly stoppedMs: number;
}

/**
 * CloudFront gives about one millisecond, on machines of its own and to code that it has compiled before: what is far over fails.
 * A thread that has to wait for a busy machine is no function that never ends, so that the clock has much more patience.
 */
const defaultLimits: ComputeLimits = { warnedMs: 10, refusedMs: 100, stoppedMs: 5000 };

/**
 * Largest heap of the thread, in MB. A function may use 2 MB (CloudFront, Quotas on CloudFront Functions), and V8 with this
 * harness uses some itself: what is far over the limit is stopped.
 */
const memoryLimitMb = 32;

/**
 * Prepares a CloudFront Function. Each run has a context of its own with nothing but the language in it: no timers, no
 * network, no file system, no code from strings. It runs in a thread, because only a thread can be stopped in any state.
 *
 * @throws LocalChainError where the code cannot be compiled.
 */
export function createViewerFunction(
  name: string,
  code: string,
  limits: ComputeLimits = defaultLimits,
): ViewerFunction {
  requireCompilable(name, code);
  // At once: CloudFront has no cold start.
  let worker: Promise<Worker> | undefined = startWorker(name, code);
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const stop = async (): Promise<void> => {
    const ending = worker;
    worker = undefined;
    await (await ending)?.terminate();
  };
  const runNow: ViewerFunction['run'] = async (event) => {
    if (isClosed) {
      return failed('the function is closed', []);
    }
    worker ??= startWorker(name, code);
    const report = await ask(await worker, event, limits.stoppedMs);
    if (typeof report === 'string') {
      await stop();
      return failed(report, []);
    }
    return judge(report, limits);
  };
  return {
    run: (event) => {
      const run = last.then(() => runNow(event));
      last = run.catch(() => undefined);
      return run;
    },
    close: () => {
      isClosed = true;
      return stop();
    },
  };
}

async function startWorker(name: string, code: string): Promise<Worker> {
  const worker = new Worker(ownModulePath('./viewer-function-worker', import.meta.url), {
    workerData: { name, code },
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb, maxYoungGenerationSizeMb: memoryLimitMb / 4 },
  });
  // A thread may fail while nobody waits for it, as it is being ended: whoever asks it next hears of it.
  worker.on('error', () => undefined);
  await once(worker, 'online');
  worker.unref();
  return worker;
}

/** The run's report, or how the thread failed, which is of no use then. */
async function ask(worker: Worker, event: unknown, stoppedMs: number): Promise<ThreadReport | string> {
  const { promise, resolve } = Promise.withResolvers<ThreadReport | string>();
  const timer = setTimeout(() => resolve(`the function was stopped after ${stoppedMs} ms`), stoppedMs);
  const onError = (error: unknown): void => {
    const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    resolve(
      isMemory
        ? `the function was stopped: it used over ${memoryLimitMb} MB of memory, and CloudFront gives it 2 MB`
        : String(error),
    );
  };
  worker.once('message', resolve);
  worker.once('error', onError);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  worker.postMessage(JSON.stringify(event));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', resolve);
    worker.off('error', onError);
  }
}

function judge({ computeMs, ...run }: ThreadReport, { warnedMs, refusedMs }: ComputeLimits): ViewerFunctionRun {
  const used = `the function used ${computeMs.toFixed(0)} ms of processor time here, and CloudFront gives it about 1 ms`;
  return computeMs > refusedMs ? failed(used, run.logs) : { ...run, warning: computeMs > warnedMs ? used : undefined };
}

function failed(failure: string, logs: readonly string[]): ViewerFunctionRun {
  return { result: undefined, failure, logs, warning: undefined };
}

function requireCompilable(name: string, code: string): void {
  try {
    // As the thread has it: a thread in which it cannot be compiled would take this whole process with it.
    compileFunction(`'use strict'; ${code}`, [], { filename: `${name}.js` });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LocalChainError(`the CloudFront Function ${name} cannot be compiled: ${reason}`, { cause: error });
  }
}
