import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateSecret } from './secret-location.ts';

for (const [arn, region, endpoint] of [
  ['arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys-AbCdEf', 'eu-central-1', undefined],
  ['arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a/b_c+d=e.f@g-AbCdEf', 'us-gov-west-1', undefined],
  ['arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:keys-AbCdEf', 'cn-north-1', undefined],
  ['arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf', 'us-east-1', 'http://127.0.0.1:1234/base'],
] as const) {
  test(`reads ${arn} in its own region${endpoint === undefined ? '' : ', at the endpoint that is given'}`, () => {
    const located = locateSecret(arn, endpoint);
    const own = `https://secretsmanager.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
    assert.deepEqual({ ...located, endpoint: located.endpoint.href }, { region, endpoint: endpoint ?? own });
  });
}

for (const [arn, endpoint, cause] of [
  [
    'keys',
    undefined,
    'the secret is "keys"; it must be an ARN, arn:aws:secretsmanager:<region>:<account>:secret:<name>',
  ],
  [
    'arn:aws:secretsmanager:evil.example/x:123456789012:secret:keys',
    undefined,
    'the secret is "arn:aws:secretsmanager:evil.example/x:123456789012:secret:keys"; it must be an ARN, arn:aws:secretsmanager:<region>:<account>:secret:<name>',
  ],
  [
    'arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf',
    'file:///etc/passwd',
    'the endpoint of Secrets Manager is "file:///etc/passwd"; it must be an https or http URL',
  ],
] as const) {
  test(`says to the log only that ${cause}`, () => {
    assert.throws(() => locateSecret(arn, endpoint), { code: 'internal_error', message: 'the relay failed', cause });
  });
}
