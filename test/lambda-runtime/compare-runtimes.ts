import assert from 'node:assert/strict';
import { isJsonObject } from '../../src/json.ts';
import { ownModulePath, startNodeProcess } from '../../src/local/process/node-process.ts';
import type { ProcessExit } from '../../src/local/process/child-process.ts';
import { startRuntimeApi } from '../../src/local/lambda/runtime-api.ts';
import type { RuntimeApi } from '../../src/local/lambda/runtime-api.ts';
import { findGenuineRuntime } from './genuine-runtime.ts';
import { startWireRecorder } from './runtime-wire.ts';
import type { RecordedRequest } from './runtime-wire.ts';
import { taskFolder } from './task-function.ts';
import { untilStill, untilTrue } from './until.ts';

const genuine = findGenuineRuntime();

/** Why the two cannot be compared; false where they can. */
export const skip: string | false = 'skip' in genuine ? genuine.skip : false;

const genuineProgram = 'program' in genuine ? genuine.program : '';
const ownProgram = ownModulePath('../../src/local/lambda/bootstrap', import.meta.url);

/** What a runtime is asked to run. */
export interface Scenario {
  readonly handler: string;
  readonly folder?: string;
  readonly event?: unknown;
  /** Several invocations of one process, one after the other; the request id of each is its place, from 1. */
  readonly events?: readonly unknown[];
  readonly traceId?: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** True where the process ends by itself instead of asking for its next invocation. */
  readonly dies?: boolean;
  /** True where it does neither: its answer begins, and does not end. */
  readonly hangs?: boolean;
}

/** What a process sent, wrote and ended with, without what differs from run to run. */
interface Recording {
  readonly requests: readonly NormalisedRequest[];
  readonly lines: readonly string[];
  readonly exit: ProcessExit | undefined;
}

/** Runs a scenario under the genuine runtime and under ours, and expects the same of both. */
export async function compareRuntimes(scenario: Scenario): Promise<void> {
  const programs = [genuineProgram, ownProgram];
  const [reference, own] = await Promise.all(programs.map((program) => recordRuntime(program, scenario)));
  assert.deepEqual(own, reference);
}

async function recordRuntime(program: string, scenario: Scenario): Promise<Recording> {
  const api = await startRuntimeApi();
  const recorder = await startWireRecorder(api.address);
  const lines: string[] = [];
  const child = startNodeProcess({
    entryPoint: [program],
    workingDirectory: scenario.folder ?? taskFolder,
    environment: environmentOf(scenario, recorder.address),
    onLine: (stream, text) => lines.push(...(stream === 'stdout' ? normaliseLog(text) : [])),
  });
  const patience = setTimeout(() => child.kill(), 20_000);
  try {
    let isOver = false;
    const invoked = runInvocations(api, scenario).then(() => {
      isOver = true;
    });
    const ended = child.exited.then(() => assert.equal(scenario.dies, true, `${scenario.handler} ended the process`));
    // Killed below, where it hangs.
    ended.catch(() => undefined);
    if (scenario.hangs === true) {
      const countChunks = (): number => recorder.requests().flatMap(({ chunks }) => chunks).length;
      await untilTrue(() => countChunks() > 0);
      await untilStill(() => String(countChunks()));
    } else {
      await (scenario.dies === true ? ended : Promise.race([invoked, ended]));
    }
    const exit = scenario.dies === true ? await child.exited : undefined;
    assert.equal(isOver, scenario.dies !== true && scenario.hangs !== true);
    child.kill();
    await child.exited;
    return withCaseNames(
      { requests: recorder.requests().flatMap(normaliseRequest).sort(byRequestId), lines, exit },
      scenario,
    );
  } finally {
    clearTimeout(patience);
    child.kill();
    await child.exited;
    await recorder.close();
    await api.close();
  }
}

/** Says which case of several a difference is in. */
function withCaseNames(recording: Recording, { events = [] }: Scenario): Recording {
  const nameOf = (id: string): string => {
    const event = events[Number(id) - 1];
    return isJsonObject(event) && 'case' in event ? `<${String(event['case'])}>` : `req-${id}`;
  };
  const label = (text: string): string => text.replaceAll(/req-(\d+)/gu, (_whole, id: string) => nameOf(id));
  return {
    ...recording,
    requests: recording.requests.map((request) => ({ ...request, line: label(request.line) })),
    lines: recording.lines.map(label),
  };
}

