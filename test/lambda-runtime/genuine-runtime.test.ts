import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ownModulePath, startNodeProcess } from '../../src/local/process/node-process.ts';
import type { ProcessExit } from '../../src/local/process/child-process.ts';
import { startRuntimeApi } from '../../src/local/lambda/runtime-api.ts';
import type { RuntimeApi } from '../../src/local/lambda/runtime-api.ts';
import { findGenuineRuntime } from './genuine-runtime.ts';
import { startWireRecorder } from './runtime-wire.ts';
import type { RecordedRequest } from './runtime-wire.ts';

const genuine = findGenuineRuntime();
const skip = 'skip' in genuine ? genuine.skip : false;
const genuineProgram = 'program' in genuine ? genuine.program : '';
const ownProgram = ownModulePath('../../src/local/lambda/bootstrap', import.meta.url);
const taskFolder = fileURLToPath(new URL('task', import.meta.url));
const relayFolder = fileURLToPath(new URL('../../dist/functions/relay', import.meta.url));

const streaming = [
  'tokens',
  'endWithChunk',
  'emptyWrite',
  'lateFrom',
  'bytes',
  'objects',
  'latin1',
  'ownContentType',
  'noContentType',
  'piped',
  'pipedBytes',
  'corked',
  'smallWaterMark',
  'surface',
  'context',
  'logs',
  'returnsValue',
  'endOnly',
  'endChunkOnly',
  'earlyThrow',
  'midThrow',
  'throwAfterEnd',
  'throwText',
  'throwDelete',
  'lateContentType',
  'notAsync',
  'writeNothing',
  'writeCircular',
  'pipelineFailsKeptOpen',
];

/**
 * What ends the process, in the genuine runtime as in the local one. Not here: a failure while it already waits for its
 * next invocation (`throwBadName`). The genuine one's native client then holds the exit up until one comes.
 */
const crashing = ['pipelineFails', 'pipelineFailsCaught', 'destroys', 'writeAfterEnd', 'exits', 'exitsEarly'];

const buffered = [
  'echo',
  'returnsUndefined',
  'returnsText',
  'synchronous',
  'returnsCircular',
  'throws',
  'throwsNothing',
  'nested.deep.handler',
];

/** What cannot be loaded. */
const unloadable = [
  'index.withCallback',
  'index.notAFunction',
  'index.nosuch',
  'broken.handler',
  'syntax.handler',
  'throws-at-start.handler',
  'missing.handler',
  '../index.echo',
  'index',
];

describe('the local runtime beside the genuine aws-lambda-ric', { skip, concurrency: 1 }, () => {
  for (const name of streaming) {
    it(`sends the same bytes for the streaming handler ${name}`, () => compareRuntimes({ handler: `index.${name}` }));
  }
  for (const name of crashing) {
    it(`ends the process alike for the handler ${name}`, () =>
      compareRuntimes({ handler: `index.${name}`, dies: true }));
  }
  for (const name of buffered) {
    it(`sends the same bytes for the buffered handler ${name}`, () => compareRuntimes({ handler: `index.${name}` }));
  }
  for (const handler of unloadable) {
    it(`reports the same init error for ${handler}`, () => compareRuntimes({ handler, dies: true }));
  }
  it('loads a CommonJS module alike', () => compareRuntimes({ handler: 'common.handler' }));
  it('writes the same lines where the log format is JSON', () =>
    compareRuntimes({ handler: 'index.logs', variables: { AWS_LAMBDA_LOG_FORMAT: 'JSON' } }));
  it('leaves out the same lines where the log level is WARN', () =>
    compareRuntimes({ handler: 'index.logs', variables: { AWS_LAMBDA_LOG_LEVEL: 'WARN' } }));
});

const relayIsMissing = existsSync(`${relayFolder}/index.mjs`) ? false : 'skipped: run npm run build first';

