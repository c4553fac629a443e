import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { OriginRequest, OriginResponse } from '../../src/local/cloudfront/messages.ts';
import { noFaults } from '../../src/local/faults/request-faults.ts';
import type { RequestFaults } from '../../src/local/faults/request-faults.ts';
import { createFunctionUrl } from '../../src/local/function-url/function-url.ts';
import { createExchangeTrace, untraced } from '../../src/local/hop-trace.ts';
import type { ExchangeTrace } from '../../src/local/hop-trace.ts';
import type { LambdaFunctionSettings } from '../../src/local/lambda/lambda-function-settings.ts';
import type { DeployedFunction, DeployedFunctionUrl } from '../../src/local/template/deployment.ts';
import { startFunction } from '../lambda-runtime/task-function.ts';
import { untilTrue } from '../lambda-runtime/until.ts';

const domainName = 'abc.lambda-url.us-east-1.on.aws';

const get: OriginRequest = {
  method: 'GET',
  uri: '/pa%2Fth',
  querystring: 'a=1',
  headers: [{ name: 'Host', value: domainName }],
  body: new Uint8Array(),
};

const page = 'https://app.example';
const cors = {
  allowCredentials: false,
  allowHeaders: ['content-type'],
  allowMethods: ['POST'],
  allowOrigins: [page],
  exposeHeaders: [],
  maxAgeSeconds: 60,
};

describe('a Function URL that streams', () => {
  it('sends what comes, as it comes', async (t) => {
    const url = start(t, 'index.neverEnds');
    const { status, body } = await url.ask();
    const { value } = await body[Symbol.asyncIterator]().next();
    assert.deepEqual([status, String(value)], [200, 'x']);
  });

  it('sends what a handler returns that does not stream as it is, its status too, and says so once', async (t) => {
    const url = start(t, 'index.returnsAnswer');
    for (let count = 0; count < 2; count += 1) {
      const { status, type, text } = await read(await url.ask());
      assert.deepEqual([status, type, text], [200, 'application/json', '{"statusCode":404,"body":"not here"}']);
    }
    assert.equal(url.lines.filter((line) => line.includes('the handler does not stream')).length, 1);
  });

  it('answers 502 where the handler ends it with a text that no write precedes, and says why', async (t) => {
    const url = start(t, 'index.endChunkOnly');
    const { status, text } = await read(await url.ask());
    assert.deepEqual([status, text], [502, 'Internal Server Error']);
    assert.match(url.lines.join('\n'), /^Runtime\.InvalidPrelude: .* with the first write\(\), never with end\(\)$/mu);
  });

  it('takes the compression of an answer away, and says so', async (t) => {
    const url = start(t, 'index.compressed');
    const response = await url.ask();
    assert.equal(
      response.headers.some(({ name }) => name.toLowerCase() === 'content-encoding'),
      false,
    );
    assert.equal((await read(response)).text, 'plain after all');
    assert.match(url.lines.join('\n'), /the handler compresses what it streams/u);
  });

  it('breaks off where the function fails in the middle', async (t) => {
    const { body } = await start(t, 'index.midThrow').ask();
    assert.equal(await readUntilError(body), 'data: 1\n\n');
  });
});

describe('a Function URL that does not stream', () => {
  it('takes status, headers and body from what the handler returns', async (t) => {
    const url = start(t, 'index.returnsAnswer', { invokeMode: 'BUFFERED' });
    assert.deepEqual(await read(await url.ask()), {
      status: 404,
      type: 'application/json',
      length: '8',
      text: 'not here',
    });
  });

  it('makes the prelude of a handler that streams the beginning of the body, and says so once', async (t) => {
    const url = start(t, 'index.lateFrom', { invokeMode: 'BUFFERED' });
    for (let count = 0; count < 2; count += 1) {
      const { status, text } = await read(await url.ask());
      const prelude = '{"statusCode":404,"headers":{"content-type":"application/json"}}';
      assert.deepEqual([status, text], [200, `${prelude}${'\0'.repeat(8)}{"error":1}`]);
    }
    assert.deepEqual(
      url.lines.filter((line) => line.includes('BUFFERED')),
      [
        "the handler streams, and its URL's InvokeMode is BUFFERED: nothing is sent before the function is done, and its status and headers become the beginning of the body",
      ],
    );
  });

  it('answers 502 where the answer is over 6 MB, and where the function fails at its end', async (t) => {
    const url = start(t, 'index.large', { invokeMode: 'BUFFERED' });
    const event = { ...get, querystring: `length=${6 * 1024 * 1024 + 100}` };
    assert.deepEqual((await read(await url.ask(event))).status, 502);
    assert.match(url.lines.join('\n'), /Function\.ResponseSizeTooLarge: Response payload size exceeded/u);
    const failing = start(t, 'index.midThrow', { invokeMode: 'BUFFERED' });
    assert.equal((await read(await failing.ask())).status, 502);
  });
});

