/** Runs a CloudFront Function, one event after the other, in a thread that can be ended from outside. */
import { Script, createContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import type { ViewerFunctionRun } from './viewer-function.ts';

const { name, code } = workerData as { readonly name: string; readonly code: string };

/** What the runtime does not have and a fresh V8 context does (CloudFront Functions, JavaScript runtime 2.0 features). */
const absentGlobals = ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry', 'WeakRef'];

/**
 * Runs inside the sandbox, so that no object from outside is within the function's reach: events go in and results come
 * out as JSON text.
 */
const harness = new Script(`for (const name of ${JSON.stringify(absentGlobals)}) delete globalThis[name];
(event, load) => {
  const logs = [];
  const write = (...values) => {
    logs.push(values.map((value) => typeof value === 'string' ? value : JSON.stringify(value)).join(' '));
  };
  globalThis.console = { log: write, info: write, warn: write, error: write, debug: write };
  let outcome = { failure: 'the handler never came to an end' };
  Promise.resolve()
    .then(() => load()(JSON.parse(event)))
    .then((result) => { outcome = { result }; }, (error) => { outcome = { failure: String(error) }; });
  return () => JSON.stringify({ ...outcome, logs });
}`);

/** Declarations stay within; the value is the handler. */
const load = new Script(
  `() => { ${code}\n;if (typeof handler !== 'function') throw new TypeError('the function has no handler'); return handler; }`,
  { filename: `${name}.js` },
);

const nothing = new Script('0');

parentPort?.on('message', (event: string) => {
  // A context of its own for each event: CloudFront keeps nothing between two runs. The jobs of its promises are done
  // when an evaluation in it returns.
  const context = createContext(Object.create(null) as object, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  const start = harness.runInContext(context) as (event: string, handler: unknown) => () => string;
  const report = start(event, load.runInContext(context));
  nothing.runInContext(context);
  const { result, failure, logs } = JSON.parse(report()) as ViewerFunctionRun;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort?.postMessage({ result, failure, logs });
});
