import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { createFunctionUrlHandler } from '../../src/hosts/function-url.ts';
import type { FunctionUrlEvent } from '../../src/hosts/lambda-types.ts';
import { readCredentials } from '../../src/identity/credentials.ts';
import { RelayError } from '../../src/errors.ts';
import type { LogEntry, Relay, RelayRequest } from '../../src/relay/relay-request.ts';
import { awslambda, context, createResponseStream, functionUrlEvent } from './awslambda.ts';

const now = (): number => 1_800_000_000_000;

describe('what the relay is told of the request', () => {
  test('everything of a payload 2.0 event, and nothing decoded', async () => {
    const request = await capture(
      functionUrlEvent({
        method: 'PATCH',
        rawPath: '/a%2Fb/%C3%A9',
        rawQueryString: 'prompt=a+b%20c&x=',
        headers: { 'content-type': 'text/plain', 'x-two': 'a,b' },
        cookies: ['a=1', 'b=2'],
      }),
    );
    const { method, path, query, headers, hostDeadlineAt } = request;
    assert.deepEqual(
      { method, path, query, headers, hostDeadlineAt },
      {
        method: 'PATCH',
        path: '/a%2Fb/%C3%A9',
        query: 'prompt=a+b%20c&x=',
        headers: { 'content-type': 'text/plain', 'x-two': 'a,b', cookie: 'a=1; b=2' },
        hostDeadlineAt: 1_800_000_060_000,
      },
    );
    assert.equal(request.signal.aborted, false);
  });

  const forwarded = {
    authorization: 'of somebody else',
    host: 'abc.lambda-url.us-east-1.on.aws',
    'x-relay-authorization': 'Bearer viewer',
    'x-relay-host': 'chat.example',
    'x-relay-user': 'forged',
    'x-relayed': 'kept',
  };
  const iam = { accessKey: 'ASIAEXAMPLE', userArn: 'arn:aws:sts::111122223333:assumed-role/OriginAccessControlRole/x' };

  test('the viewer’s own credentials and host, which the edge had put out of the way of the signature', async () => {
    const requestContext = { http: { method: 'POST' }, authorizer: { iam } };
    const { headers } = await capture(functionUrlEvent({ headers: forwarded, requestContext }));
    assert.deepEqual(headers, { authorization: 'Bearer viewer', host: 'chat.example', 'x-relayed': 'kept' });
  });

  test('no credentials where the viewer sent none, whatever stands in the header of the signature', async () => {
    const requestContext = { http: { method: 'POST' }, authorizer: { iam } };
    const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=…', host: 'abc.lambda-url.us-east-1.on.aws' };
    const request = await capture(functionUrlEvent({ headers, requestContext }));
    assert.deepEqual(request.headers, { host: 'abc.lambda-url.us-east-1.on.aws' });
  });

  for (const [name, values] of [
    ['several', 'Bearer one,Bearer two'],
    ['empty', ''],
  ] as const) {
    test(`${name} credentials as they came, to be refused and not to be taken for one or for none`, async () => {
      const requestContext = { http: { method: 'POST' }, authorizer: { iam } };
      const request = await capture(functionUrlEvent({ headers: { 'x-relay-authorization': values }, requestContext }));
      assert.deepEqual(request.headers, { authorization: values });
      assert.equal(readCredentials(request.headers)?.kind, 'malformed');
    });
  }

  for (const [name, requestContext] of [
    ['no authorizer', { http: { method: 'POST' } }],
    ['no context', undefined],
    ['an authorizer that is null', { http: { method: 'POST' }, authorizer: null }],
    ['an authorizer of another kind', { http: { method: 'POST' }, authorizer: {} }],
    ['no caller', { http: { method: 'POST' }, authorizer: { iam: null } }],
  ] as const) {
    test(`nothing that only the edge may say where no signature was checked: ${name}`, async () => {
      const { headers } = await capture(functionUrlEvent({ headers: forwarded, requestContext }));
      assert.deepEqual(headers, {
        authorization: 'of somebody else',
        host: 'abc.lambda-url.us-east-1.on.aws',
        'x-relayed': 'kept',
      });
    });
  }

  test('something sensible of an event that no Function URL made, such as the console’s test event', async () => {
    const { method, path, query, headers, readBody } = await capture({ key1: 'value1' } as FunctionUrlEvent);
    assert.deepEqual(
      { method, path, query, headers, body: Buffer.from(await readBody(10)).toString() },
      { method: 'GET', path: '/', query: '', headers: {}, body: '' },
    );
  });

  for (const [name, event, body] of [
    ['a body that came as text', { body: '{"prompt":"héllo 🌍"}', isBase64Encoded: false }, '{"prompt":"héllo 🌍"}'],
    [
      'a body that came in base64, as curl -d makes it',
      { body: Buffer.from('{"prompt":"héllo 🌍"}').toString('base64'), isBase64Encoded: true },
      '{"prompt":"héllo 🌍"}',
    ],
    ['no body', {}, ''],
    ['an empty body in base64', { body: '', isBase64Encoded: true }, ''],
    ['text that looks like base64', { body: 'aGk=', isBase64Encoded: false }, 'aGk='],
  ] as const) {
    test(name, async () => {
      const request = await capture(functionUrlEvent(event));
      assert.equal(Buffer.from(await request.readBody(100)).toString('utf8'), body);
    });
  }

  for (const isBase64Encoded of [false, true]) {
    test(`that a body is too large, counted in bytes, ${isBase64Encoded ? 'in base64' : 'as text'}`, async () => {
      const text = 'é'.repeat(51);
      const body = isBase64Encoded ? Buffer.from(text).toString('base64') : text;
      const request = await capture(functionUrlEvent({ body, isBase64Encoded }));
      assert.equal((await request.readBody(102)).byteLength, 102);
      await assert.rejects(request.readBody(101), {
        code: 'payload_too_large',
        message: 'the body has 102 bytes, at most 101 are taken',
      });
    });
  }
});

