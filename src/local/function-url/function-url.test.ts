import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { valueOf } from '../cloudfront/header-list.ts';
import type { OriginRequest, OriginResponse } from '../cloudfront/messages.ts';
import { signForOrigin } from '../cloudfront/origin-access-control.ts';
import { LambdaFunctionError } from '../lambda/lambda-function.ts';
import type { LambdaFunction, LambdaStream } from '../lambda/lambda-function.ts';
import { noFaults } from '../faults/request-faults.ts';
import { untraced } from '../hop-trace.ts';
import type { RequestScope } from '../request-scope.ts';
import type { DeployedFunction, DeployedFunctionUrl } from '../template/deployment.ts';
import { createFunctionUrl } from './function-url.ts';

const functionUrl: DeployedFunctionUrl = {
  urlId: 'abc',
  domainName: 'abc.lambda-url.us-east-1.on.aws',
  region: 'us-east-1',
  accountId: '000000000000',
  function: { logicalId: 'Relay' } as DeployedFunction,
  authType: 'AWS_IAM',
  invokeMode: 'RESPONSE_STREAM',
  cors: undefined,
  refusal: undefined,
};

const scope: RequestScope = { record: () => undefined, faults: noFaults, trace: untraced };

const body = Buffer.from('{"prompt":"hi"}');
const now = Date.UTC(2026, 10, 22, 12, 15, 47);

const unsigned: OriginRequest = {
  method: 'POST',
  uri: '/',
  querystring: '',
  headers: [
    { name: 'Host', value: functionUrl.domainName },
    { name: 'x-amz-content-sha256', value: createHash('sha256').update(body).digest('hex') },
  ],
  body,
};
const request = sign(unsigned);

const answered: LambdaStream = {
  statusCode: 201,
  headers: {
    'content-type': 'text/event-stream',
    'WWW-Authenticate': 'Bearer',
    'Transfer-Encoding': 'chunked',
    'content-length': '99',
    'x-own': 'kept',
  },
  cookies: ['a=1; Path=/', 'b=2'],
  body: streamOf('data: 1\n\n'),
  isStreamed: true,
  initMs: undefined,
  crash: () => undefined,
};

test("answers with the function's own status, headers and cookies, as the service rewrites them", async () => {
  const response = await ask(request, () => Promise.resolve(answered));
  const requestId = valueOf(response.headers, 'x-amzn-requestid') ?? '';
  const traceId = valueOf(response.headers, 'x-amzn-trace-id') ?? '';
  assert.match(requestId, /^[0-9a-f-]{36}$/u);
  assert.match(traceId, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0$/u);
  assert.deepEqual(
    { status: response.status, headers: response.headers, body: await textOf(response) },
    {
      status: 201,
      headers: [
        { name: 'Content-Type', value: 'text/event-stream' },
        { name: 'X-Amzn-RequestId', value: requestId },
        { name: 'X-Amzn-Trace-Id', value: traceId },
        { name: 'x-amzn-Remapped-www-authenticate', value: 'Bearer' },
        { name: 'x-own', value: 'kept' },
        { name: 'Set-Cookie', value: 'a=1; Path=/' },
        { name: 'Set-Cookie', value: 'b=2' },
      ],
      body: 'data: 1\n\n',
    },
  );
});

test("answers a body without its hash, or with another's, with AWS's own 403 and does not invoke", async () => {
  for (const given of [[], [{ name: 'x-amz-content-sha256', value: 'abc' }]]) {
    const headers = [...unsigned.headers.slice(0, 1), ...given];
    assert.deepEqual(await summarize(ask(sign({ ...unsigned, headers }), neverInvoked)), {
      status: 403,
      errorType: 'InvalidSignatureException',
      contentType: 'application/json',
      body: '{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}',
    });
  }
});

test("answers a request that is not signed, or not permitted, with AWS's own 403 and does not invoke", async () => {
  const forbidden = {
    status: 403,
    errorType: 'AccessDeniedException',
    contentType: 'application/json',
    body: '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}',
  };
  assert.deepEqual(await summarize(ask(unsigned, neverInvoked)), forbidden);
  const bearer = { ...unsigned, headers: [...unsigned.headers, { name: 'Authorization', value: 'Bearer t' }] };
  assert.deepEqual(await summarize(ask(sign(bearer, 'no-override'), neverInvoked)), forbidden);
  assert.deepEqual(
    await summarize(ask(request, neverInvoked, { ...functionUrl, refusal: 'no permission' })),
    forbidden,
  );
});

test('answers a signature for another region, or over another request, with 403 and does not invoke', async () => {
  const elsewhere = { ...functionUrl, region: 'eu-west-1' };
  const changed: OriginRequest = { ...request, uri: '/other' };
  for (const refused of [ask(request, neverInvoked, elsewhere), ask(changed, neverInvoked)]) {
    const { status, errorType } = await summarize(refused);
    assert.deepEqual({ status, errorType }, { status: 403, errorType: 'InvalidSignatureException' });
  }
});

test("answers a request under the viewer's own host, which is no Function URL, with AWS's own 403", async () => {
  const headers = [{ name: 'host', value: 'viewer.example' }];
  assert.deepEqual(await summarize(ask({ ...request, headers }, neverInvoked)), {
    status: 403,
    errorType: 'AccessDeniedException',
    contentType: 'application/json',
    body: '{"Message":null}',
  });
});

test('refuses a body over 6 MB with 413 and does not invoke', async () => {
  const { status } = await ask({ ...request, body: new Uint8Array(6 * 1024 * 1024 + 1) }, neverInvoked);
  assert.equal(status, 413);
});

