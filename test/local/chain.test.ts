import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import type { LocalChain, LocalChainOptions, LogLine, RequestLine } from '../../src/local.ts';
import type { FunctionUrlEvent } from '../../src/local/function-url/event.ts';
import { allowInBodies, startWatchedChain } from '../watched-servers.ts';
import { openCheckpoints } from './checkpoints.ts';
import { shownWithEvent, synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly, LooseResource } from './fixture-assembly.ts';

const accountId = '999988887777';

let assembly: FixtureAssembly;
let chain: LocalChain;
const lines: RequestLine[] = [];
const logs: LogLine[] = [];

before(async () => {
  assembly = synthesizeFixture();
  chain = await start({ onRequest: (line) => lines.push(line), onLog: (line) => logs.push(line) });
});
after(async () => {
  await chain.close();
  assembly.remove();
});

test('carries a body through every hop and back, byte for byte', async () => {
  const body = Buffer.from(Array.from({ length: 256 }, (_value, byte) => byte));
  const answer = await ask('/', { method: 'POST', body, headers: { 'content-type': 'application/octet-stream' } });
  assert.deepEqual(answer.body, body);
  assert.equal(answer.status, 200);
});

test("answers with the function's headers, the response headers policy and CloudFront's own", async () => {
  const { headers } = await ask('/', { method: 'POST', body: 'hello' });
  const { date, via, 'x-amz-cf-id': id, 'x-fixture-pid': pid, 'x-amzn-requestid': requestId, ...rest } = headers;
  assert.deepEqual(rest, {
    'content-type': 'application/json',
    'www-authenticate': 'Bearer',
    'x-seen': '{"status":"200","statusDescription":"OK"}',
    'x-fixture': 'mine',
    'set-cookie': ['a=1; Path=/', 'b=2'],
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-cache': 'Miss from cloudfront',
    'x-amz-cf-pop': 'LOCAL50-P1',
    connection: 'close',
    'transfer-encoding': 'chunked',
  });
  assert.match(String(id), /^[\w-]{54}==$/u);
  assert.match(String(via), /^1\.1 [0-9a-f]{32}\.cloudfront\.net \(CloudFront\)$/u);
  assert.match(String(requestId), /^[0-9a-f-]{36}$/u);
  assert.ok(date !== undefined && pid !== undefined);
});

