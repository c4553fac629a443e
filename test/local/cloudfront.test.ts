/** CloudFront in front of an origin of the test's own. The whole chain is in chain.test.ts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { LambdaFunctionError } from '../../src/local/lambda/lambda-function.ts';
import {
  answerOf,
  ask,
  edgeFunction,
  exchangeBytes,
  open,
  openDistribution,
  reasonOf,
  testOrigin,
} from './cloudfront-harness.ts';
import type { DistributionOptions, EdgeHandler, Got } from './cloudfront-harness.ts';

test('chooses the behaviour by path, case and order, and refuses a method that it does not allow', async () => {
  const elsewhere = { ...testOrigin, domainName: 'other.example' };
  await using distribution = await openDistribution({
    behaviours: [
      { pathPattern: '/api/*.json', origin: elsewhere, allowedMethods: ['GET', 'HEAD'] },
      { pathPattern: '/api/?', origin: elsewhere },
    ],
    origin: (_request, _scope, { domainName }) => Promise.resolve(answerOf(200, {}, domainName)),
  });
  const answers = [];
  for (const [method, path] of [
    ['GET', '/api/a.json?x=1'],
    ['POST', '/api/a.json'],
    ['GET', '/API/a.json'],
    ['POST', '/api/b'],
    ['POST', '/api/bb'],
    ['PROPFIND', '/'],
  ] as const) {
    const { status, body } = await ask(distribution, { method, path });
    answers.push([status, reasonOf(body) ?? body]);
  }
  const notAllowed =
    'This distribution is not configured to allow the HTTP request method that was used for this request.';
  assert.deepEqual(answers, [
    [200, 'other.example'],
    [403, notAllowed],
    [200, testOrigin.domainName],
    [200, 'other.example'],
    [200, testOrigin.domainName],
    [403, notAllowed],
  ]);
});

test('sends the origin what the policy lets through, with headers taken and headers added', async () => {
  const sent = {
    host: 'localhost',
    connection: 'close',
    'user-agent': 'curl/8',
    accept: '*/*',
    te: 'trailers',
    'x-real-ip': '1',
    'x-amz-cf-id': 'forged',
    'x-edge-a': '1',
    'x-forwarded-proto': 'http',
    'x-forwarded-for': '192.0.2.1',
    'proxy-authorization': 'Basic x',
    via: '1.0 proxy',
    'x-own': 'mine',
  };
  const received: Record<string, string>[] = [];
  const none = { kind: 'none', names: [] } as const;
  for (const behaviour of [{}, { originRequestPolicy: { headers: none, cookies: none, queryStrings: none } }]) {
    await using distribution = await openDistribution({
      behaviour: { ...behaviour, origin: { ...testOrigin, customHeaders: { 'x-own': 'the distribution' } } },
    });
    await ask(distribution, { headers: sent });
    received.push(
      Object.fromEntries(
        (distribution.requests[0]?.headers ?? []).map(({ name, value }) => [
          name.toLowerCase(),
          value.replace(/[0-9a-f]{32}/u, '<id>').replace(/^[\w-]{54}==$/u, '<id>'),
        ]),
      ),
    );
  }
  const always = {
    host: testOrigin.domainName,
    'x-forwarded-for': '192.0.2.1,127.0.0.1',
    'x-own': 'the distribution',
    'x-amz-cf-id': '<id>',
  };
  assert.deepEqual(received, [
    {
      ...always,
      accept: '*/*',
      'user-agent': 'curl/8',
      via: '1.0 proxy, 1.1 <id>.cloudfront.net (CloudFront)',
    },
    { ...always, 'user-agent': 'Amazon CloudFront', via: '1.1 <id>.cloudfront.net (CloudFront)' },
  ]);
});