describe("the relay's own bundle under both runtimes", { skip: skip === false ? relayIsMissing : skip }, () => {
  const upstream = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end('data: {"event":{"contentBlockDelta":{"delta":{"text":"h\u00e9"},"contentBlockIndex":0}}}\n\n');
  });
  before(() => new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve)));
  after(() => {
    upstream.close();
    upstream.closeAllConnections();
  });

  for (const body of [
    '{"prompt":"hi","response":"original"}',
    '{"prompt":"hi","response":"transformed"}',
    '{}',
    'no',
  ]) {
    it(`answers ${body} with the same bytes`, async () => {
      const endpoint = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
      await compareRuntimes({
        handler: 'index.handler',
        folder: relayFolder,
        event: functionUrlEvent(body),
        variables: {
          AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/demo-0123456789',
          AWS_ENDPOINT_URL_BEDROCK_AGENTCORE: endpoint,
          AWS_ACCESS_KEY_ID: 'AKIDLOCALEXAMPLE0000',
          AWS_SECRET_ACCESS_KEY: 'secret',
        },
      });
    });
  }
});

interface Scenario {
  readonly handler: string;
  readonly folder?: string;
  readonly event?: unknown;
  readonly variables?: Readonly<Record<string, string>>;
  /** True where the process ends by itself instead of asking for its next invocation. */
  readonly dies?: boolean;
}

/** What a process sent, wrote and ended with, without what differs from run to run. */
interface Recording {
  readonly requests: readonly unknown[];
  readonly lines: readonly string[];
  readonly exit: ProcessExit | undefined;
}

async function compareRuntimes(scenario: Scenario): Promise<void> {
  const reference = await recordRuntime(genuineProgram, scenario);
  assert.deepEqual(await recordRuntime(ownProgram, scenario), reference);
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
    const invoked = runInvocation(api, scenario.event ?? {});
    const ended = child.exited.then(() => assert.equal(scenario.dies, true, `${scenario.handler} ended the process`));
    await (scenario.dies === true ? ended : Promise.race([invoked, ended]));
  } finally {
    clearTimeout(patience);
    child.kill();
    await child.exited;
  }
  const requests = recorder.requests().flatMap(normaliseRequest);
  await recorder.close();
  await api.close();
  return { requests, lines, exit: scenario.dies === true ? await child.exited : undefined };
}

async function runInvocation(api: RuntimeApi, event: unknown): Promise<void> {
  await api.initialized.catch(() => new Promise(() => undefined));
  const answer = await api
    .invoke({
      requestId: 'req-1',
      traceId: 'Root=1-2;Sampled=1',
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

function normaliseRequest(request: RecordedRequest): readonly unknown[] {
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
  return json.replaceAll(/- \/[^"\\]+\/(aws-lambda-ric|runtime-client)\/[^"\\]+/gu, '<runtime>');
}

function normaliseLog(text: string): readonly string[] {
  return withoutRequireStack(text)
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, '<time>')
    .replaceAll(uuid, '<uuid>')
    .replaceAll(/"(\w+Ms)":\d+/gu, '"$1":0')
    .replaceAll(/,?"\s+at [^"]*"/gu, '')
    .replaceAll(/\\n {4}at [^"\\]*/gu, '')
    .split('\n')
    .filter((line) => !/^\s+at /u.test(line));
}

function functionUrlEvent(body: string): unknown {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    rawQueryString: '',
    headers: { 'content-type': 'application/json', host: 'example.lambda-url.us-east-1.on.aws' },
    requestContext: {
      accountId: '123456789012',
      apiId: 'example',
      domainName: 'example.lambda-url.us-east-1.on.aws',
      domainPrefix: 'example',
      http: { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '203.0.113.1', userAgent: 'test' },
      requestId: 'req-1',
      routeKey: '$default',
      stage: '$default',
      time: '22/Nov/2026:12:00:00 +0000',
      timeEpoch: 1_795_348_800_000,
    },
    body,
    isBase64Encoded: false,
  };
}