async function runInvocations(api: RuntimeApi, { event = {}, events = [event], traceId }: Scenario): Promise<void> {
  await api.initialized.catch(() => new Promise(() => undefined));
  for (const [index, each] of events.entries()) {
    await runInvocation(api, `req-${index + 1}`, traceId ?? `Root=1-${index + 2};Sampled=1`, each);
  }
}

async function runInvocation(api: RuntimeApi, requestId: string, traceId: string, event: unknown): Promise<void> {
  const answer = await api
    .invoke({
      requestId,
      traceId,
      functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f',
      deadlineMs: Date.now() + 30_000,
      eventJson: JSON.stringify(event),
    })
    .catch(() => undefined);
  if (answer?.kind === 'streaming') {
    answer.message.resume();
  }
  await api.untilNext();
}

function environmentOf(scenario: Scenario, address: string): Record<string, string> {
  return {
    AWS_REGION: 'us-east-1',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    ...scenario.variables,
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_LAMBDA_FUNCTION_NAME: 'f',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    AWS_LAMBDA_LOG_GROUP_NAME: 'g',
    AWS_LAMBDA_LOG_STREAM_NAME: 's',
    LAMBDA_TASK_ROOT: scenario.folder ?? taskFolder,
    _HANDLER: scenario.handler,
  };
}

/** Headers that say who speaks rather than what is said; and X-Ray's copy of an error, which only buffered errors have. */
const ignoredHeaders = new Set([
  'host',
  'user-agent',
  'accept',
  'connection',
  'lambda-runtime-function-xray-error-cause',
]);

function byRequestId(one: NormalisedRequest, other: NormalisedRequest): number {
  const [first, second] = [one, other].map(({ line }) => Number(/req-(\d+)/u.exec(line)?.[1] ?? 0));
  return (first ?? 0) - (second ?? 0);
}

interface NormalisedRequest {
  readonly line: string;
  readonly [member: string]: unknown;
}

function normaliseRequest(request: RecordedRequest): readonly NormalisedRequest[] {
  if (request.line.startsWith('GET ')) {
    return [];
  }
  const isError = request.line.includes('/error ');
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) => !ignoredHeaders.has(name) && !(isError && name === 'content-length'),
    ),
  );
  const chunks = request.chunks.map((chunk) =>
    isError ? normaliseReport(chunk.toString('utf8')) : chunk.toString('latin1').replaceAll(uuid, '<uuid>'),
  );
  const { 'lambda-runtime-function-error-body': report, ...trailers } = request.trailers;
  const trailerReport = report === undefined ? undefined : normaliseReport(Buffer.from(report, 'base64').toString());
  return [{ line: request.line, headers, chunks, trailers, trailerReport, complete: request.complete }];
}

const uuid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu;

function normaliseReport(json: string): unknown {
  const report = JSON.parse(withoutRequireStack(json)) as { readonly trace: readonly string[] };
  return { ...report, trace: report.trace.filter((line) => !/^\s+at /u.test(line)) };
}

/** Names the runtime's own files, which are not the same. */
function withoutRequireStack(json: string): string {
  return json.replaceAll(/(- |imported from )\/[^"\\]+\/(aws-lambda-ric|runtime-client)\/[^"\\]+/gu, '$1<runtime>');
}

function normaliseLog(text: string): readonly string[] {
  return withoutRequireStack(text)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, '<time>')
    .replaceAll(uuid, '<uuid>')
    .replaceAll(/"(\w+Ms)":\d+/gu, '"$1":0')
    .replaceAll(/\(node:\d+\)/gu, '(node:<pid>)')
    .replaceAll(/\d+ lines matching cause/gu, '<n> lines matching cause')
    .replaceAll(/,?"\s+at [^"]*"/gu, '')
    .replaceAll(/\\n {4,}at [^"\\]*/gu, '')
    .split('\n')
    .filter((line) => !/^\s+at /u.test(line));
}
