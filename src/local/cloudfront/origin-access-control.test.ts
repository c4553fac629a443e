import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signForOrigin } from './origin-access-control.ts';
import type { SigningContext } from './origin-access-control.ts';

const context: SigningContext = {
  signingBehavior: 'always',
  distributionArn: 'arn:aws:cloudfront::000000000000:distribution/E1',
  accountId: '000000000000',
  region: 'eu-west-1',
  now: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
};

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test("overwrites a viewer's authorization and x-amz headers, and hashes an empty body itself", () => {
  const headers = [
    { name: 'Host', value: 'origin.example' },
    { name: 'authorization', value: 'Bearer t' },
    { name: 'x-amz-date', value: 'forged' },
    { name: 'x-amz-source-arn', value: 'forged' },
  ];
  assert.deepEqual(signForOrigin(headers, false, context), {
    headers: [
      { name: 'Host', value: 'origin.example' },
      {
        name: 'Authorization',
        value:
          'AWS4-HMAC-SHA256 Credential=ASIALOCALCLOUDFRONT0/20260102/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=local',
      },
      { name: 'X-Amz-Date', value: '20260102T030405Z' },
      { name: 'X-Amz-Security-Token', value: 'local-cloudfront-session-token' },
      { name: 'X-Amz-Source-Arn', value: context.distributionArn },
      { name: 'X-Amz-Source-Account', value: '000000000000' },
      { name: 'X-Amz-Content-Sha256', value: emptySha256 },
    ],
    signature: { sourceArn: context.distributionArn, contentSha256: emptySha256 },
  });
});

test('signs the hash of a body as it was given, and none where none was given', () => {
  const given = signForOrigin([{ name: 'x-amz-content-sha256', value: 'abc' }], true, context);
  assert.deepEqual(given.signature, { sourceArn: context.distributionArn, contentSha256: 'abc' });
  const missing = signForOrigin([], true, context);
  assert.deepEqual(missing.signature, { sourceArn: context.distributionArn, contentSha256: undefined });
});

test('does not sign where the template says never, or where a viewer authorized itself under no-override', () => {
  const authorized = [{ name: 'Authorization', value: 'Bearer t' }];
  for (const signingBehavior of ['never', undefined, 'no-override']) {
    assert.deepEqual(signForOrigin(authorized, false, { ...context, signingBehavior }), {
      headers: authorized,
      signature: undefined,
    });
  }
  assert.notEqual(signForOrigin([], false, { ...context, signingBehavior: 'no-override' }).signature, undefined);
});
