import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeployedFunctionUrl, DeployedOrigin } from '../template/deployment.ts';
import { readEdgeResult, toEdgeEvent } from './edge-event.ts';
import type { EdgeEvent } from './edge-event.ts';
import type { ViewerRequest } from './messages.ts';

const origin: DeployedOrigin = {
  id: 'origin',
  domainName: 'abc.lambda-url.us-east-1.on.aws',
  path: '',
  readTimeoutMs: 120_000,
  completionTimeoutMs: undefined,
  keepAliveTimeoutSeconds: 30,
  connectionAttempts: 1,
  sslProtocols: ['TLSv1.2'],
  customHeaders: { 'X-Note': 'n' },
  signingBehavior: 'always',
  functionUrl: {} as DeployedFunctionUrl,
};

const request: ViewerRequest = {
  method: 'POST',
  uri: '/',
  querystring: 'a=1',
  clientIp: '127.0.0.1',
  headers: [
    { name: 'Host', value: origin.domainName },
    { name: 'X-Twice', value: 'one' },
    { name: 'x-twice', value: 'two' },
    { name: 'Content-Length', value: '2' },
  ],
};

test('builds the origin-request event with a base64 copy of the body', () => {
  assert.deepEqual(eventOf(Buffer.from('hé'), true), {
    Records: [
      {
        cf: {
          config: {
            distributionDomainName: 'd1.cloudfront.net',
            distributionId: 'E1',
            eventType: 'origin-request',
            requestId: 'r1',
          },
          request: {
            clientIp: '127.0.0.1',
            method: 'POST',
            querystring: 'a=1',
            uri: '/',
            headers: {
              host: [{ key: 'Host', value: 'abc.lambda-url.us-east-1.on.aws' }],
              'x-twice': [
                { key: 'X-Twice', value: 'one' },
                { key: 'x-twice', value: 'two' },
              ],
              'content-length': [{ key: 'Content-Length', value: '2' }],
            },
            origin: {
              custom: {
                customHeaders: { 'x-note': [{ key: 'X-Note', value: 'n' }] },
                domainName: 'abc.lambda-url.us-east-1.on.aws',
                keepaliveTimeout: 30,
                path: '',
                port: 443,
                protocol: 'https',
                readTimeout: 120,
                sslProtocols: ['TLSv1.2'],
              },
            },
            body: { inputTruncated: false, action: 'read-only', encoding: 'base64', data: 'aMOp' },
          },
        },
      },
    ],
  });
});

test('cuts the copy at 1 MB and says so, at the very byte', () => {
  const whole = bodyOf(eventOf(Buffer.alloc(1_048_576, 1), true));
  assert.deepEqual(
    { truncated: whole?.inputTruncated, bytes: Buffer.from(whole?.data ?? '', 'base64').length },
    { truncated: false, bytes: 1_048_576 },
  );
  const cut = bodyOf(eventOf(Buffer.alloc(1_048_577, 1), true));
  assert.deepEqual(
    { truncated: cut?.inputTruncated, bytes: Buffer.from(cut?.data ?? '', 'base64').length },
    { truncated: true, bytes: 1_048_576 },
  );
});

test('leaves the body out where the association does not include it', () => {
  assert.equal(bodyOf(toEdgeEvent(request, { ...context(), body: undefined })), undefined);
});

test('goes on with the headers that the function gives back, and with the original body', () => {
  const result = resultOf((copy) => {
    copy.headers['x-amz-content-sha256'] = [{ key: 'x-amz-content-sha256', value: 'abc' }];
    copy.headers['x-bare'] = [{ value: 'no key' }];
  });
  assert.deepEqual(readEdgeResult(result, request, origin), {
    kind: 'request',
    request: {
      ...request,
      headers: [
        ...request.headers,
        { name: 'x-amz-content-sha256', value: 'abc' },
        { name: 'X-Bare', value: 'no key' },
      ],
    },
    replacedBody: undefined,
  });
});