test("gives the function a signed Function URL event, with the viewer's authorization moved out of its way", async () => {
  allowInBodies(...shownWithEvent);
  const answer = await ask('/a%2Fb?prompt=hi&x=1&x=2', {
    headers: { authorization: 'Bearer secret', cookie: 's=1; t=2', 'user-agent': 'test', te: 'trailers' },
  });
  const event = JSON.parse(answer.body.toString()) as FunctionUrlEvent;
  const { distribution } = chain.deployment;
  const domainName = distribution.behaviours[0]?.origin.domainName ?? '';
  const id = String(answer.headers['x-amz-cf-id']);
  const { headers } = event;
  assert.deepEqual(
    { ...event, requestContext: undefined, headers: undefined },
    {
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a%2Fb',
      rawQueryString: 'prompt=hi&x=1&x=2',
      cookies: ['s=1', 't=2'],
      queryStringParameters: { prompt: 'hi', x: '1,2' },
      isBase64Encoded: false,
      requestContext: undefined,
      headers: undefined,
    },
  );
  assert.deepEqual(
    { ...headers, 'x-amz-date': '', 'x-amzn-trace-id': '' },
    {
      host: domainName,
      'x-relay-authorization': 'Bearer secret',
      cookie: 's=1; t=2',
      'user-agent': 'test',
      'x-forwarded-for': '127.0.0.1',
      via: answer.headers['via'],
      'x-origin-note': 'from the distribution',
      'x-amz-cf-id': id,
      'x-amz-date': '',
      'x-amz-security-token': 'local-cloudfront-session-token',
      'x-amz-source-arn': distribution.arn,
      'x-amz-source-account': accountId,
      'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-amzn-tls-cipher-suite': 'TLS_AES_128_GCM_SHA256',
      'x-amzn-tls-version': 'TLSv1.3',
      'x-amzn-trace-id': '',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
  );
});

test('streams: the first half arrives while the function has not made the second', async () => {
  await using checkpoints = await openCheckpoints();
  await using own = await start({ relayEnvironment: { FIXTURE_URL: checkpoints.url } });
  const viewer = await open(own, '/', { method: 'POST', body: 'abcd', headers: { 'x-fixture-relay': 'hold-middle' } });
  const chunks = viewer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  assert.equal(String((await chunks.next()).value), 'ab');
  checkpoints.release('middle');
  assert.equal(String((await chunks.next()).value), 'cd');
  assert.equal((await chunks.next()).done, true);
  checkpoints.release('end');
});

test('hides from the function that the viewer has left', async () => {
  await using checkpoints = await openCheckpoints();
  const ended = Promise.withResolvers<RequestLine>();
  await using own = await start({
    relayEnvironment: { FIXTURE_URL: checkpoints.url },
    onRequest: (line) => ended.resolve(line),
  });
  const viewer = await open(own, '/', { method: 'POST', body: 'abcd', headers: { 'x-fixture-relay': 'hold-middle' } });
  await once(viewer, 'data');
  viewer.destroy();
  const { ending, bytes } = await ended.promise;
  assert.deepEqual({ ending, bytes }, { ending: 'viewer-left', bytes: 2 });
  checkpoints.release('middle');
  await checkpoints.reached('end');
  checkpoints.release('end');
});

test('answers 504 where the function gives no status within the read timeout, and repeats a GET but no POST', async () => {
  for (const [method, attempts] of [
    ['POST', 1],
    ['GET', 2],
  ] as const) {
    await using checkpoints = await openCheckpoints();
    await using own = await start({ relayEnvironment: { FIXTURE_URL: checkpoints.url } });
    const viewer = await open(own, '/', { method, headers: { 'x-fixture-relay': 'hold-status' } });
    assert.deepEqual([viewer.statusCode, viewer.headers['x-cache']], [504, 'Error from cloudfront']);
    assert.match((await read(viewer)).toString(), /<H1>504 ERROR<\/H1>/u);
    assert.equal(checkpoints.count('status'), attempts);
  }
});

test('cuts the response where the function is silent for longer than the read timeout', async () => {
  await using checkpoints = await openCheckpoints();
  await using own = await start({ relayEnvironment: { FIXTURE_URL: checkpoints.url } });
  const viewer = await open(own, '/', { method: 'POST', body: 'abcd', headers: { 'x-fixture-relay': 'hold-middle' } });
  await assert.rejects(read(viewer), { code: 'ECONNRESET' });
  checkpoints.release('middle');
  checkpoints.release('end');
});

test("answers a body without its hash with AWS's own 403", async () => {
  const answer = await ask('/', { method: 'POST', body: 'hello', headers: { 'x-fixture-edge': 'no-hash' } });
  assert.deepEqual(
    [answer.status, answer.headers['x-amzn-errortype'], answer.headers['x-cache'], answer.body.toString()],
    [
      403,
      'InvalidSignatureException',
      'Error from cloudfront',
      '{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}',
    ],
  );
});

test("answers with AWS's own 403 where the template lacks either permission, does not sign, or lets a viewer authorize itself", async () => {
  const withSigning = (signingBehavior: string) => (resource: LooseResource) => {
    const copy = structuredClone(resource);
    if (copy.Type === 'AWS::CloudFront::OriginAccessControl') {
      Object.assign(copy.Properties['OriginAccessControlConfig'] as object, { SigningBehavior: signingBehavior });
    }
    return copy;
  };
  const without = (action: string) => (resource: LooseResource) =>
    resource.Properties?.['Action'] === action ? undefined : resource;
  for (const edit of [
    without('lambda:InvokeFunction'),
    without('lambda:InvokeFunctionUrl'),
    withSigning('never'),
    withSigning('no-override'),
  ]) {
    await using own = await start({ assembly: assembly.copyWith(edit) });
    const headers = { authorization: 'Bearer secret' };
    const answer = await open(own, '/', { method: 'POST', body: 'hello', headers });
    assert.deepEqual(
      [answer.statusCode, answer.headers['x-amzn-errortype'], (await read(answer)).toString()],
      [
        403,
        'AccessDeniedException',
        '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}',
      ],
    );
  }
});

test("answers with AWS's own 403 where the viewer's host is forwarded", async () => {
  const allViewer = '216adef6-5c7f-47e4-b989-5492eafa07d3';
  const edited = assembly.copyWith((resource) => {
    const copy = structuredClone(resource);
    if (copy.Type === 'AWS::CloudFront::Distribution') {
      const { DefaultCacheBehavior: behaviour } = copy.Properties['DistributionConfig'] as {
        DefaultCacheBehavior: { OriginRequestPolicyId: string };
      };
      behaviour.OriginRequestPolicyId = allViewer;
    }
    return copy;
  });
  await using own = await start({ assembly: edited });
  const answer = await open(own, '/', { headers: { host: 'localhost' } });
  assert.deepEqual(
    [answer.statusCode, answer.headers['x-amzn-errortype'], (await read(answer)).toString()],
    [403, 'AccessDeniedException', '{"Message":null}'],
  );
});

test("answers as CloudFront does where an edge function or the viewer breaks CloudFront's rules", async () => {
  const answers = [];
  for (const [path, options] of [
    ['/teapot', {}],
    ['/', { method: 'POST', body: 'hello', headers: { 'x-fixture-edge': 'throw' } }],
    ['/', { method: 'POST', body: 'hello', headers: { 'x-fixture-edge': 'bad-header' } }],
    ['/', { method: 'POST', body: Buffer.alloc(1_048_577) }],
    ['/', { method: 'GET', body: 'hello' }],
    ['/read-only/a', { method: 'POST', body: 'hello' }],
    [`/${'a'.repeat(8192)}`, {}],
  ] as const) {
    const { status, headers, body } = await ask(path, options);
    const text = body.toString().replaceAll('\n', ' ');
    answers.push([
      status,
      headers['x-cache'],
      headers['x-from'] ?? /<HR noshade size="1px"> (.*?) We can't/u.exec(text)?.[1] ?? text,
    ]);
  }
  assert.deepEqual(answers, [
    [418, 'FunctionGeneratedResponse from cloudfront', 'viewer function'],
    [
      503,
      'LambdaExecutionError from cloudfront',
      "The Lambda function associated with the CloudFront distribution is invalid or doesn't have the required permissions.",
    ],
    [
      502,
      'LambdaValidationError from cloudfront',
      'The Lambda function result failed validation: The function tried to add a header that is not allowed.',
    ],
    [413, 'LambdaGeneratedResponse from cloudfront', '{"error":"too large"}'],
    [403, 'Error from cloudfront', 'Bad request.'],
    [
      403,
      'Error from cloudfront',
      'This distribution is not configured to allow the HTTP request method that was used for this request.',
    ],
    [413, 'Error from cloudfront', 'Bad request.'],
  ]);
});

test('renames a challenge as a Function URL does, and runs what gives it its name back for a 401 too', async () => {
  const refuse = { method: 'POST', body: 'no', headers: { 'x-fixture-relay': 'refuse' } };
  const { status, headers, body } = await ask('/', refuse);
  assert.deepEqual(
    [status, headers['www-authenticate'], headers['x-amzn-remapped-www-authenticate'], headers['x-seen'], String(body)],
    [401, 'Bearer', undefined, '{"status":"401","statusDescription":"Unauthorized"}', 'no'],
  );
  const assemblyDirectory = assembly.copyWith(withoutOriginResponse);
  await using own = await start({ assembly: assemblyDirectory });
  const renamed = await open(own, '/', refuse);
  renamed.resume();
  assert.deepEqual(
    [renamed.statusCode, renamed.headers['www-authenticate'], renamed.headers['x-amzn-remapped-www-authenticate']],
    [401, undefined, 'Bearer'],
  );
});

test('answers as CloudFront does where the function at origin-response fails, breaks a rule, or writes a body', async () => {
  const answers = [];
  for (const wish of ['throw', 'no-transfer-encoding', 'body']) {
    const headers = { 'x-fixture-edge-response': wish };
    const { status, headers: got, body } = await ask('/', { method: 'POST', body: 'hello', headers });
    const text = body.toString().replaceAll('\n', ' ');
    const length = got['content-length'] === undefined ? undefined : Number(got['content-length']) - body.length;
    answers.push([status, got['x-cache'], length, /<HR noshade size="1px"> (.*?) We can't/u.exec(text)?.[1] ?? text]);
  }
  assert.deepEqual(answers, [
    [
      503,
      'LambdaExecutionError from cloudfront',
      0,
      "The Lambda function associated with the CloudFront distribution is invalid or doesn't have the required permissions.",
    ],
    [
      502,
      'LambdaValidationError from cloudfront',
      0,
      'The Lambda function result failed validation: The function tried to add, delete, or change a read-only header.',
    ],
    [418, 'Error from cloudfront', 0, 'my own'],
  ]);
});

test('runs nothing at origin-response for what the origin did not answer', async () => {
  for (const [path, options] of [
    ['/', { method: 'POST', body: Buffer.alloc(1_048_577) }],
    ['/teapot', {}],
    ['/', { method: 'POST', body: 'hello', headers: { 'x-fixture-edge': 'throw' } }],
  ] as const) {
    lines.length = 0;
    const { headers } = await ask(path, options);
    assert.deepEqual([headers['x-seen'], lines[0]?.hops.edgeResponseMs], [undefined, undefined]);
  }
});

test('answers only to names of this machine and of the distribution, as no page can that rebinds its own name', async () => {
  allowInBodies(...shownWithEvent);
  const statusFor = async (host: string): Promise<number | undefined> => (await ask('/', { headers: { host } })).status;
  const { domainName } = chain.deployment.distribution;
  for (const host of [
    'localhost',
    'localhost:8787',
    '127.0.0.1',
    '[::1]:80',
    'LOCALHOST',
    'app.localhost',
    domainName,
  ]) {
    assert.equal(await statusFor(host), 200, host);
  }
  for (const host of [
    'evil.example',
    'evil.example:8787',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
  ]) {
    assert.equal(await statusFor(host), 403, host);
  }
});

test('answers 502 where the function fails, and tells only the log why', async () => {
  const answer = await ask('/', { method: 'POST', body: 'hello', headers: { 'x-fixture-relay': 'throw' } });
  assert.deepEqual([answer.status, answer.body.toString()], [502, 'Internal Server Error']);
  assert.ok(logs.some(({ text }) => text.includes('the relay was told to throw')));
});

test('sends no body for HEAD', async () => {
  const answer = await ask('/', { method: 'HEAD' });
  assert.deepEqual([answer.status, answer.body.length], [200, 0]);
});

test('reports each request with its times per hop, without its query', async () => {
  allowInBodies(...shownWithEvent);
  lines.length = 0;
  await ask('/path?prompt=secret', {});
  const [line = assert.fail('no line')] = lines;
  const { at, requestId, hops, firstByteMs = 0, totalMs, bytes, ...rest } = line;
  assert.deepEqual(rest, {
    method: 'GET',
    path: '/path',
    status: 200,
    ending: 'complete',
    cacheResult: 'Miss from cloudfront',
    faults: [],
    trace: [],
  });
  const { viewerFunctionMs = 0, edgeFunctionMs = 0, functionMs = 0, edgeResponseMs = 0 } = hops;
  assert.ok(at > 0 && requestId.length === 56 && bytes > 0);
  const times = [viewerFunctionMs, edgeFunctionMs, functionMs, edgeResponseMs];
  assert.ok(times.every((milliseconds) => milliseconds > 0));
  assert.ok(times.reduce((sum, milliseconds) => sum + milliseconds) < firstByteMs && firstByteMs <= totalMs);
});

test('says in a sentence that the port is taken', async () => {
  const port = Number(new URL(chain.url).port);
  await assert.rejects(start({ port }), {
    name: 'LocalChainError',
    message: `port ${port} of 127.0.0.1 is taken; choose another one with --port, or end what listens there`,
  });
});

test('says which agent it would need where the template deploys none', async () => {
  const assemblyDirectory = assembly.copyWith((resource) => {
    const environment = {
      Variables: { AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/other' },
    };
    const isRelay = JSON.stringify(resource.Properties).includes('AGENT_RUNTIME_ARN');
    return isRelay ? { ...resource, Properties: { ...resource.Properties, Environment: environment } } : resource;
  });
  await assert.rejects(start({ assembly: assemblyDirectory }), {
    name: 'LocalChainError',
    message:
      /^the template deploys no agent: its relay invokes arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime\/other; use --agent-arn/u,
  });
});

/** Takes the function at origin-response out of the template. */
function withoutOriginResponse(resource: LooseResource): LooseResource {
  const copy = structuredClone(resource);
  if (copy.Type === 'AWS::CloudFront::Distribution') {
    const config = copy.Properties['DistributionConfig'] as {
      DefaultCacheBehavior: { LambdaFunctionAssociations: { EventType: string }[] };
    };
    const { DefaultCacheBehavior: behaviour } = config;
    behaviour.LambdaFunctionAssociations = behaviour.LambdaFunctionAssociations.filter(
      ({ EventType: eventType }) => eventType !== 'origin-response',
    );
  }
  return copy;
}

interface Ask {
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function start(options: Partial<LocalChainOptions>): Promise<LocalChain> {
  return startWatchedChain({ assembly: assembly.directory, port: 0, accountId, ...options });
}

async function ask(path: string, options: Ask): Promise<Answer> {
  const viewer = await open(chain, path, options);
  return { status: viewer.statusCode, headers: viewer.headers, body: await read(viewer) };
}

/** A bare connection: no header that the test does not send, and none that a client library would hide. */
async function open(to: LocalChain, path: string, { method = 'GET', body, headers }: Ask): Promise<IncomingMessage> {
  const { hostname, port } = new URL(to.url);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = httpRequest({ hostname, port, path, method, headers: { ...headers, ...length }, agent: false });
  request.end(body);
  const [viewer] = (await once(request, 'response')) as [IncomingMessage];
  return viewer;
}

async function read(viewer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of viewer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
