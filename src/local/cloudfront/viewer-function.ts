import { Script, createContext } from 'node:vm';
import { LocalChainError } from '../local-chain-error.ts';
import type { ViewerFunctionEvent } from './viewer-function-event.ts';

/** What a run of the function gave. */
export interface ViewerFunctionRun {
  /** What the handler returned; undefined where it failed. */
  readonly result: unknown;
  /** How it failed: thrown, timed out, no handler. */
  readonly failure: string | undefined;
  /** What it wrote with `console`. */
  readonly logs: readonly string[];
}

/** A CloudFront Function, ready to run. */
export type ViewerFunction = (event: ViewerFunctionEvent) => ViewerFunctionRun;

/** CloudFront stops a function far earlier, after about a millisecond of compute; a debugger or a busy machine may not. */
const timeLimitMs = 1000;

/** What the runtime does not have and a fresh V8 context does (CloudFront Functions, JavaScript runtime 2.0 features). */
const absentGlobals =
  'for (const name of ["WebAssembly", "SharedArrayBuffer", "Atomics", "FinalizationRegistry", "WeakRef"]) delete globalThis[name];';

/**
 * Runs inside the sandbox, so that no object of this process is within its reach: events go in and results come out as
 * JSON text.
 */
const harness = `${absentGlobals}
(load) => {
  const logs = [];
  const write = (...values) => { logs.push(values.map((value) => typeof value === 'string' ? value : JSON.stringify(value)).join(' ')); };
  globalThis.console = { log: write, info: write, warn: write, error: write, debug: write };
  const run = { outcome: undefined, logs };
  run.start = (event) => {
    Promise.resolve()
      .then(() => load()(JSON.parse(event)))
      .then(
        (result) => { run.outcome = JSON.stringify({ result }); },
        (error) => { run.outcome = JSON.stringify({ failure: String(error) }); },
      );
  };
  run.report = () => JSON.stringify({ outcome: run.outcome, logs });
  globalThis.run = run;
}`;

/**
 * Compiles a CloudFront Function. Each run has a context of its own with nothing but the language in it: no timers, no
 * network, no file system, no code from strings.
 *
 * @throws LocalChainError where the code cannot be compiled.
 */
export function createViewerFunction(name: string, code: string): ViewerFunction {
  const script = compile(name, code);
  const prepare = new Script(harness);
  return (event) => {
    const context = createContext(Object.create(null) as object, {
      codeGeneration: { strings: false, wasm: false },
      microtaskMode: 'afterEvaluate',
    });
    const evaluate = (source: Script): unknown => source.runInContext(context, { timeout: timeLimitMs });
    try {
      const install = evaluate(prepare) as (load: unknown) => void;
      install(evaluate(script));
      evaluate(new Script(`run.start(${JSON.stringify(JSON.stringify(event))})`));
      return readReport(String(evaluate(new Script('run.report()'))));
    } catch (error) {
      return { result: undefined, failure: describe(error), logs: [] };
    }
  };
}

/** The code runs when `load` is called, inside the bound of time; its value is the handler. */
function compile(name: string, code: string): Script {
  try {
    return new Script(
      `() => { ${code}\n;if (typeof handler !== 'function') throw new TypeError('the function has no handler'); return handler; }`,
      { filename: `${name}.js` },
    );
  } catch (error) {
    throw new LocalChainError(`the CloudFront Function ${name} cannot be compiled: ${describe(error)}`, {
      cause: error,
    });
  }
}

function readReport(report: string): ViewerFunctionRun {
  const { outcome, logs } = JSON.parse(report) as { outcome?: string; logs: string[] };
  if (outcome === undefined) {
    return { result: undefined, failure: 'the handler never came to an end', logs };
  }
  const { result, failure } = JSON.parse(outcome) as { result?: unknown; failure?: string };
  return { result, failure, logs };
}

function describe(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)
    ? String(error.message)
    : String(error);
}