test('the query of an event that was written by hand, without the raw one', async () => {
  const { query } = await capture({ queryStringParameters: { prompt: 'a b&c', response: 'ndjson', none: undefined } });
  assert.equal(query, 'prompt=a+b%26c&response=ndjson');
});

describe('what the viewer gets', () => {
  test('status, headers and every chunk, in writes of their own', async () => {
    const stream = createResponseStream();
    await serve(answer(418, { 'content-type': 'text/plain', 'x-one': '1' }, ['a', 'b']), stream);
    await stream.ended();
    assert.deepEqual(stream.response(), {
      statusCode: 418,
      headers: { 'content-type': 'text/plain', 'x-one': '1' },
      body: 'ab',
    });
    assert.deepEqual(
      stream.writes.slice(2).map((chunk) => chunk.toString('utf8')),
      ['', 'a', 'b'],
    );
  });

  test('the body through the stream that HttpResponseStream.from gives, where a test’s own awslambda wraps it', async () => {
    const target = new PassThrough();
    const received = text(target);
    const handler = createFunctionUrlHandler({
      relay: answer(200, { 'content-type': 'text/plain' }, ['a', 'b']),
      awslambda: {
        streamifyResponse: (streaming) => streaming,
        HttpResponseStream: {
          from(_, { statusCode }) {
            const wrapper = new PassThrough();
            target.write(`${statusCode} `);
            wrapper.pipe(target);
            return wrapper;
          },
        },
      },
    });
    await handler({}, target, { awsRequestId: 'request' });
    assert.equal(await received, '200 ab');
  });

  test('status and headers where the body is empty', async () => {
    const stream = createResponseStream();
    await serve(answer(204, { allow: 'GET' }, []), stream);
    await stream.ended();
    assert.deepEqual(stream.response(), { statusCode: 204, headers: { allow: 'GET' }, body: '' });
  });

  test('status and headers before the first chunk exists', async () => {
    const stream = createResponseStream();
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const served = serve(
      () =>
        Promise.resolve({
          status: 200,
          headers: {},
          body: (async function* () {
            yield promise;
          })(),
        }),
      stream,
    );
    await turns();
    assert.deepEqual(stream.response(), { statusCode: 200, headers: {}, body: '' });
    resolve(Buffer.from('late'));
    await served;
    assert.equal(stream.response().body, 'late');
  });

  test('an error in the usual form where the relay breaks its promise not to reject', async () => {
    const stream = createResponseStream();
    const entries = await serve(() => Promise.reject(new Error('arn:aws:secret')), stream);
    await stream.ended();
    assert.deepEqual(stream.response(), {
      statusCode: 500,
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'lambda-request-1' },
      body: '{"error":{"code":"internal_error","message":"the relay failed","requestId":"lambda-request-1"}}',
    });
    assert.deepEqual(entries, [
      {
        level: 'error',
        message: 'the relay rejected',
        requestId: 'lambda-request-1',
        cause: 'Error: arn:aws:secret',
      },
    ]);
  });

  test('an end, and not a hang or a crash, where the body breaks its promise not to throw', async () => {
    const stream = createResponseStream();
    const entries = await serve(
      () =>
        Promise.resolve({
          status: 200,
          headers: {},
          body: (async function* () {
            yield Buffer.from('a');
            throw new RelayError('agent_interrupted');
          })(),
        }),
      stream,
    );
    await stream.ended();
    assert.equal(stream.response().body, 'a');
    assert.deepEqual(entries, [
      {
        level: 'error',
        message: 'the response broke off',
        cause: 'RelayError: the answer broke off before its end',
      },
    ]);
  });
});