test('shows functions what a viewer sent as UTF-8, or as ISO-8859-1 where it is not, and answers in UTF-8', async () => {
  const seen: string[] = [];
  await using distribution = await openDistribution({
    behaviour: {
      originRequestFunction: edgeFunction(({ request }) => {
        seen.push(request.headers['x-name']?.[0]?.value ?? '');
        return request;
      }),
      originResponseFunction: edgeFunction(({ response }) => {
        response.headers['x-euro'] = [{ value: '€' }];
        return response;
      }),
    },
  });
  const utf8 = Buffer.from('é€').toString('latin1');
  const answer = await exchangeBytes(
    distribution,
    `GET / HTTP/1.1\r\nHost: localhost\r\nX-Name: ${utf8}\r\nConnection: close\r\n\r\n`,
  );
  await exchangeBytes(
    distribution,
    'GET / HTTP/1.1\r\nHost: localhost\r\nX-Name: \xe9\xdf\r\nConnection: close\r\n\r\n',
  );
  assert.deepEqual(seen, ['é€', 'éß']);
  assert.ok(answer.includes(`\r\nX-Euro: ${Buffer.from('€').toString('latin1')}\r\n`), answer);
});

test('answers old and odd requests, and lives', async () => {
  await using distribution = await openDistribution();
  const firstLines = [];
  for (const request of [
    'GET / HTTP/1.0\r\n\r\n',
    'GET http://localhost/a?b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'GET ?a=b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    'NONSENSE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'CONNECT a.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
  ]) {
    const answer = await exchangeBytes(distribution, request);
    firstLines.push(answer.split('\r\n')[0], /^via: \d\.\d/imu.exec(answer)?.[0]);
  }
  assert.deepEqual(firstLines, [
    'HTTP/1.1 200 OK',
    'Via: 1.0',
    'HTTP/1.1 200 OK',
    'Via: 1.1',
    'HTTP/1.1 200 OK',
    'Via: 1.1',
    'HTTP/1.1 400 Bad Request',
    undefined,
    'HTTP/1.1 200 OK',
    'Via: 1.1',
    'HTTP/1.1 100 Continue',
    'Via: 1.1',
    'HTTP/1.1 400 Bad Request',
    undefined,
    '',
    undefined,
    'HTTP/1.1 403 Forbidden',
    'Via: 1.1',
  ]);
  const paths = distribution.requests.map(({ uri, querystring }) => `${uri}?${querystring}`);
  assert.deepEqual(paths, ['/?', '/a?b', '/*?', '/?', '/?']);
  assert.equal((await ask(distribution)).status, 200);
});