test('tells the developer why it refuses, whatever it refuses', async () => {
  const texts: string[] = [];
  const settings = { functionUrl, lambda: unusedLambda, onTrace: () => undefined, now: () => now };
  const origin = createFunctionUrl({ ...settings, onLog: ({ text }) => texts.push(text) });
  const [host] = unsigned.headers;
  assert.ok(host);
  const hashed = (value: string) => sign({ ...unsigned, headers: [host, { name: 'x-amz-content-sha256', value }] });
  for (const refused of [
    { ...request, headers: [{ name: 'host', value: 'viewer.example' }] },
    sign({ ...unsigned, headers: [host] }),
    hashed('abc'),
    hashed('UNSIGNED-PAYLOAD'),
    { ...request, uri: '/other' },
    { ...request, body: new Uint8Array(6 * 1024 * 1024 + 1) },
  ]) {
    await origin(refused, scope);
  }
  assert.deepEqual(texts, [
    '403: no Function URL has the host "viewer.example"; an origin request policy that forwards the viewer\'s Host, as AllViewer does, has to be AllViewerExceptHostHeader',
    "403: the request has a body, and x-amz-content-sha256 is that of an empty one: it has to be the SHA-256 of the body's bytes, in hex; CloudFront does not hash bodies",
    '403: the request has a body, and x-amz-content-sha256 is "abc": it has to be the SHA-256 of the body\'s bytes, in hex; CloudFront does not hash bodies',
    '403: the request has a body, and x-amz-content-sha256 is "UNSIGNED-PAYLOAD": it has to be the SHA-256 of the body\'s bytes, in hex; CloudFront does not hash bodies',
    '403: the signature is not one of this request for Lambda in us-east-1',
    '413: the body has more than the 6291456 bytes that a Function URL takes',
  ]);
});

test('answers 502 where the function fails before its first byte, and 429 where it is throttled', async () => {
  const failing = (kind: 'function-error' | 'crash' | 'timeout' | 'init-error' | 'throttled') =>
    summarize(ask(request, () => Promise.reject(new LambdaFunctionError(kind, 'Error', 'a secret'))));
  const failed = { status: 502, errorType: undefined, contentType: 'text/plain', body: 'Internal Server Error' };
  for (const kind of ['function-error', 'crash', 'timeout', 'init-error'] as const) {
    assert.deepEqual(await failing(kind), failed);
  }
  assert.deepEqual(await failing('throttled'), {
    status: 429,
    errorType: 'TooManyRequestsException',
    contentType: 'application/json',
    body: '{"Reason":"Error","Type":"User","message":"Rate Exceeded."}',
  });
});

test('answers 502 where the function gives a status or a header that HTTP does not have', async () => {
  for (const wrong of [{ statusCode: 99 }, { headers: { 'x-a': 'one\ntwo' } }, { headers: { 'x a': '1' } }]) {
    const response = await ask(request, () => Promise.resolve({ ...answered, ...wrong }));
    assert.equal(response.status, 502);
  }
});

test("keeps a viewer's trace and makes one where there is none", async () => {
  const traces: string[] = [];
  const root = 'Root=1-00000001-000000000000000000000001';
  const headers = [...request.headers, { name: 'X-Amzn-Trace-Id', value: `Self=x;${root}` }];
  const lambda: LambdaFunction = {
    invokeStreaming: (event, { traceId }) => {
      const header = (event as { headers: Record<string, string> }).headers['x-amzn-trace-id'] ?? '';
      traces.push(`${traceId} ${header}`);
      return Promise.resolve(answered);
    },
    invokeBuffered: neverInvoked,
    invoke: neverInvoked,
    close: () => Promise.resolve(),
  };
  const origin = createFunctionUrl({
    functionUrl,
    lambda,
    onTrace: (trace) => traces.push(trace),
    onLog,
    now: () => now,
  });
  await origin({ ...request, headers }, scope);
  assert.equal(traces[0], root);
  assert.match(
    traces[1] ?? '',
    /^Root=1-00000001-0{23}1;Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0 Self=1-\S+;Root=1-00000001-0{23}1$/u,
  );
});

const unusedLambda: LambdaFunction = {
  invokeStreaming: neverInvoked,
  invokeBuffered: neverInvoked,
  invoke: neverInvoked,
  close: () => Promise.resolve(),
};

/** As CloudFront does. */
function sign(asked: OriginRequest, signingBehavior = 'always'): OriginRequest {
  const distributionArn = 'arn:aws:cloudfront::000000000000:distribution/E1';
  return signForOrigin(asked, {
    signingBehavior,
    distributionArn,
    accountId: '000000000000',
    region: 'us-east-1',
    now,
  });
}

function ask(
  asked: OriginRequest,
  invokeStreaming: () => Promise<LambdaStream>,
  url: DeployedFunctionUrl = functionUrl,
): Promise<OriginResponse> {
  const lambda = { ...unusedLambda, invokeStreaming };
  const origin = createFunctionUrl({ functionUrl: url, lambda, onTrace: () => undefined, onLog, now: () => now });
  return origin(asked, scope);
}

async function summarize(answer: Promise<OriginResponse>): Promise<Record<string, unknown>> {
  const response = await answer;
  return {
    status: response.status,
    errorType: valueOf(response.headers, 'x-amzn-errortype'),
    contentType: valueOf(response.headers, 'content-type'),
    body: await textOf(response),
  };
}

async function textOf(response: OriginResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function neverInvoked(): Promise<never> {
  return Promise.reject(new Error('the function must not be invoked'));
}

function onLog(): void {
  // What the service would log is not what is tested here.
}
