import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSigningKey, signToken, startIssuer } from '../../test/identity/issuer.ts';
import { checkAuthSettings } from '../auth-settings.ts';
import { RelayError } from '../errors.ts';
import { authenticate } from './authenticate.ts';
import type { Authenticator, CallerRequest } from './authenticator.ts';
import { createAuthenticator } from './from-settings.ts';
import type { AuthenticatorSources } from './from-settings.ts';
import { createApiKey, hashPassword } from './new-key.ts';

const never: AuthenticatorSources = {
  openStore: () => assert.fail('a store was opened'),
  loadHandler: () => assert.fail('a handler was loaded'),
  fetchJson: () => assert.fail('something was fetched'),
};

async function ask(authenticator: Authenticator, headers: CallerRequest['headers'] = {}): Promise<unknown> {
  try {
    return await authenticate(authenticator, { method: 'POST', path: '/', headers });
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
    const { code, challenge } = thrown;
    return { code, challenge };
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const login = (id: string, password: string) => ({ authorization: `Basic ${btoa(`${id}:${password}`)}` });

test('asks nothing of the world where everybody may call', async () => {
  const authenticator = createAuthenticator({ kind: 'anonymous' }, never);
  assert.deepEqual(await ask(authenticator, bearer('sk-none')), { id: 'anonymous', isAnonymous: true });
});

const { key, hash } = createApiKey();
const stores = {
  keys: JSON.stringify({ keys: [{ id: 'alice', hash }] }),
  users: JSON.stringify({ users: [{ id: 'bob', hash: await hashPassword('open sesame') }] }),
};

const sources: AuthenticatorSources = {
  openStore: (store) => ({
    read: () => Promise.resolve('file' in store && store.file === 'users.json' ? stores.users : stores.keys),
  }),
  loadHandler: () =>
    Promise.resolve({
      challenge: 'Cookie realm="own"',
      identify: ({ headers }: CallerRequest) => (headers['cookie'] === 'session=1' ? { id: 'carol' } : undefined),
    }),
};

test('takes keys of a store', async () => {
  const authenticator = createAuthenticator({ kind: 'api-keys', secretArn: 'arn:aws:…' }, sources);
  assert.deepEqual(await ask(authenticator, bearer(key)), { id: 'api-key:alice' });
  assert.deepEqual(await ask(authenticator), { code: 'unauthenticated', challenge: 'Bearer realm="agent"' });
});

test('takes passwords of a store', async () => {
  const authenticator = createAuthenticator({ kind: 'basic', file: 'users.json' }, sources);
  assert.deepEqual(await ask(authenticator, login('bob', 'open sesame')), { id: 'basic:bob' });
  assert.deepEqual(await ask(authenticator), {
    code: 'unauthenticated',
    challenge: 'Basic realm="agent", charset="UTF-8"',
  });
});

test('takes whom the user’s own module recognizes, and asks for what it says', async () => {
  const authenticator = createAuthenticator({ kind: 'handler' }, sources);
  assert.deepEqual(await ask(authenticator, { cookie: 'session=1' }), { id: 'carol' });
  assert.deepEqual(await ask(authenticator), { code: 'unauthenticated', challenge: 'Cookie realm="own"' });
});

test('takes all of them at once, a token too, and nobody in particular only without credentials', async () => {
  const signingKey = await createSigningKey('one');
  await using issuer = await startIssuer(signingKey);
  const settings = checkAuthSettings({
    kind: 'any-of',
    of: [
      { kind: 'anonymous' },
      { kind: 'api-keys', file: 'keys.json' },
      { kind: 'basic', file: 'users.json' },
      { kind: 'jwt', issuer: issuer.url, audience: ['chat'] },
      { kind: 'handler' },
    ],
  });
  const authenticator = createAuthenticator(settings, sources);
  const token = await signToken(signingKey, {
    iss: issuer.url,
    sub: 'dave',
    aud: 'chat',
    exp: Math.floor(Date.now() / 1_000) + 60,
  });
  const challenge =
    'Bearer realm="agent", error="invalid_token", Basic realm="agent", charset="UTF-8", Cookie realm="own"';
  for (const [headers, outcome] of [
    [bearer(key), { id: 'api-key:alice' }],
    [{ 'x-api-key': key }, { id: 'api-key:alice' }],
    [login('bob', 'open sesame'), { id: 'basic:bob' }],
    [bearer(token), { id: `jwt:${issuer.url}#dave` }],
    [{ cookie: 'session=1' }, { id: 'carol' }],
    [{}, { id: 'anonymous', isAnonymous: true }],
    [bearer(`${key}x`), { code: 'invalid_credentials', challenge }],
    [
      { authorization: 'Bearer ' },
      { code: 'invalid_credentials', challenge: challenge.replace(', error="invalid_token"', '') },
    ],
  ] as const) {
    assert.deepEqual(await ask(authenticator, headers), outcome);
  }
});

test('does not need one kind to let in whom another one knows', async () => {
  const authenticator = createAuthenticator(
    { kind: 'any-of', of: [{ kind: 'handler' }, { kind: 'api-keys', file: 'keys.json' }] },
    { ...sources, loadHandler: () => Promise.reject(new Error('no such file')) },
  );
  assert.deepEqual(await ask(authenticator, bearer(key)), { id: 'api-key:alice' });
  assert.deepEqual(await ask(authenticator, bearer('abc')), { code: 'identity_unavailable', challenge: undefined });
});

for (const [name, module, cause] of [
  ['nothing', undefined, 'it must export a function "identify"'],
  ['a default only', { default: () => ({ id: 'a' }) }, 'it must export a function "identify"'],
  ['what is no function', { identify: { id: 'a' } }, 'it must export a function "identify"'],
  [
    'a challenge that would be two headers',
    { identify: () => ({ id: 'a' }), challenge: 'X\r\nset-cookie: a' },
    'its export "challenge" must be a line of ASCII characters',
  ],
] as const) {
  test(`lets nobody in where the user’s own module exports ${name}, and tells the log what is wrong`, async () => {
    const faults: unknown[] = [];
    const authenticator = createAuthenticator(
      { kind: 'handler' },
      {
        ...sources,
        loadHandler: () => Promise.resolve(module),
        report: (fault) => faults.push(fault instanceof RelayError && fault.cause),
      },
    );
    assert.deepEqual(await ask(authenticator), { code: 'identity_unavailable', challenge: undefined });
    assert(faults.includes(`"handler" cannot be loaded: Error: ${cause}`), String(faults));
  });
}

for (const [settings, headers] of [
  [{ kind: 'api-keys', file: 'none' }, bearer(key)],
  [{ kind: 'basic', file: 'none' }, login('bob', 'open sesame')],
] as const) {
  test(`does not end the process, and lets nobody in, where the store of ${settings.kind} cannot be opened`, async () => {
    const authenticator = createAuthenticator(settings, { ...sources, openStore: never.openStore });
    await new Promise<void>((resolve) => void setImmediate(resolve));
    assert.deepEqual(await ask(authenticator, headers), { code: 'identity_unavailable', challenge: undefined });
  });
}

test('does not end the process where settings that nobody checked are wrong', async () => {
  const authenticator = createAuthenticator({ kind: 'jwt', issuer: 'http://id.example', audience: ['chat'] }, never);
  assert.deepEqual(await ask(authenticator, bearer('a.b.c')), { code: 'identity_unavailable', challenge: undefined });
});
