import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeployedFunctionUrl, DeployedOrigin } from '../template/deployment.ts';
import { readEdgeResponse, toEdgeResponseEvent } from './edge-response-event.ts';
import type { OriginResponse, ViewerRequest } from './messages.ts';

const origin: DeployedOrigin = {
  id: 'origin',
  domainName: 'abc.lambda-url.us-east-1.on.aws',
  path: '',
  readTimeoutMs: 120_000,
  completionTimeoutMs: undefined,
  keepAliveTimeoutSeconds: 30,
  connectionAttempts: 1,
  sslProtocols: ['TLSv1.2'],
  customHeaders: {},
  signingBehavior: 'always',
  functionUrl: {} as DeployedFunctionUrl,
};

const request: ViewerRequest = {
  method: 'POST',
  uri: '/v1/responses',
  querystring: 'a=1',
  clientIp: '127.0.0.1',
  headers: [{ name: 'Host', value: origin.domainName }],
};

const response: OriginResponse = {
  status: 401,
  headers: [
    { name: 'Content-Type', value: 'application/json' },
    { name: 'X-Amzn-RequestId', value: 'r' },
    { name: 'Set-Cookie', value: 'a=1' },
    { name: 'set-cookie', value: 'b=2' },
  ],
  body: (async function* () {
    yield Buffer.from('secret');
  })(),
};

/** What the function sees of the response's headers. */
const shown = {
  'content-type': [{ key: 'Content-Type', value: 'application/json' }],
  'set-cookie': [
    { key: 'Set-Cookie', value: 'a=1' },
    { key: 'set-cookie', value: 'b=2' },
  ],
  'transfer-encoding': [{ key: 'Transfer-Encoding', value: 'chunked' }],
};

test('shows the request as it was sent and the response without its body, and no header that functions do not see', () => {
  const context = { distributionDomainName: 'd1.cloudfront.net', distributionId: 'E1', requestId: 'r1', origin };
  assert.deepEqual(toEdgeResponseEvent(request, response, context), {
    Records: [
      {
        cf: {
          config: {
            distributionDomainName: 'd1.cloudfront.net',
            distributionId: 'E1',
            eventType: 'origin-response',
            requestId: 'r1',
          },
          request: {
            clientIp: '127.0.0.1',
            method: 'POST',
            querystring: 'a=1',
            uri: '/v1/responses',
            headers: { host: [{ key: 'Host', value: 'abc.lambda-url.us-east-1.on.aws' }] },
            origin: {
              custom: {
                customHeaders: {},
                domainName: 'abc.lambda-url.us-east-1.on.aws',
                keepaliveTimeout: 30,
                path: '',
                port: 443,
                protocol: 'https',
                readTimeout: 120,
                sslProtocols: ['TLSv1.2'],
              },
            },
          },
          response: { status: '401', statusDescription: 'Unauthorized', headers: shown },
        },
      },
    ],
  });
});

test('shows the length of a body in place of its chunks', () => {
  const sized = { ...response, headers: [{ name: 'Content-Length', value: '6' }] };
  const context = { distributionDomainName: 'd1.cloudfront.net', distributionId: 'E1', requestId: 'r1', origin };
  const [{ cf }] = toEdgeResponseEvent(request, sized, context).Records;
  assert.deepEqual(cf.response.headers, { 'content-length': [{ key: 'Content-Length', value: '6' }] });
});

test("goes on with the function's status and headers, the hidden ones, and the origin's body", () => {
  const headers = { ...shown, 'www-authenticate': [{ value: 'Bearer' }] };
  assert.deepEqual(readEdgeResponse({ status: '403', statusDescription: 'No', headers }, response, 'origin-response'), {
    kind: 'response',
    response: {
      status: 403,
      statusDescription: 'No',
      headers: [
        { name: 'Content-Type', value: 'application/json' },
        { name: 'Set-Cookie', value: 'a=1' },
        { name: 'set-cookie', value: 'b=2' },
        { name: 'Transfer-Encoding', value: 'chunked' },
        { name: 'Www-Authenticate', value: 'Bearer' },
        { name: 'X-Amzn-RequestId', value: 'r' },
      ],
      body: undefined,
    },
  });
});

test('takes a body that the function writes, and none as well', () => {
  for (const [body, bytes] of [
    ['new', Buffer.from('new')],
    ['', Buffer.alloc(0)],
  ] as const) {
    const outcome = readEdgeResponse({ status: '200', headers: shown, body }, response, 'origin-response');
    assert.ok(outcome.kind === 'response');
    assert.deepEqual(outcome.response.body, bytes);
    assert.deepEqual(outcome.response.headers.at(-1), { name: 'Content-Length', value: String(bytes.length) });
  }
});

test('refuses what CloudFront refuses, in a sentence', () => {
  const readOnly = 'The function tried to add, delete, or change a read-only header.';
  const { 'transfer-encoding': _, ...withoutEncoding } = shown;
  const results: readonly [unknown, string][] = [
    [null, 'The function did not return an object.'],
    [{}, 'The status must be a number from 200 to 599.'],
    [{ status: '199', headers: shown }, 'The status must be a number from 200 to 599.'],
    [{ status: '200', headers: withoutEncoding }, readOnly],
    [{ status: '200', headers: { ...shown, via: [{ value: 'me' }] } }, readOnly],
    [
      { status: '200', headers: { ...shown, 'x-amzn-requestid': [{ value: 'r' }] } },
      'The function tried to add a header that is not allowed.',
    ],
    [{ status: '200', headers: { a: 'b' } }, 'The header a must be an array of { key, value }.'],
    [{ status: '200', headers: shown, body: 1 }, 'The body must be a string, and its encoding text or base64.'],
    [{ status: '200', headers: shown, body: 'x'.repeat(1_048_576) }, 'The generated response is too large.'],
  ];
  for (const [result, reason] of results) {
    assert.deepEqual(readEdgeResponse(result, response, 'origin-response'), {
      kind: 'invalid',
      reason: `The Lambda function result failed validation: ${reason}`,
    });
  }
});

test('shows a function at viewer-response no origin, and lets it change neither status nor length', () => {
  const context = { distributionDomainName: 'd1.cloudfront.net', distributionId: 'E1', requestId: 'r1' };
  const [{ cf }] = toEdgeResponseEvent(request, response, { ...context, origin: undefined }).Records;
  assert.deepEqual(
    { config: cf.config, origin: 'origin' in cf.request, headers: cf.response.headers },
    { config: { ...context, eventType: 'viewer-response' }, origin: false, headers: shown },
  );
  const edited = { status: '401', headers: { ...shown, 'x-a': [{ value: '1' }] } };
  const taken = readEdgeResponse(edited, response, 'viewer-response');
  assert.ok(taken.kind === 'response' && taken.response.headers.some(({ name }) => name === 'X-A'));
  const refused: readonly [unknown, string][] = [
    [{ ...edited, status: '200' }, 'The function tried to change the status of the response.'],
    ...['warning', 'content-length', 'content-encoding'].map((name): [unknown, string] => [
      { ...edited, headers: { ...shown, [name]: [{ value: '1' }] } },
      'The function tried to add, delete, or change a read-only header.',
    ]),
    [{ ...edited, body: 'x'.repeat(40_960) }, 'The generated response is too large.'],
  ];
  for (const [result, reason] of refused) {
    assert.deepEqual(readEdgeResponse(result, response, 'viewer-response'), {
      kind: 'invalid',
      reason: `The Lambda function result failed validation: ${reason}`,
    });
  }
});