describe("a Function URL's CORS", () => {
  const headers = [...get.headers, { name: 'Origin', value: page }];
  const ask = { name: 'Access-Control-Request-Method', value: 'POST' };

  it('answers a preflight without the function, also where it is not signed', async (t) => {
    const url = start(t, 'no.handler', { cors, authType: 'AWS_IAM' });
    const response = await url.ask({ ...get, method: 'OPTIONS', headers: [...headers, ask] });
    assert.equal(response.status, 200);
    assert.deepEqual(corsOf(response), [
      `Access-Control-Allow-Origin: ${page}`,
      'Access-Control-Allow-Methods: POST',
      'Access-Control-Allow-Headers: content-type',
      'Access-Control-Max-Age: 60',
    ]);
  });

  it("is added to the function's own headers, which doubles them, and to the service's own answers", async (t) => {
    const url = start(t, 'index.ownCors', { cors });
    assert.deepEqual(corsOf(await url.ask({ ...get, headers })), [
      `Access-Control-Allow-Origin: ${page}`,
      'access-control-allow-origin: *',
    ]);
    const failing = start(t, 'index.earlyThrow', { cors });
    assert.deepEqual(corsOf(await failing.ask({ ...get, headers })), [`Access-Control-Allow-Origin: ${page}`]);
  });
});

describe('what goes wrong at a Function URL on demand', () => {
  it('throttles without an invocation', async (t) => {
    const url = start(t, 'no.handler');
    const { status, type, text } = await read(await url.ask(get, { isThrottled: true }));
    assert.deepEqual(
      [status, type, text],
      [
        429,
        'application/json',
        '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
      ],
    );
  });

  it('throttles the same way where the function has no concurrency left', async (t) => {
    const url = start(t, 'no.handler', {}, { reservedConcurrency: 0 });
    const asked = await read(await url.ask());
    assert.deepEqual(asked, await read(await url.ask(get, { isThrottled: true })));
  });

  it('holds the first chunk back until the second', async (t) => {
    const url = start(t, 'index.pausesAfterFirst');
    const { body } = await url.ask(get, { holdsFirstChunk: true });
    const chunks: string[] = [];
    for await (const chunk of body) {
      chunks.push(String(chunk));
    }
    assert.deepEqual(chunks, ['first', 'second']);
  });

  it('cuts the answer where it is told, and the function runs on', async (t) => {
    // With one process at a time, the next request has to wait for the end of the one that was cut.
    const url = start(t, 'index.tokensWithPid', {}, { reservedConcurrency: 1 });
    const cut = await url.ask(get, { cutAfter: { unit: 'messages', count: 2 } });
    assert.equal(await readUntilError(cut.body), 'data: 0\n\ndata: 1\n\n');
    let again = await url.ask();
    await untilTrue(async () => {
      again = await url.ask();
      return again.status === 200;
    });
    assert.equal(pidOf(again), pidOf(cut));
  });

  it('kills the process where it is told, in the words of a crash, and the next request gets another', async (t) => {
    const url = start(t, 'index.tokensWithPid');
    const crashed = await url.ask(get, { crashAfter: { unit: 'messages', count: 1 } });
    assert.equal(await readUntilError(crashed.body), 'data: 0\n\n');
    const again = await url.ask(get);
    assert.notEqual(pidOf(again), pidOf(crashed));
    assert.match(
      url.lines.join('\n'),
      /^RequestId: \S+ Error: Runtime exited with error: signal: killed\nRuntime\.ExitError$/mu,
    );
  });

  it('lets a process start so much later', async (t) => {
    const waits: number[] = [];
    const clock = { nowMs: () => 0, wait: (ms: number) => Promise.resolve(void waits.push(ms)) };
    const url = start(t, 'index.echo', {}, { clock });
    await read(await url.ask(get, { coldStartMs: 35_000 }));
    assert.deepEqual(waits, [35_000]);
  });
});

