import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { RelayError } from '../../src/errors.ts';
import { ServiceError } from '../../src/local/aws-service/service-error.ts';
import type { Access } from '../../src/local/iam/service-caller.ts';
import { startSecretsManager } from '../../src/local/secrets-manager/secrets-manager.ts';
import type { LocalSecret } from '../../src/local/secrets-manager/get-secret-value.ts';
import { signPost } from '../../src/agentcore/sign-post.ts';
import { createSecretReader } from '../../src/secrets-manager/secret-reader.ts';
import { onlyCaller } from '../service-callers.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:relay/keys-AbCdEf';
const otherArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:relay/users-GhIjKl';
const credentials = { accessKeyId: 'ASIALOCAL', secretAccessKey: 'local', sessionToken: 'token/+=' };
const { sessionToken: _sessionToken, ...withoutToken } = credentials;
const nowMs = Date.parse('2026-11-22T20:00:00Z');

test('gives the relay what a secret holds at the moment, in whichever region it is', async (t) => {
  let value = 'first';
  const { endpoint } = await serve(t, [
    { arn, value: () => Promise.resolve(value) },
    { arn: otherArn, value: () => Promise.resolve('other') },
  ]);
  const reader = createSecretReader({ secretArn: arn, endpoint, credentials: () => credentials, now: () => nowMs });
  assert.equal(await reader.read(), 'first');
  value = 'second';
  assert.equal(await reader.read(), 'second');
  const other = createSecretReader({ secretArn: otherArn, endpoint, credentials: () => credentials, now: () => nowMs });
  assert.equal(await other.read(), 'other');
});

test('answers as the service does, whole', async (t) => {
  const { endpoint } = await serve(t, [{ arn, value: () => Promise.resolve('{"keys":[]}') }]);
  for (const id of [arn, 'relay/keys', arn.replace('-AbCdEf', '')]) {
    const { status, contentType, body } = await call(endpoint, { SecretId: id, VersionStage: 'AWSCURRENT' });
    assert.deepEqual(
      { status, contentType, body },
      {
        status: 200,
        contentType: 'application/x-amz-json-1.1',
        body: {
          ARN: arn,
          CreatedDate: 1_795_377_600,
          Name: 'relay/keys',
          SecretString: '{"keys":[]}',
          VersionId: '9638d119-1473-5d00-7200-2dd4d67c734a',
          VersionStages: ['AWSCURRENT'],
        },
      },
    );
  }
});

for (const [what, errorName, request] of [
  ['another secret', 'ResourceNotFoundException', { body: { SecretId: 'relay/other' } }],
  ['a part of a name', 'ResourceNotFoundException', { body: { SecretId: 'relay' } }],
  ['another version', 'ResourceNotFoundException', { body: { SecretId: arn, VersionStage: 'AWSPENDING' } }],
  ['no secret', 'ValidationException', { body: {} }],
  ['what is no object', 'SerializationException', { body: [] }],
  ['another content type', 'SerializationException', { headers: { 'content-type': 'application/json' } }],
  ['another operation', 'UnknownOperationException', { headers: { 'x-amz-target': 'secretsmanager.PutSecretValue' } }],
  ['more than a request may have', 'SerializationException', { body: { SecretId: 'x'.repeat(70_000) } }],
  ['an unknown key', 'UnrecognizedClientException', { credentials: { ...credentials, accessKeyId: 'AKIAOTHER' } }],
  ['a wrong key', 'InvalidSignatureException', { credentials: { ...credentials, secretAccessKey: 'other' } }],
  ['another token', 'UnrecognizedClientException', { credentials: { ...credentials, sessionToken: 'other' } }],
  ['no token', 'UnrecognizedClientException', { credentials: withoutToken }],
  ['another service', 'InvalidSignatureException', { service: 'bedrock-agentcore' }],
  ['another region', 'InvalidSignatureException', { region: 'eu-west-2' }],
  ['a time that is over', 'InvalidSignatureException', { nowMs: nowMs - 301_000 }],
] as const satisfies readonly (readonly [string, string, CallOptions])[]) {
  test(`refuses ${what} with 400 ${errorName}`, async (t) => {
    const { endpoint } = await serve(t, [{ arn, value: () => Promise.resolve('secret') }]);
    const { status, body } = await call(endpoint, { SecretId: arn }, request);
    assert.deepEqual([status, body['__type']], [400, errorName]);
  });
}

