/** Runs a CloudFront Function, one event after the other, in a thread that can be ended from outside. */
import { threadCpuUsage } from 'node:process';
import { Script, createContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { makeBuffer } from './viewer-function-buffer.ts';
import { answerHostCall } from './viewer-function-host.ts';
import { addModules } from './viewer-function-modules.ts';
import { furnish } from './viewer-function-sandbox.ts';
import type { ThreadReport } from './viewer-function.ts';

const { name, code } = workerData as { readonly name: string; readonly code: string };

/** Function logs are cut here, in characters (CloudFront, Restrictions on CloudFront Functions). */
const maxLogLength = 10_240;

/**
 * Runs inside the sandbox, so that no object from outside is within the function's reach: events go in and results come
 * out as JSON text.
 */
const harness = new Script(`(startMs, host) => {
  (${furnish.toString()})(startMs);
  (${addModules.toString()})((${makeBuffer.toString()})(host));
  const logs = [];
  let logLength = 0;
  const write = (...values) => {
    const line = values.map((value) => typeof value === 'string' ? value : JSON.stringify(value)).join(' ');
    const rest = ${maxLogLength} - logLength;
    logLength += line.length;
    if (rest > 0) logs.push(line.slice(0, rest));
  };
  globalThis.console = { log: write };
  let outcome = { failure: 'the handler never came to an end' };
  return {
    run: (event, load) => {
      Promise.resolve()
        .then(() => load()(JSON.parse(event)))
        .then((result) => { outcome = { result }; }, (error) => { outcome = { failure: String(error) }; });
    },
    report: () => JSON.stringify({ ...outcome, logs }),
  };
}`);

/** Declarations stay within; the value is the handler. */
const load = new Script(
  `() => { 'use strict'; ${code}\n;if (typeof handler !== 'function') throw new TypeError('the function has no handler'); return handler; }`,
  { filename: `${name}.js` },
);

const nothing = new Script('0');

interface Harness {
  run(event: string, handler: unknown): void;
  report(): string;
}

parentPort?.on('message', (event: string) => {
  // A context of its own for each event: CloudFront keeps nothing between two runs. The jobs of its promises are done
  // when an evaluation in it returns.
  const context = createContext(Object.create(null) as object, {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  const prepare = harness.runInContext(context) as (startMs: number, host: typeof answerHostCall) => Harness;
  const sandbox = prepare(Date.now(), answerHostCall);
  const loadInSandbox: unknown = load.runInContext(context);
  const before = computeMs();
  sandbox.run(event, loadInSandbox);
  nothing.runInContext(context);
  const used = computeMs() - before;
  const { result, failure, logs } = JSON.parse(sandbox.report()) as Omit<ThreadReport, 'computeMs'>;
  const report: ThreadReport = { result, failure, logs, computeMs: used };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort?.postMessage(report);
});

/** Processor time of this thread, which a busy machine does not lengthen; the clock where this Node cannot tell. */
function computeMs(): number {
  // Node has it from 23.9 on.
  const usage = (threadCpuUsage as typeof threadCpuUsage | undefined)?.();
  return usage === undefined ? performance.now() : (usage.user + usage.system) / 1000;
}