test('takes a URL of 8,192 bytes and a head of 32,768, refuses one more, and ends the connection', async () => {
  await using distribution = await openDistribution();
  const path = (bytes: number): string => `/${'a'.repeat(bytes - 1)}`;
  const head = (bytes: number): Record<string, string> => {
    const rest = 'GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx: \r\n'.length;
    return { host: 'localhost', connection: 'close', x: 'x'.repeat(bytes - rest) };
  };
  const statuses = [];
  for (const asked of [
    { path: path(8192) },
    { path: path(8193) },
    { headers: head(32_768) },
    { headers: head(32_769) },
  ]) {
    statuses.push((await ask(distribution, asked)).status);
  }
  assert.deepEqual(statuses, [200, 413, 200, 413]);
  const kept = await exchangeBytes(distribution, `GET ${path(8193)} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  assert.match(kept, /^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/u);
});

test('refuses a GET with a body, and passes one of any other method on', async () => {
  await using distribution = await openDistribution();
  assert.equal((await ask(distribution, { body: 'x' })).status, 403);
  assert.equal((await ask(distribution, { method: 'DELETE', body: 'x' })).status, 200);
  assert.deepEqual(distribution.requests[0]?.body, Buffer.from('x'));
});

test('sends the whole body to the origin where the function had a cut copy of it, and what it puts in its place', async () => {
  const original = Buffer.alloc(1_100_000, 'a');
  const handler: EdgeHandler = ({ request }) => {
    const { body } = request;
    request.headers['x-cut'] = [{ value: `${body?.inputTruncated} ${Buffer.from(body?.data ?? '', 'base64').length}` }];
    return request.headers['x-wish'] === undefined
      ? { ...request, body: { action: 'read-only', encoding: 'text', data: 'ignored' } }
      : { ...request, body: { action: 'replace', encoding: 'text', data: 'its own' } };
  };
  await using distribution = await openDistribution({
    behaviour: { originRequestFunction: edgeFunction(handler, true) },
  });
  await ask(distribution, { method: 'POST', body: original });
  await ask(distribution, { method: 'POST', body: 'short', headers: { 'x-wish': 'replace' } });
  assert.deepEqual(
    distribution.requests.map(({ body, headers }) => [
      Buffer.from(body).equals(original) ? 'the original' : Buffer.from(body).toString(),
      headers.find(({ name }) => name === 'X-Cut')?.value,
      headers.find(({ name }) => name.toLowerCase() === 'content-length')?.value,
    ]),
    [
      ['the original', 'true 1048576', '1100000'],
      ['its own', 'false 5', '7'],
    ],
  );
});

test('says with x-cache what became of a function at the edge', async () => {
  const error =
    (kind: 'function-error' | 'timeout' | 'crash' | 'throttled'): EdgeHandler =>
    () => {
      throw new LambdaFunctionError(kind, 'Error', 'a secret');
    };
  const permissions =
    "The Lambda function associated with the CloudFront distribution is invalid or doesn't have the required permissions.";
  const cases: readonly [EdgeHandler, unknown[]][] = [
    [() => ({ status: '302', headers: { location: [{ value: '/b' }] } }), [302, 'LambdaGeneratedResponse', '']],
    [error('function-error'), [503, 'LambdaExecutionError', permissions]],
    [error('timeout'), [503, 'LambdaExecutionError', permissions]],
    [error('crash'), [503, 'LambdaExecutionError', permissions]],
    [
      error('throttled'),
      [503, 'LambdaLimitExceeded', 'The Lambda function associated with the CloudFront distribution was throttled.'],
    ],
    [
      () => 'text',
      [
        502,
        'LambdaValidationError',
        'The Lambda function result failed validation: The function did not return an object.',
      ],
    ],
  ];
  for (const eventType of ['viewerRequestEdgeFunction', 'originRequestFunction'] as const) {
    for (const [handler, [status, cacheResult, text]] of cases) {
      await using distribution = await openDistribution({ behaviour: { [eventType]: edgeFunction(handler) } });
      const { body, headers, status: got } = await ask(distribution);
      assert.deepEqual(
        [got, headers['x-cache'], reasonOf(body) ?? body, distribution.requests.length],
        [status, `${String(cacheResult)} from cloudfront`, text, 0],
      );
      assert.ok(!body.includes('a secret'));
    }
  }
});

test('runs functions at viewer-request and viewer-response: both kinds of them', async () => {
  const viewerFunctions = {
    viewerFunction: {
      name: 'request',
      code: 'function handler(event) { event.request.headers["x-at-request"] = { value: "yes" }; return event.request; }',
    },
    viewerResponseFunction: {
      name: 'response',
      code: `function handler(event) { var response = event.response;
        response.headers["x-at-response"] = { value: event.request.headers["x-at-request"].value };
        if (response.headers.via) throw new Error("sees the origin's own via");
        return response; }`,
    },
  };
  const edgeFunctions = {
    viewerRequestEdgeFunction: edgeFunction(({ request }) => {
      request.headers['x-at-request'] = [{ value: 'yes' }];
      return request;
    }),
    viewerResponseEdgeFunction: edgeFunction(({ request, response }) => {
      response.headers['x-at-response'] = request.headers['x-at-request'] ?? [];
      response.headers['x-at-response'] = [{ value: request.headers['x-at-request']?.[0]?.value ?? '' }];
      return response;
    }),
  };
  for (const behaviour of [viewerFunctions, edgeFunctions]) {
    const origin = () => Promise.resolve(answerOf(200, { Via: '1.1 origin', 'Content-Length': '2' }, 'ok'));
    await using distribution = await openDistribution({ behaviour, origin });
    const { status, headers, body } = await ask(distribution);
    assert.deepEqual(
      [status, headers['x-at-response'], headers['x-cache'], body],
      [200, 'yes', 'Miss from cloudfront', 'ok'],
    );
    assert.equal(distribution.requests[0]?.headers.find(({ name }) => name === 'X-At-Request')?.value, 'yes');
  }
});

test('runs nothing at viewer-response for an error, or for what was made at viewer-request; only for what the origin side made', async () => {
  const seen: string[] = [];
  const viewerResponseEdgeFunction = edgeFunction(({ response }) => {
    seen.push(response.headers['x-from']?.[0]?.value ?? 'the origin');
    return response;
  });
  const made =
    (from: string): EdgeHandler =>
    () => ({ status: '200', headers: { 'x-from': [{ value: from }] } });
  const options: readonly DistributionOptions[] = [
    { behaviour: { viewerResponseEdgeFunction } },
    { behaviour: { viewerResponseEdgeFunction }, origin: () => Promise.resolve(answerOf(400)) },
    { behaviour: { viewerResponseEdgeFunction, viewerRequestEdgeFunction: edgeFunction(made('viewer-request')) } },
    { behaviour: { viewerResponseEdgeFunction, originRequestFunction: edgeFunction(made('origin-request')) } },
    { behaviour: { viewerResponseEdgeFunction, origin: { ...testOrigin, functionUrl: undefined } } },
  ];
  for (const own of options) {
    await using distribution = await openDistribution(own);
    await ask(distribution);
  }
  assert.deepEqual(seen, ['the origin', 'origin-request']);
});

test('answers with what a function at viewer-response makes of the answer, and with the error in its place', async () => {
  let readToTheEnd = 0;
  const code = (body: string): DistributionOptions => ({
    behaviour: {
      viewerResponseFunction: { name: 'f', code: `function handler(event) { var response = event.response; ${body} }` },
    },
    origin: () =>
      Promise.resolve({
        ...answerOf(200),
        body: (async function* () {
          yield Buffer.from('ok');
          readToTheEnd += 1;
        })(),
      }),
  });
  const got: unknown[] = [];
  for (const body of [
    'response.statusCode = 404; response.body = "gone"; return response;',
    'response.body = ""; return response;',
    'throw new Error("a secret");',
    'response.headers.via = { value: "me" }; return response;',
  ]) {
    await using distribution = await openDistribution(code(body));
    const answer: Got = await ask(distribution);
    got.push([
      answer.status,
      answer.headers['x-cache'],
      answer.headers['content-length'],
      reasonOf(answer.body) ?? answer.body,
    ]);
    assert.ok(!answer.body.includes('a secret'));
  }
  assert.deepEqual(
    got.map((one) => (Array.isArray(one) && Number(one[0]) >= 500 ? one.toSpliced(2, 1) : one)),
    [
      [404, 'Error from cloudfront', '4', 'gone'],
      [200, 'Miss from cloudfront', '0', ''],
      [
        503,
        'FunctionExecutionError from cloudfront',
        'The CloudFront function associated with the CloudFront distribution is invalid or could not run.',
      ],
      [
        502,
        'FunctionValidationError from cloudfront',
        'The function tried to add, delete, or change a read-only header.',
      ],
    ],
  );
  assert.equal(readToTheEnd, 4);
});

test('answers 502 for an origin that is not of this machine, after the functions before it', async () => {
  let ran = 0;
  await using distribution = await openDistribution({
    behaviour: {
      origin: { ...testOrigin, functionUrl: undefined },
      originRequestFunction: edgeFunction(({ request }) => {
        ran += 1;
        return request;
      }),
    },
  });
  const { status, headers, body } = await ask(distribution);
  assert.deepEqual(
    [status, headers['x-cache'], reasonOf(body), ran],
    [502, 'Error from cloudfront', "CloudFront wasn't able to connect to the origin.", 1],
  );
});

test('answers 502 for headers of an origin that are larger than CloudFront takes', async () => {
  await using distribution = await openDistribution({
    origin: () => Promise.resolve(answerOf(200, { 'x-large': 'x'.repeat(32_768) }, 'ok')),
  });
  assert.deepEqual((await ask(distribution)).status, 502);
});

test('counts the time of the whole answer: 504 before the head, a cut after it, and no further attempt', async () => {
  const origin = { ...testOrigin, completionTimeoutMs: 100 };
  await using silent = await openDistribution({ behaviour: { origin }, origin: () => new Promise(() => undefined) });
  assert.equal((await ask(silent)).status, 504);
  assert.equal(silent.requests.length, 1);
  await using endless = await openDistribution({
    behaviour: { origin },
    origin: () =>
      Promise.resolve({
        status: 200,
        headers: [],
        body: (async function* () {
          yield Buffer.from('first');
          await new Promise(() => undefined);
        })(),
      }),
  });
  const line = endless.nextLine();
  const viewer = await open(endless, {});
  viewer.resume();
  await assert.rejects(once(viewer, 'end'), { code: 'ECONNRESET' });
  const { ending, bytes } = await line;
  assert.deepEqual({ ending, bytes }, { ending: 'cut', bytes: 5 });
});

test('tells the developer why it refuses a request, gives an origin up, or cuts its answer', async () => {
  const silent = { ...testOrigin, readTimeoutMs: 20, connectionAttempts: 2 };
  const limited = { ...testOrigin, completionTimeoutMs: 20 };
  await using distribution = await openDistribution({
    behaviours: [
      { pathPattern: '/read-only', allowedMethods: ['GET', 'HEAD'] },
      { pathPattern: '/silent*', origin: silent },
      { pathPattern: '/limited*', origin: limited },
    ],
    origin: ({ uri }) =>
      uri.endsWith('-later')
        ? Promise.resolve({ ...answerOf(200), body: firstAndNoMore() })
        : new Promise(() => undefined),
  });
  const statuses = [];
  for (const asked of [
    { method: 'POST', path: '/read-only' },
    { body: 'x' },
    { headers: { host: 'evil.example' } },
    { path: `/${'a'.repeat(8192)}` },
    { path: '/silent' },
    { path: '/limited' },
  ]) {
    statuses.push((await ask(distribution, asked)).status);
  }
  for (const path of ['/silent-later', '/limited-later']) {
    await assert.rejects(ask(distribution, { path }), { code: 'ECONNRESET' });
  }
  assert.deepEqual(statuses, [403, 403, 403, 413, 504, 504]);
  assert.deepEqual(
    distribution.logs.map(({ source, text }) => `${source} | ${text.replace(/head \d+/u, 'head …')}`),
    [
      'cloudfront | 403: the behaviour of /read-only allows GET, HEAD only',
      'cloudfront | 403: a GET with a body, which CloudFront does not take',
      'cloudfront | 403: the host "evil.example" is none of d1.cloudfront.net and this machine\'s',
      'cloudfront | 413: the URL has 8193 bytes, the whole head …; CloudFront takes 8192 and 32768',
      'cloudfront | 504: nothing of the origin for its read timeout of 20 ms, 2 times',
      'cloudfront | 504: nothing of the origin within its response completion timeout of 20 ms',
      'cloudfront | cut: the origin was silent for its read timeout of 20 ms',
      "cloudfront | cut: the origin's answer was not over within its response completion timeout of 20 ms",
    ],
  );
});

test('tries a GET and a HEAD as often as the origin has attempts, and any other method once', async () => {
  const origin = { ...testOrigin, readTimeoutMs: 20, connectionAttempts: 2 };
  await using distribution = await openDistribution({
    behaviour: { origin },
    origin: () => new Promise(() => undefined),
  });
  const attempts = [];
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE']) {
    const before = distribution.requests.length;
    const { status } = await ask(distribution, { method });
    attempts.push([method, status, distribution.requests.length - before]);
  }
  assert.deepEqual(attempts, [
    ['GET', 504, 2],
    ['HEAD', 504, 2],
    ['POST', 504, 1],
    ['PUT', 504, 1],
    ['DELETE', 504, 1],
  ]);
});

test('sends no body for HEAD, 204 and 304, and reads the origin to its end', async () => {
  let read = 0;
  await using distribution = await openDistribution({
    origin: ({ querystring }) => {
      const answer = answerOf(Number(querystring), {}, 'some', 'bytes');
      return Promise.resolve({
        ...answer,
        body: (async function* () {
          yield* answer.body;
          read += 1;
        })(),
      });
    },
  });
  for (const [method, status] of [
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ] as const) {
    const got = await ask(distribution, { method, path: `/?${status}` });
    assert.deepEqual([got.status, got.body], [status, '']);
  }
  assert.equal(read, 3);
});

test('puts the response headers policy on its own pages, too', async () => {
  await using distribution = await openDistribution({
    behaviour: {
      allowedMethods: ['GET'],
      responseHeadersPolicy: { set: [{ name: 'X-Frame-Options', value: 'DENY', override: true }], remove: [] },
    },
  });
  const { status, headers } = await ask(distribution, { method: 'POST' });
  assert.deepEqual([status, headers['x-frame-options'], headers['server']], [403, 'DENY', 'CloudFront']);
});

test('asks the origin for the default root object in place of /, whatever the method, and for nothing else', async () => {
  await using distribution = await openDistribution({ defaultRootObject: 'index.html' });
  for (const [method, path] of [
    ['GET', '/'],
    ['POST', '/?a=b'],
    ['GET', '/install/'],
  ] as const) {
    await ask(distribution, { method, path });
  }
  assert.deepEqual(
    distribution.requests.map(({ method, uri, querystring }) => [method, uri, querystring]),
    [
      ['GET', '/index.html', ''],
      ['POST', '/index.html', 'a=b'],
      ['GET', '/install/', ''],
    ],
  );
});

test('adds the headers of CORS that the policy has for the page that asks', async () => {
  const cors = {
    allowCredentials: false,
    allowHeaders: [],
    allowMethods: ['POST'],
    allowOrigins: ['https://app.example.com'],
    exposeHeaders: [],
    maxAgeSeconds: undefined,
    override: true,
  };
  await using distribution = await openDistribution({
    behaviour: { responseHeadersPolicy: { set: [], remove: [], cors } },
  });
  const allowed = async (method: string, origin: string) => {
    const { headers } = await ask(distribution, { method, headers: { origin } });
    return [headers['access-control-allow-origin'], headers['access-control-allow-methods']];
  };
  assert.deepEqual(
    [
      await allowed('OPTIONS', 'https://app.example.com'),
      await allowed('POST', 'https://app.example.com'),
      await allowed('POST', 'https://other.example.com'),
    ],
    [
      ['https://app.example.com', 'POST'],
      ['https://app.example.com', undefined],
      [undefined, undefined],
    ],
  );
});

test('keeps and compresses nothing, whatever viewer and origin say', async () => {
  await using distribution = await openDistribution({
    origin: () =>
      Promise.resolve(
        answerOf(200, { 'Cache-Control': 'public, max-age=3600', 'Content-Type': 'text/html' }, 'a'.repeat(5000)),
      ),
  });
  for (const _attempt of [1, 2]) {
    const { headers, body } = await ask(distribution, { headers: { 'accept-encoding': 'gzip, br' } });
    assert.deepEqual(
      [headers['x-cache'], headers['content-encoding'], headers['age'], body.length],
      ['Miss from cloudfront', undefined, undefined, 5000],
    );
  }
  assert.deepEqual(
    distribution.requests.map(({ headers }) => headers.find(({ name }) => name === 'accept-encoding')?.value),
    ['gzip, br', 'gzip, br'],
  );
});

async function* firstAndNoMore(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('first');
  await new Promise(() => undefined);
}
