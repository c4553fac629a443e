import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compareRuntimes, skip } from './compare-runtimes.ts';

const relayFolder = fileURLToPath(new URL('../../dist/functions/relay', import.meta.url));

/** Handlers that stream and leave their process alive. */
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
  'writeNothing',
  'writeCircular',
  'pipelineFailsKeptOpen',
];

/**
 * What ends the process, in the genuine runtime as in the local one. Not here: a failure while it already waits for its
 * next invocation (`throwBadName`). The genuine one's native client then holds the exit up until one comes.
 */
const crashing = ['pipelineFails', 'pipelineFailsCaught', 'destroys', 'writeAfterEnd', 'exits', 'exitsEarly'];

const buffered = ['echo', 'returnsUndefined', 'returnsText', 'returnsCircular', 'throws', 'throwsNothing'];

/** What a process of its own is needed for: it is marked, not async, or nested. */
const alone = [
  'index.smallWaterMark',
  'index.notAsync',
  'index.synchronous',
  'index.nested.deep.handler',
  'common.handler',
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
  it('sends the same bytes for handlers that stream', () =>
    compareRuntimes({ handler: 'index.anyStreaming', events: streaming.map((name) => ({ case: name })) }));
  it('sends the same bytes for handlers that do not', () =>
    compareRuntimes({ handler: 'index.anyBuffered', events: buffered.map((name) => ({ case: name })) }));
  for (const handler of alone) {
    it(`sends the same bytes for ${handler}`, () => compareRuntimes({ handler }));
  }
  for (const name of crashing) {
    it(`ends the process alike for the handler ${name}`, () =>
      compareRuntimes({ handler: `index.${name}`, dies: true }));
  }
  for (const handler of unloadable) {
    it(`reports the same init error for ${handler}`, () => compareRuntimes({ handler, dies: true }));
  }
  it('waits alike for an answer that is never ended', () =>
    compareRuntimes({ handler: 'index.neverEnds', hangs: true }));
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