describe("a Function URL's part of a trace", () => {
  it('has what was sent and when, chunk by chunk', async (t) => {
    const trace = createExchangeTrace(() => performance.now());
    const url = start(t, 'index.pausesAfterFirst');
    const { type } = await read(await url.ask({ ...get, body: Buffer.from('abc') }, {}, trace));
    const [hop] = trace.hops();
    assert.deepEqual(
      [
        hop?.hop,
        hop?.requestHeaders,
        hop?.requestBytes,
        hop?.status,
        hop?.outcome,
        hop?.chunks.map(({ bytes }) => bytes),
      ],
      ['function-url', get.headers, 3, 200, 'complete', [5, 6]],
    );
    assert.ok(hop?.responseHeaders.some(({ name, value }) => name === 'Content-Type' && value === type));
    assert.ok((hop?.coldStartMs ?? 0) > 0 && (hop?.headMs ?? 0) <= (hop?.chunks[0]?.atMs ?? 0));
  });

  it('tells a cut from a viewer that left', async (t) => {
    const url = start(t, 'index.tokensWithPid');
    const cut = createExchangeTrace(() => 0);
    await readUntilError((await url.ask(get, { cutAfter: { unit: 'bytes', count: 1 } }, cut)).body);
    const left = createExchangeTrace(() => 0);
    const { body } = await url.ask(get, {}, left);
    await body[Symbol.asyncIterator]().return?.();
    assert.deepEqual(
      [cut, left].map((trace) => trace.hops()[0]?.outcome),
      ['cut', 'viewer-left'],
    );
  });
});

interface StartedUrl {
  readonly lines: readonly string[];
  ask(
    request?: OriginRequest,
    faults?: Partial<RequestFaults['relay']>,
    trace?: ExchangeTrace,
  ): Promise<OriginResponse>;
}

function start(
  t: TestContext,
  handler: string,
  changes: Partial<DeployedFunctionUrl> = {},
  settings: Partial<LambdaFunctionSettings> = {},
): StartedUrl {
  const lines: string[] = [];
  const lambda = startFunction(t, handler, { onLog: ({ text }) => lines.push(text), ...settings });
  const origin = createFunctionUrl({
    functionUrl: {
      urlId: 'abc',
      domainName,
      region: 'us-east-1',
      accountId: '000000000000',
      function: { logicalId: 'Relay' } as DeployedFunction,
      authType: 'NONE',
      invokeMode: 'RESPONSE_STREAM',
      cors: undefined,
      refusal: undefined,
      ...changes,
    },
    lambda,
    onTrace: () => undefined,
    onLog: ({ text }) => lines.push(text),
    now: Date.now,
  });
  return {
    lines,
    ask: (request = get, faults = {}, trace = untraced) =>
      origin(request, {
        record: () => undefined,
        faults: { ...noFaults, relay: { ...noFaults.relay, ...faults } },
        trace,
      }),
  };
}

async function read(response: OriginResponse): Promise<{
  readonly status: number;
  readonly type: string | undefined;
  readonly length: string | undefined;
  readonly text: string;
}> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) {
    chunks.push(chunk);
  }
  const valueOf = (name: string): string | undefined => response.headers.find((field) => field.name === name)?.value;
  return {
    status: response.status,
    type: valueOf('Content-Type'),
    length: valueOf('Content-Length'),
    text: Buffer.concat(chunks).toString(),
  };
}

async function readUntilError(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  const reading = async (): Promise<void> => {
    for await (const chunk of body) {
      text += String(chunk);
    }
  };
  await assert.rejects(reading());
  return text;
}

function corsOf({ headers }: OriginResponse): readonly string[] {
  return headers
    .filter(({ name }) => name.toLowerCase().startsWith('access-control-'))
    .map(({ name, value }) => `${name}: ${value}`);
}

function pidOf({ headers }: OriginResponse): string | undefined {
  return headers.find(({ name }) => name === 'x-pid')?.value;
}
