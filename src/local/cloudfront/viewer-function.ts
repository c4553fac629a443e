import { once } from 'node:events';
import { compileFunction } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { LocalChainError } from '../local-chain-error.ts';
import { ownModulePath } from '../process/node-process.ts';
import type { ViewerFunctionEvent } from './viewer-function-event.ts';

/** What a run of the function gave. */
export interface ViewerFunctionRun {
  /** What the handler returned; undefined where it failed. */
  readonly result: unknown;
  /** How it failed: thrown, timed out, no handler; undefined where it did not. */
  readonly failure: string | undefined;
  /** What it wrote with `console`. */
  readonly logs: readonly string[];
}

/** A CloudFront Function, ready to run. */
export interface ViewerFunction {
  /** Runs it for one event. Never rejects. */
  run(event: ViewerFunctionEvent): Promise<ViewerFunctionRun>;
  /** Ends its thread. Idempotent. */
  close(): Promise<void>;
}

/** CloudFront stops a function far earlier, after about a millisecond of compute; a busy machine needs more. */
const timeLimitMs = 1000;

/**
 * Prepares a CloudFront Function. Each run has a context of its own with nothing but the language in it: no timers, no
 * network, no file system, no code from strings. It runs in a thread, because only a thread can be stopped in any state.
 *
 * @throws LocalChainError where the code cannot be compiled.
 */
export function createViewerFunction(name: string, code: string): ViewerFunction {
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
  const runNow = async (event: ViewerFunctionEvent): Promise<ViewerFunctionRun> => {
    if (isClosed) {
      return { result: undefined, failure: 'the function is closed', logs: [] };
    }
    worker ??= startWorker(name, code);
    const run = await ask(await worker, event);
    if (run === undefined) {
      await stop();
      return { result: undefined, failure: `the function was stopped after ${timeLimitMs} ms`, logs: [] };
    }
    return run;
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
  });
  await once(worker, 'online');
  worker.unref();
  return worker;
}

/** The run's report, or undefined where it takes too long. */
async function ask(worker: Worker, event: ViewerFunctionEvent): Promise<ViewerFunctionRun | undefined> {
  const { promise, resolve } = Promise.withResolvers<ViewerFunctionRun | undefined>();
  const timer = setTimeout(() => resolve(undefined), timeLimitMs);
  const onError = (error: unknown): void => resolve({ result: undefined, failure: String(error), logs: [] });
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

function requireCompilable(name: string, code: string): void {
  try {
    compileFunction(code, [], { filename: `${name}.js` });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LocalChainError(`the CloudFront Function ${name} cannot be compiled: ${reason}`, { cause: error });
  }
}
