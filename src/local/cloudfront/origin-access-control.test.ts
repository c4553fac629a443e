import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import aws4 from 'aws4';
import fc from 'fast-check';
import { verifySignature } from '../aws-service/signature.ts';
import { joinByName, valueOf } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import type { OriginRequest } from './messages.ts';
import { originAccessCredentials, signForOrigin } from './origin-access-control.ts';
import type { SigningContext } from './origin-access-control.ts';

const context: SigningContext = {
  signingBehavior: 'always',
  distributionArn: 'arn:aws:cloudfront::000000000000:distribution/E1',
  accountId: '000000000000',
  region: 'eu-west-1',
  now: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
};

const body = Buffer.from('{"prompt":"hé"}');
const bodySha256 = createHash('sha256').update(body).digest('hex');
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const request: OriginRequest = {
  method: 'POST',
  uri: '/v1/chat%20room',
  querystring: 'b=2&a=h%C3%A9&a1=',
  headers: [
    { name: 'Host', value: 'abc.lambda-url.eu-west-1.on.aws' },
    { name: 'X-Amz-Cf-Id', value: 'id==' },
    { name: 'x-amz-content-sha256', value: bodySha256 },
    { name: 'Content-Type', value: 'application/json' },
  ],
  body,
};

test('signs as aws4 does, for service and region of the Function URL', () => {
  const { headers } = signForOrigin(request, context);
  const { Authorization: expected } =
    aws4.sign(
      {
        service: 'lambda',
        region: context.region,
        method: request.method,
        path: `${request.uri}?${request.querystring}`,
        headers: {
          host: 'abc.lambda-url.eu-west-1.on.aws',
          'x-amz-cf-id': 'id==',
          'x-amz-content-sha256': bodySha256,
          'x-amz-date': '20260102T030405Z',
          'x-amz-source-account': context.accountId,
          'x-amz-source-arn': context.distributionArn,
        },
      },
      originAccessCredentials,
    ).headers ?? {};
  assert.deepEqual(headers, [
    { name: 'Host', value: 'abc.lambda-url.eu-west-1.on.aws' },
    { name: 'X-Amz-Cf-Id', value: 'id==' },
    { name: 'Content-Type', value: 'application/json' },
    { name: 'X-Amz-Source-Arn', value: context.distributionArn },
    { name: 'X-Amz-Source-Account', value: '000000000000' },
    { name: 'Authorization', value: expected },
    { name: 'X-Amz-Date', value: '20260102T030405Z' },
    { name: 'X-Amz-Security-Token', value: 'local-cloudfront-session-token' },
    { name: 'X-Amz-Content-Sha256', value: bodySha256 },
  ]);
});

test("overwrites a viewer's authorization and x-amz headers", () => {
  const forged = ['authorization', 'x-amz-date', 'x-amz-source-arn', 'x-amz-source-account', 'x-amz-security-token'];
  const headers = [...request.headers, ...forged.map((name) => ({ name, value: 'forged' }))];
  assert.deepEqual(signForOrigin({ ...request, headers }, context), signForOrigin(request, context));
});

test('signs the hash that it was given, that of nothing where none was given, and always that of an empty body', () => {
  const hashOf = (given: HeaderList, bytes: Uint8Array): string | undefined =>
    valueOf(signForOrigin({ ...request, headers: given, body: bytes }, context).headers, 'x-amz-content-sha256');
  const given = [{ name: 'x-amz-content-sha256', value: 'abc' }];
  assert.deepEqual(
    [hashOf(given, body), hashOf([], body), hashOf([], Buffer.alloc(0)), hashOf(given, Buffer.alloc(0))],
    ['abc', emptySha256, emptySha256, emptySha256],
  );
});

test('does not sign where the template says never, or where a viewer authorized itself under no-override', () => {
  const authorized = { ...request, headers: [...request.headers, { name: 'Authorization', value: 'Bearer t' }] };
  for (const signingBehavior of ['never', undefined, 'no-override']) {
    assert.equal(signForOrigin(authorized, { ...context, signingBehavior }), authorized);
  }
  assert.deepEqual(
    signForOrigin(request, { ...context, signingBehavior: 'no-override' }),
    signForOrigin(request, context),
  );
});

test('makes a signature that is verified, whatever a viewer puts into path, query and headers', () => {
  const printable = fc.string({ unit: fc.constantFrom(...Array.from('%/?&=+.~:;a1Z_-*!\'"|é€\u{1F600} [](){}')) });
  const name = fc.constantFrom('x-amz-meta', 'X-Amz-Meta', 'x-own', 'Host', 'Authorization');
  const anyRequest = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PROPFIND'),
    uri: printable.map((path) => `/${path.replaceAll('?', '')}`),
    querystring: printable,
    headers: fc.array(fc.record({ name, value: printable })),
    body: fc.constantFrom(Buffer.alloc(0), body),
  });
  fc.assert(
    fc.property(anyRequest, (any) => {
      const headers = [
        ...any.headers,
        { name: 'host', value: 'h' },
        { name: 'x-amz-content-sha256', value: bodySha256 },
      ];
      const signed = signForOrigin({ ...any, headers }, context);
      const target = any.querystring === '' ? any.uri : `${any.uri}?${any.querystring}`;
      const verified = { ...signed, target, headers: joinByName(signed.headers) };
      const { accessKeyId, secretAccessKey } = originAccessCredentials;
      assert.equal(
        verifySignature(verified, {
          service: 'lambda',
          region: 'eu-west-1',
          secretAccessKeyOf: () => secretAccessKey,
          nowMs: context.now,
        }),
        accessKeyId,
      );
    }),
  );
});