test('takes the body of the function only where it says replace', () => {
  const replaced = resultOf((copy) => (copy.body = { action: 'replace', encoding: 'text', data: 'new' }));
  const outcome = readEdgeResult(replaced, request, origin);
  assert.deepEqual(outcome.kind === 'request' && outcome.replacedBody, Buffer.from('new'));
  const ignored = resultOf((copy) => (copy.body = { action: 'read-only', encoding: 'text', data: 'new' }));
  assert.deepEqual(readEdgeResult(ignored, request, origin), { kind: 'request', request, replacedBody: undefined });
});

test("takes as much of a body in place of the viewer's as the function was shown, in either encoding", () => {
  const bytes = Buffer.alloc(1_048_576, 'a');
  for (const [encoding, data] of [
    ['text', bytes.toString()],
    ['base64', bytes.toString('base64')],
  ]) {
    const outcome = readEdgeResult(
      resultOf((copy) => (copy.body = { action: 'replace', encoding, data })),
      request,
      origin,
    );
    assert.ok(outcome.kind === 'request' && outcome.replacedBody !== undefined && bytes.equals(outcome.replacedBody));
  }
});

test('shows a function at viewer-request no origin and 40 KB of the body, and takes no more of it', () => {
  const at = { ...context(), origin: undefined };
  const event = toEdgeEvent(request, { ...at, body: { bytes: Buffer.alloc(40_961, 1), isWhole: true } });
  const { config, request: shown } = event.Records[0].cf;
  assert.deepEqual(
    [config.eventType, 'origin' in shown, shown.body?.inputTruncated, shown.body?.data.length],
    ['viewer-request', false, true, 54_616],
  );
  const replaced = (data: string): unknown => ({ ...shown, body: { action: 'replace', encoding: 'text', data } });
  assert.equal(readEdgeResult(replaced('x'.repeat(40_960)), request, undefined).kind, 'request');
  const host = { ...shown, headers: { ...shown.headers, host: [{ key: 'Host', value: 'other' }] } };
  const country = { ...shown, headers: { ...shown.headers, 'cloudfront-viewer-country': [{ value: 'JP' }] } };
  const refused: readonly [unknown, string][] = [
    [replaced('x'.repeat(40_961)), 'The replaced body is too large.'],
    [{ status: '200', body: 'x'.repeat(40_960) }, 'The generated response is too large.'],
    [{ status: '204', body: 'x' }, 'A response with the status 204 must not have a body.'],
    [host, 'The function tried to add, delete, or change a read-only header.'],
    [country, 'The function tried to add, delete, or change a read-only header.'],
  ];
  for (const [result, reason] of refused) {
    assert.deepEqual(readEdgeResult(result, request, undefined), {
      kind: 'invalid',
      reason: `The Lambda function result failed validation: ${reason}`,
    });
  }
});

test('takes a response that the function makes', () => {
  const response = {
    status: '413',
    statusDescription: 'Payload Too Large',
    headers: { 'content-type': [{ key: 'Content-Type', value: 'application/json' }] },
    body: '{}',
  };
  assert.deepEqual(readEdgeResult(response, request, origin), {
    kind: 'response',
    response: {
      status: 413,
      statusDescription: 'Payload Too Large',
      headers: [{ name: 'Content-Type', value: 'application/json' }],
      body: Buffer.from('{}'),
      cacheResult: 'LambdaGeneratedResponse from cloudfront',
    },
  });
});