test('holds no more than Lambda’s own buffer for a slow viewer', async () => {
  const releases: (() => void)[] = [];
  const stream = createResponseStream((_, done) => void releases.push(done));
  let produced = 0;
  const served = serve(
    () =>
      Promise.resolve({
        status: 200,
        headers: {},
        body: (async function* () {
          for (; produced < 1_000; produced += 1) yield Buffer.alloc(8_192);
        })(),
      }),
    stream,
  );
  await turns();
  assert(produced <= 9, `${produced} chunks of 8 KiB were taken`);
  while (!stream.writable.writableFinished) {
    for (const release of releases.splice(0)) release();
    await new Promise(setImmediate);
  }
  await served;
  assert.equal(produced, 1_000);
});

test('ends the agent’s call, and not the process, when Lambda’s side of the stream breaks', async () => {
  const stream = createResponseStream();
  const { promise: left, resolve: onLeft } = Promise.withResolvers<void>();
  const served = serve(
    (request) =>
      Promise.resolve({
        status: 200,
        headers: {},
        body: (async function* () {
          yield Buffer.from('a');
          request.signal.addEventListener('abort', () => onLeft());
          await left;
        })(),
      }),
    stream,
  );
  await turns();
  stream.writable.destroy(new Error('socket hang up'));
  await left;
  assert.deepEqual(await served, []);
});

test('refuses to be made outside of Lambda', () => {
  assert.throws(() => createFunctionUrlHandler({ relay: answer(200, {}, []) }), {
    code: 'internal_error',
    message: "there is no global awslambda; this handler runs in Lambda's Node.js runtime only",
  });
});

function answer(status: number, headers: Record<string, string>, chunks: readonly string[]): Relay {
  return () =>
    Promise.resolve({
      status,
      headers,
      body: (async function* () {
        for (const chunk of chunks) yield Buffer.from(chunk);
      })(),
    });
}

async function serve(relay: Relay, stream: ReturnType<typeof createResponseStream>): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  const handler = createFunctionUrlHandler({ relay, now, awslambda, log: (entry) => void entries.push(entry) });
  // Lambda warns of a handler that returns something.
  assert.equal(await handler(functionUrlEvent(), stream.sink, context), undefined);
  return entries;
}

async function capture(event: FunctionUrlEvent): Promise<RelayRequest> {
  const { promise, resolve } = Promise.withResolvers<RelayRequest>();
  const relay: Relay = (request) => {
    resolve(request);
    return answer(200, {}, [])(request);
  };
  await createFunctionUrlHandler({ relay, now, awslambda })(event, createResponseStream().sink, context);
  return promise;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise(setImmediate);
}