test('refuses what is not signed', async (t) => {
  const { endpoint } = await serve(t, [{ arn, value: () => Promise.resolve('secret') }]);
  const response = await fetch(endpoint, { method: 'POST', body: '{}' });
  assert.deepEqual(
    [response.status, await response.json()],
    [
      400,
      {
        __type: 'MissingAuthenticationTokenException',
        message: 'Missing Authentication Token',
        Message: 'Missing Authentication Token',
      },
    ],
  );
});

test('asks for permission to the secret, by whichever name, and to what is asked for where there is none', async (t) => {
  const asked: Access[] = [];
  const { endpoint } = await serve(t, [{ arn, value: () => Promise.resolve('secret') }], (access) =>
    asked.push(access),
  );
  await call(endpoint, { SecretId: 'relay/keys' });
  await call(endpoint, { SecretId: arn, VersionStage: 'AWSPENDING', VersionId: 'v1' });
  await call(endpoint, { SecretId: 'relay/other' });
  const action = 'secretsmanager:GetSecretValue';
  const contextOf = (id: string, stage = 'AWSCURRENT', version?: string): Access['context'] => ({
    'secretsmanager:SecretId': id,
    'secretsmanager:VersionStage': stage,
    'secretsmanager:VersionId': version,
  });
  assert.deepEqual(asked, [
    { action, resource: arn, context: contextOf('relay/keys') },
    { action, resource: arn, context: contextOf(arn, 'AWSPENDING', 'v1') },
    { action, resource: 'relay/other', context: contextOf('relay/other') },
  ]);
});

test('says to whom it denies a secret what IAM says, and not whether there is one', async (t) => {
  const Message = 'User: x is not authorized to perform: secretsmanager:GetSecretValue';
  const { endpoint } = await serve(t, [{ arn, value: () => Promise.resolve('secret') }], () => {
    throw new ServiceError(403, 'AccessDeniedException', Message);
  });
  const answers = [await call(endpoint, { SecretId: arn }), await call(endpoint, { SecretId: 'relay/other' })];
  const denied = { __type: 'AccessDeniedException', message: Message, Message };
  assert.deepEqual(
    answers.map(({ status, body }) => ({ status, body })),
    answers.map(() => ({ status: 400, body: denied })),
  );
});

test('fails as the service fails where there is no value, and says why to the developer only', async (t) => {
  const values = [() => Promise.reject(new Error('keys.json is gone')), () => Promise.resolve('x'.repeat(65_537))];
  const { endpoint, faults } = await serve(t, [{ arn, value: () => values.shift()?.() ?? Promise.resolve('') }]);
  const reader = createSecretReader({
    secretArn: arn,
    endpoint,
    credentials: () => credentials,
    now: () => nowMs,
    sleep: () => Promise.resolve(),
  });
  await assert.rejects(reader.read(), (error) => {
    assert.ok(error instanceof RelayError);
    assert.deepEqual([error.code, error.upstreamName], ['identity_unavailable', 'InternalServiceError']);
    return true;
  });
  assert.deepEqual(faults, ['keys.json is gone', 'the value has more than the 65536 bytes that a secret may have']);
});

interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials?: Partial<typeof credentials> & typeof withoutToken;
  readonly service?: string;
  readonly region?: string;
  readonly nowMs?: number;
}

async function call(
  endpoint: string,
  request: unknown,
  options: CallOptions = {},
): Promise<{ status: number; contentType: string | null; body: Record<string, unknown> }> {
  const payload = Buffer.from(JSON.stringify(options.body ?? request));
  const { host } = new URL(endpoint);
  const headers = signPost(
    {
      service: options.service ?? 'secretsmanager',
      region: options.region ?? 'eu-west-1',
      host,
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
        ...options.headers,
      },
      payload,
    },
    options.credentials ?? credentials,
    () => options.nowMs ?? nowMs,
  );
  const sent = Object.entries(headers).filter(([name]) => name !== 'host' && name !== 'content-length');
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: sent.map(([name, value]): [string, string] => [name, String(value)]),
    body: payload,
  });
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    body: (await response.json()) as Record<string, unknown>,
  };
}

async function serve(
  t: TestContext,
  secrets: readonly LocalSecret[],
  authorize?: (access: Access) => void,
): Promise<{ readonly endpoint: string; readonly faults: readonly string[] }> {
  const faults: string[] = [];
  const { endpoint, close } = await startSecretsManager({
    secrets,
    callerOf: onlyCaller(credentials, authorize),
    onFault: (sentence) => faults.push(sentence),
    now: () => nowMs,
  });
  t.after(close);
  return { endpoint, faults };
}
