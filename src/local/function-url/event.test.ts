import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OriginRequest } from '../cloudfront/messages.ts';
import { toFunctionUrlEvent } from './event.ts';
import type { FunctionUrlContext } from './event.ts';

const url = { urlId: 'abc', domainName: 'abc.lambda-url.us-east-1.on.aws', authType: 'AWS_IAM' } as const;

const context: FunctionUrlContext = {
  requestId: 'r1',
  traceRoot: 'Root=1-00000001-000000000000000000000001',
  traceSelf: 'Self=1-00000002-000000000000000000000002',
  now: Date.UTC(2020, 2, 12, 19, 3, 58, 390),
};

const request: OriginRequest = {
  method: 'POST',
  uri: '/pa%2Fth/ü',
  querystring: 'prompt=h%C3%A9+there&x=1&x=2',
  headers: [
    { name: 'Host', value: 'abc.lambda-url.us-east-1.on.aws' },
    { name: 'Content-Type', value: 'application/json; charset=utf-8' },
    { name: 'X-Twice', value: 'one' },
    { name: 'x-twice', value: 'two' },
    { name: 'Cookie', value: 'a=1; b=2' },
    { name: 'Authorization', value: 'AWS4-HMAC-SHA256 …' },
    { name: 'User-Agent', value: 'curl/8' },
    { name: 'X-Amz-Source-Arn', value: 'arn:aws:cloudfront::000000000000:distribution/E1' },
    { name: 'X-Amzn-Trace-Id', value: 'Root=1-00000001-000000000000000000000001' },
  ],
  body: Buffer.from('{"prompt":"hé"}'),
};

test('builds the event of payload 2.0, member for member, without a member that has no value', () => {
  assert.deepEqual(toFunctionUrlEvent(request, url, context), {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/pa%2Fth/ü',
    rawQueryString: 'prompt=h%C3%A9+there&x=1&x=2',
    cookies: ['a=1', 'b=2'],
    headers: {
      host: 'abc.lambda-url.us-east-1.on.aws',
      'content-type': 'application/json; charset=utf-8',
      'x-twice': 'one,two',
      cookie: 'a=1; b=2',
      'user-agent': 'curl/8',
      'x-amz-source-arn': 'arn:aws:cloudfront::000000000000:distribution/E1',
      'x-amzn-tls-cipher-suite': 'TLS_AES_128_GCM_SHA256',
      'x-amzn-tls-version': 'TLSv1.3',
      'x-amzn-trace-id': 'Self=1-00000002-000000000000000000000002;Root=1-00000001-000000000000000000000001',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    queryStringParameters: { prompt: 'hé there', x: '1,2' },
    requestContext: {
      accountId: '111122223333',
      apiId: 'abc',
      authorizer: {
        iam: {
          accessKey: 'ASIALOCALCLOUDFRONT0',
          accountId: '111122223333',
          callerId: 'AROAEXAMPLECLOUDFRONT:OriginAccessSession',
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: 'arn:aws:sts::111122223333:assumed-role/OriginAccessControlRole/OriginAccessSession',
          userId: 'AROAEXAMPLECLOUDFRONT:OriginAccessSession',
        },
      },
      domainName: 'abc.lambda-url.us-east-1.on.aws',
      domainPrefix: 'abc',
      http: {
        method: 'POST',
        path: '/pa%2Fth/ü',
        protocol: 'HTTP/1.1',
        sourceIp: '130.176.98.145',
        userAgent: 'curl/8',
      },
      requestId: 'r1',
      routeKey: '$default',
      stage: '$default',
      time: '12/Mar/2020:19:03:58 +0000',
      timeEpoch: 1584039838390,
    },
    body: '{"prompt":"hé"}',
    isBase64Encoded: false,
  });
});

test("has no caller where the URL takes everybody's requests, and what they send to authorize themselves", () => {
  const { headers, requestContext } = toFunctionUrlEvent(request, { ...url, authType: 'NONE' }, context);
  assert.equal(headers['authorization'], 'AWS4-HMAC-SHA256 …');
  assert.equal(requestContext.accountId, 'anonymous');
  assert.equal('authorizer' in requestContext, false);
});

test('has no body, cookies or query parameters where the request has none', () => {
  const event = toFunctionUrlEvent({ ...request, querystring: '', headers: [], body: new Uint8Array() }, url, context);
  assert.deepEqual(
    ['body' in event, 'cookies' in event, 'queryStringParameters' in event, event.isBase64Encoded],
    [false, false, false, false],
  );
});

test('sends a body as text for text types, and as base64 for forms, unknown types and no type at all', () => {
  const encodings = [
    'application/json',
    'Text/Plain; charset=utf-8',
    'application/xml',
    'application/javascript',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'application/vnd.api+json',
    undefined,
  ].map((contentType) => {
    const headers = contentType === undefined ? [] : [{ name: 'content-type', value: contentType }];
    const { body, isBase64Encoded } = toFunctionUrlEvent({ ...request, headers, body: Buffer.from('é') }, url, context);
    return [contentType, isBase64Encoded, body];
  });
  assert.deepEqual(encodings, [
    ['application/json', false, 'é'],
    ['Text/Plain; charset=utf-8', false, 'é'],
    ['application/xml', false, 'é'],
    ['application/javascript', false, 'é'],
    ['application/x-www-form-urlencoded', true, 'w6k='],
    ['application/octet-stream', true, 'w6k='],
    ['application/vnd.api+json', true, 'w6k='],
    [undefined, true, 'w6k='],
  ]);
});
