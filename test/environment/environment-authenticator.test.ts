import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RelayError } from '../../src/errors.ts';
import { createEnvironmentAuthenticator } from '../../src/environment/environment-authenticator.ts';
import { authenticate } from '../../src/identity/authenticate.ts';
import type { Authenticator } from '../../src/identity/authenticator.ts';
import { createApiKey, hashPassword } from '../../src/identity/new-key.ts';
import { startSecretsManager } from '../../src/local/secrets-manager/secrets-manager.ts';
import { onlyCaller } from '../service-callers.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-hosts-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('lets in by the keys of a file, and reads it again: a new key soon, a revoked one for a minute', async () => {
  const file = join(folder, 'keys.json');
  const [alice, bob] = [createApiKey(), createApiKey()];
  const write = (...keys: readonly { readonly id: string; readonly hash: string }[]): void =>
    writeFileSync(file, JSON.stringify({ keys: keys.map(({ id, hash }) => ({ id, hash })) }));
  write({ id: 'alice', ...alice });
  let nowMs = Date.parse('2026-11-22T20:00:00Z');
  const authenticator = createEnvironmentAuthenticator(environmentOf({ kind: 'api-keys', file }), {
    now: () => nowMs,
  });
  assert.equal(await show(authenticator, alice.key), 'api-key:alice');
  assert.equal(await show(authenticator, bob.key), 'invalid_credentials');

  write({ id: 'bob', ...bob });
  nowMs += 10_000;
  assert.equal(await show(authenticator, bob.key), 'api-key:bob');
  assert.equal(await show(authenticator, alice.key), 'invalid_credentials');

  write();
  nowMs += 59_000;
  assert.equal(await show(authenticator, bob.key), 'api-key:bob');
  nowMs += 301_000;
  assert.equal(await show(authenticator, bob.key), 'invalid_credentials');
});

test('lets in by the keys of a secret, read with the credentials of the environment', async (t) => {
  const { key, hash } = createApiKey();
  const secretArn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:keys-AbCdEf';
  const { endpoint, close } = await startSecretsManager({
    secrets: [{ arn: secretArn, value: () => Promise.resolve(JSON.stringify({ keys: [{ id: 'alice', hash }] })) }],
    callerOf: onlyCaller({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }),
    onFault: (sentence) => assert.fail(sentence),
  });
  t.after(close);
  const authenticator = createEnvironmentAuthenticator({
    ...environmentOf({ kind: 'api-keys', secretArn }),
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  assert.equal(await show(authenticator, key), 'api-key:alice');
});

test('lets in by the password of a file', async () => {
  const file = join(folder, 'users.json');
  writeFileSync(file, JSON.stringify({ users: [{ id: 'bob', hash: await hashPassword('pass: wörd') }] }));
  const authenticator = createEnvironmentAuthenticator(environmentOf({ kind: 'basic', file }));
  const authorization = `Basic ${Buffer.from('bob:pass: wörd').toString('base64')}`;
  assert.equal(await outcome(authenticator, { authorization }), 'basic:bob');
});

test('asks the module of the user’s own', async () => {
  const handlerModule = pathToFileURL(join(folder, 'identity.mjs'));
  writeFileSync(
    handlerModule,
    `export const identify = ({ headers }) => headers['x-who'] && { id: headers['x-who'] };`,
  );
  const authenticator = createEnvironmentAuthenticator(environmentOf({ kind: 'handler' }), { handlerModule });
  assert.equal(await outcome(authenticator, { 'x-who': 'carol' }), 'carol');
  assert.equal(await outcome(authenticator, {}), 'unauthenticated');
});

for (const [what, prepare, cause] of [
  ['missing', () => undefined, 'ENOENT'],
  ['a folder', (file: string) => mkdirSync(file), 'it is not a regular file'],
  [
    'too large',
    (file: string) => {
      writeFileSync(file, '');
      truncateSync(file, 4_194_305);
    },
    'it has more than 4194304 bytes',
  ],
] as const) {
  test(`lets nobody in where the file is ${what}, and says so to the log only`, async () => {
    const file = join(folder, `keys which are ${what}.json`);
    prepare(file);
    const faults: unknown[] = [];
    const authenticator = createEnvironmentAuthenticator(environmentOf({ kind: 'api-keys', file }), {
      report: (fault) => faults.push(fault),
    });
    const error = await rejection(authenticator, { 'x-api-key': createApiKey().key });
    assert.deepEqual(
      [error.code, error.message],
      ['identity_unavailable', 'it cannot be found out at the moment who is calling'],
    );
    const [fault] = faults;
    assert.ok(fault instanceof RelayError);
    assert.equal(fault.cause, `the keys cannot be had: the file of credentials "${file}" cannot be read: ${cause}`);
  });
}

test('lets nobody in where the secret has no name that AWS gives, and where the module is missing', async () => {
  const withoutArn = createEnvironmentAuthenticator(environmentOf({ kind: 'api-keys', secretArn: 'keys' }));
  const error = await rejection(withoutArn, { 'x-api-key': createApiKey().key });
  assert.equal(error.code, 'identity_unavailable');
  assert.match(String(error.cause), /the secret is "keys"; it must be an ARN/u);
  // Nothing lies beside this module; in a bundle, it would.
  const withoutModule = createEnvironmentAuthenticator(environmentOf({ kind: 'handler' }));
  const missing = await rejection(withoutModule, {});
  assert.equal(missing.code, 'identity_unavailable');
  assert.match(String(missing.cause), /identity\.mjs/u);
  assert.doesNotMatch(missing.message, /identity\.mjs/u);
});

for (const [auth, cause] of [
  [undefined, /^RELAY_AUTH is not set; it must say who may call/u],
  ['{"kind":', /^RELAY_AUTH must be a JSON object/u],
  ['{"kind":"none"}', /^RELAY_AUTH has the kind "none"; allowed are anonymous,/u],
] as const) {
  test(`is not made where RELAY_AUTH is ${auth ?? 'not set'}`, () => {
    assert.throws(
      () => createEnvironmentAuthenticator({ RELAY_AUTH: auth }),
      (error: RelayError) => error.code === 'internal_error' && cause.test(String(error.cause)),
    );
  });
}

function environmentOf(auth: unknown): { readonly RELAY_AUTH: string } {
  return { RELAY_AUTH: JSON.stringify(auth) };
}

function show(authenticator: Authenticator, key: string): Promise<string> {
  return outcome(authenticator, { authorization: `Bearer ${key}` });
}

/** The principal, or the code of the refusal. */
async function outcome(authenticator: Authenticator, headers: Readonly<Record<string, string>>): Promise<string> {
  try {
    return (await authenticate(authenticator, { method: 'POST', path: '/', headers })).id;
  } catch (thrown) {
    assert.ok(thrown instanceof RelayError, String(thrown));
    return thrown.code;
  }
}

async function rejection(authenticator: Authenticator, headers: Readonly<Record<string, string>>): Promise<RelayError> {
  try {
    await authenticate(authenticator, { method: 'POST', path: '/', headers });
  } catch (thrown) {
    assert.ok(thrown instanceof RelayError, String(thrown));
    return thrown;
  }
  return assert.fail('somebody was let in');
}