test('refuses what CloudFront refuses, in a sentence', () => {
  const results: readonly [unknown, string][] = [
    [null, 'The function did not return an object.'],
    [resultOf((copy) => (copy.method = 'GET')), 'The function tried to change a read-only field: clientIp or method.'],
    [resultOf((copy) => (copy.uri = 'x')), 'The URI must begin with a slash.'],
    [resultOf((copy) => (copy.headers['x-a'] = 'v')), 'The header x-a must be an array of { key, value }.'],
    [resultOf((copy) => (copy.headers['x-a'] = [{ value: 1 }])), 'The header x-a must have a string as its value.'],
    [resultOf((copy) => (copy.headers['x-a'] = [{ key: 'X-B', value: '1' }])), 'The header x-a has the key X-B.'],
    [
      resultOf((copy) => (copy.headers['x-cache'] = [{ value: '1' }])),
      'The function tried to add a header that is not allowed.',
    ],
    [
      resultOf((copy) => (copy.headers['x-amz-cf-id'] = [{ value: '1' }])),
      'The function tried to add a header that is not allowed.',
    ],
    [
      resultOf((copy) => delete copy.headers['content-length']),
      'The function tried to add, delete, or change a read-only header.',
    ],
    [
      resultOf((copy) => (copy.headers['accept-encoding'] = [{ value: 'br' }])),
      'The function tried to add, delete, or change a read-only header.',
    ],
    [
      resultOf((copy) => (copy.origin = { s3: {} })),
      'The function changed the origin, which the local chain does not emulate.',
    ],
    [
      resultOf((copy) => (copy.body = { action: 'replace', encoding: 'text', data: 'x'.repeat(1_048_577) })),
      'The replaced body is too large.',
    ],
    [
      resultOf((copy) => (copy.headers['x-a'] = [{ value: 'one\ntwo' }])),
      'The header "X-A" has a name or a value that HTTP does not have.',
    ],
    [
      resultOf((copy) => (copy.headers['x-note'] = [{ value: 'mine' }])),
      "The header X-Note is one of the origin's custom headers, too.",
    ],
    [
      resultOf((copy) => (copy.querystring = 'a b')),
      'The query string must not include spaces, control characters, or the fragment identifier (#).',
    ],
    [
      resultOf((copy) => (copy.uri = `/${'a'.repeat(8187)}`)),
      'The URI with its query string must be shorter than 8,192 characters.',
    ],
    [resultOf((copy) => (copy.body = { action: 'replace', data: 'YWJj=' })), 'The body is not valid base64.'],
    [
      resultOf((copy) => (copy.body = { action: 'replace', data: 'YWJj'.repeat(349_526) + 'YWI=' })),
      'The replaced body is too large.',
    ],
    [{ status: 'abc' }, 'The status must be a number from 200 to 599.'],
    [{ status: '199' }, 'The status must be a number from 200 to 599.'],
    [
      { status: '200', statusDescription: 'a\r\nb' },
      'The status description must be a string of printable characters.',
    ],
    [{ status: '200', body: '%%%', bodyEncoding: 'base64' }, 'The body is not valid base64.'],
    [{ status: 200, body: 'x'.repeat(1_048_577) }, 'The generated response is too large.'],
  ];
  for (const [result, reason] of results) {
    assert.deepEqual(readEdgeResult(result, request, origin), {
      kind: 'invalid',
      reason: `The Lambda function result failed validation: ${reason}`,
    });
  }
});

function context(): Omit<Parameters<typeof toEdgeEvent>[1], 'body'> {
  return { distributionDomainName: 'd1.cloudfront.net', distributionId: 'E1', requestId: 'r1', origin };
}

function eventOf(bytes: Uint8Array, isWhole: boolean): EdgeEvent {
  return toEdgeEvent(request, { ...context(), body: { bytes, isWhole } });
}

function bodyOf(event: EdgeEvent): EdgeEvent['Records'][0]['cf']['request']['body'] {
  return event.Records[0].cf.request.body;
}

interface Loose {
  method: string;
  uri: string;
  querystring: string;
  headers: Record<string, unknown>;
  origin: unknown;
  body: unknown;
}

function resultOf(edit: (copy: Loose) => unknown): unknown {
  const copy = structuredClone(eventOf(Buffer.from('{}'), true).Records[0].cf.request) as unknown as Loose;
  edit(copy);
  return copy;
}
