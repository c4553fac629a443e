import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { exportSPKI, importJWK } from 'jose';
import { answerJson, createSigningKey, issuerPaths, signToken, startIssuer } from '../../test/identity/issuer.ts';
import type { Issuer, SigningKey } from '../../test/identity/issuer.ts';
import {
  badSignature,
  createTokenCaller,
  goodClaims,
  noKey,
  principal,
  refusal,
  startedAt,
} from '../../test/identity/token-caller.ts';
import type { RelayError } from '../errors.ts';
import { authenticate } from './authenticate.ts';
import { jwt } from './jwt.ts';

let key: SigningKey;
let rsaKey: SigningKey;
let stranger: SigningKey;
/** An issuer whose keys do not change. */
let issuer: Issuer;

before(async () => {
  [key, rsaKey, stranger] = await Promise.all([
    createSigningKey('one'),
    createSigningKey('rsa', 'RS256'),
    createSigningKey('one'),
  ]);
  issuer = await startIssuer(key, rsaKey);
});

after(async () => {
  await issuer[Symbol.asyncDispose]();
});

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']) {
  test(`lets in who has a token signed with ${alg}`, async () => {
    const own = await createSigningKey('own', alg);
    await using issuer = await startIssuer(key, own);
    assert.deepEqual(await createTokenCaller(issuer).ask(await signToken(own, goodClaims(issuer))), principal(issuer));
  });
}

for (const alg of ['RS384', 'RS512', 'PS384', 'PS512', 'ES512', 'Ed25519'] as const) {
  test(`takes ${alg} where the settings name it, and not otherwise`, async () => {
    const own = await createSigningKey('own', alg);
    await using issuer = await startIssuer(own);
    const token = await signToken(own, goodClaims(issuer));
    assert.deepEqual(
      await createTokenCaller(issuer).ask(token),
      refusal('a token with an algorithm that is not taken'),
    );
    assert.deepEqual(await createTokenCaller(issuer, { algorithms: [alg] }).ask(token), principal(issuer));
  });
}

test('takes an access token of Amazon Cognito, which has a client_id and no audience', async () => {
  const claims = { ...goodClaims(issuer), aud: undefined, client_id: 'chat', token_use: 'access' };
  const rig = createTokenCaller(issuer, { tokenUse: 'access' });
  assert.deepEqual(await rig.ask(await signToken(rsaKey, claims)), principal(issuer));
  const idToken = await signToken(rsaKey, { ...goodClaims(issuer), token_use: 'id' });
  assert.deepEqual(await rig.ask(idToken), refusal('a token with another use'));
});

test('takes a token without the name of a key where only one fits', async () => {
  assert.deepEqual(
    await createTokenCaller(issuer).ask(await signToken(key, goodClaims(issuer), { kid: undefined })),
    principal(issuer),
  );
});

for (const [name, claims, refused] of [
  ['a token that has expired', { exp: startedAt - 30 }, refusal('an expired token', 'the token has expired')],
  [
    'a token without an end',
    { exp: undefined },
    refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "exp"'),
  ],
  [
    'an end that is text',
    { exp: '9999999999' as never },
    refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "exp"'),
  ],
  [
    'a token that is not valid yet',
    { nbf: startedAt + 31 },
    refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "nbf"'),
  ],
  ['a token of the future', { iat: startedAt + 31 }, refusal('a token with an issue in the future')],
  [
    'a token without a subject',
    { sub: undefined },
    refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "sub"'),
  ],
  ['a token with an empty subject', { sub: '' }, refusal('a token with no subject')],
  [
    'another issuer',
    { iss: 'https://evil.example' },
    refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "iss"'),
  ],
  ['no issuer', { iss: undefined }, refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "iss"')],
  [
    'a list of issuers',
    { iss: ['x'] as never },
    refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "iss"'),
  ],
  ['another audience', { aud: 'other' }, refusal('a token with another audience')],
  ['no audience', { aud: undefined }, refusal('a token with another audience')],
  [
    'a token that is bound to a key',
    { cnf: { jkt: 'abc' } },
    refusal('a token with a confirmation key, of which a bearer gives no proof'),
  ],
] as const) {
  test(`refuses ${name}`, async () => {
    const token = await signToken(key, { ...goodClaims(issuer), ...claims });
    assert.deepEqual(await createTokenCaller(issuer).ask(token), refused);
  });
}

test('refuses the issuer with a slash more or less: it is another one', async () => {
  const token = await signToken(key, { ...goodClaims(issuer), iss: `${issuer.url}/` });
  assert.deepEqual(
    await createTokenCaller(issuer).ask(token),
    refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "iss"'),
  );
});

test('allows as much for the issuer’s clock as the settings say', async () => {
  const early = await signToken(key, { ...goodClaims(issuer), iat: startedAt + 30, nbf: startedAt + 30 });
  const late = await signToken(key, { ...goodClaims(issuer), exp: startedAt - 29 });
  const rig = createTokenCaller(issuer);
  assert.deepEqual([await rig.ask(early), await rig.ask(late)], [principal(issuer), principal(issuer)]);
  const strict = createTokenCaller(issuer, { clockToleranceSeconds: 0 });
  assert.deepEqual(
    [await strict.ask(early), await strict.ask(late)],
    [
      refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "nbf"'),
      refusal('an expired token', 'the token has expired'),
    ],
  );
});

test('does not say that a token has expired whose signature is not good', async () => {
  const token = await signToken(stranger, { ...goodClaims(issuer), exp: startedAt - 3_600 });
  assert.deepEqual(await createTokenCaller(issuer).ask(token), badSignature);
});

test('gives two issuers’ and two subjects’ principals ids of their own', async () => {
  const ids = await Promise.all(
    ['a', 'a#b', '#a', ' a', 'A', '😀'].map(async (sub) =>
      createTokenCaller(issuer).ask(await signToken(key, { ...goodClaims(issuer), sub })),
    ),
  );
  assert.deepEqual(
    ids,
    ['a', 'a#b', '#a', ' a', 'A', '😀'].map((sub) => ({ id: `jwt:${issuer.url}#${sub}` })),
  );
});

test('refuses a subject of which two would be written alike', async () => {
  // JSON has it as an escape, so that the bytes of the token are well-formed.
  const claims = { ...goodClaims(issuer), sub: '\ud800' };
  assert.deepEqual(
    await createTokenCaller(issuer).ask(await signToken(key, claims)),
    refusal('a token with no subject'),
  );
});

test('forbids a token without a scope that is needed, and names the scopes', async () => {
  const rig = createTokenCaller(issuer, { scopes: ['agent/chat', 'openid'] });
  assert.deepEqual(
    await rig.ask(await signToken(key, { ...goodClaims(issuer), scope: 'openid agent/chat' })),
    principal(issuer),
  );
  assert.deepEqual(await rig.ask(await signToken(key, { ...goodClaims(issuer), scope: 'openid' })), {
    code: 'forbidden',
    message: 'the token lacks a scope that is needed here',
    cause: 'a token without a scope that is needed',
    challenge: 'Bearer realm="agent", error="insufficient_scope", scope="agent/chat openid"',
    retryAfterSeconds: undefined,
  });
});

const anAlgorithm = refusal('a token with an algorithm that is not taken');

for (const alg of ['none', 'None', 'nOnE', 'NONE', '']) {
  test(`refuses a token without a signature, alg "${alg}"`, async () => {
    const token = `${encode({ alg, typ: 'JWT' })}.${encode(goodClaims(issuer))}.`;
    // What it is depends on its signature: with an empty one it is no bearer token of RFC 6750 at all.
    assert.equal(((await createTokenCaller(issuer).ask(token)) as RelayError).code, 'invalid_credentials');
    assert.deepEqual(await createTokenCaller(issuer).ask(`${token}AAAA`), anAlgorithm);
  });
}

test('refuses a token with HMAC whose secret is the public key, in any of its forms', async () => {
  const publicKey = await importJWK(rsaKey.jwk, 'RS256', { extractable: true });
  const pem = publicKey instanceof Uint8Array ? assert.fail('it is no public key') : await exportSPKI(publicKey);
  const secrets = [pem, pem.trimEnd(), JSON.stringify(rsaKey.jwk), Buffer.from(rsaKey.jwk.n ?? '', 'base64url')];
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    for (const secret of secrets) {
      const signed = `${encode({ alg, kid: 'rsa' })}.${encode(goodClaims(issuer))}`;
      const mac = createHmac(`sha${alg.slice(2)}`, secret)
        .update(signed)
        .digest('base64url');
      assert.deepEqual(await createTokenCaller(issuer).ask(`${signed}.${mac}`), anAlgorithm);
    }
  }
});

test('refuses HMAC also where the key set has a shared secret in it', async () => {
  await using issuer = await startIssuer(key);
  const secret = Buffer.alloc(32, 7);
  issuer.answers.set(
    issuerPaths.keys,
    answerJson({ keys: [key.jwk, { kty: 'oct', kid: 'shared', alg: 'HS256', k: secret.toString('base64url') }] }),
  );
  const signed = `${encode({ alg: 'HS256', kid: 'shared' })}.${encode(goodClaims(issuer))}`;
  const mac = createHmac('sha256', secret).update(signed).digest('base64url');
  assert.deepEqual(await createTokenCaller(issuer).ask(`${signed}.${mac}`), anAlgorithm);
});

test('refuses a token of one key under the name of another kind of key', async () => {
  const token = await signToken(key, goodClaims(issuer), { kid: 'rsa' });
  assert.deepEqual(await createTokenCaller(issuer).ask(token), noKey);
});

test('refuses a token of a stranger under the name of a known key', async () => {
  assert.deepEqual(await createTokenCaller(issuer).ask(await signToken(stranger, goodClaims(issuer))), badSignature);
});

test('refuses a token that brings its own key or says where one is, and gets nothing from there', async () => {
  await using evil = await startIssuer(stranger);
  const claims = goodClaims(issuer);
  for (const header of [
    { jwk: stranger.jwk },
    { jku: `${evil.url}${issuerPaths.keys}` },
    { x5u: `${evil.url}${issuerPaths.keys}` },
    { x5c: ['MIIB'] },
  ]) {
    const expected = refusal(`a token with a header "${Object.keys(header)[0]}"`);
    assert.deepEqual(await createTokenCaller(issuer).ask(await signToken(stranger, claims, header)), expected);
    // Even of the issuer itself: nobody needs it, and it would be one more way to be wrong.
    assert.deepEqual(await createTokenCaller(issuer).ask(await signToken(key, claims, header)), expected);
  }
  assert.deepEqual(evil.requests, []);
});

test('refuses a header that must be understood', async () => {
  const [, payload, signature] = (await signToken(key, goodClaims(issuer))).split('.');
  for (const header of [{ crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: false }, { crit: [] }]) {
    const token = `${encode({ alg: 'ES256', kid: 'one', ...header })}.${payload}.${signature}`;
    assert.deepEqual(await createTokenCaller(issuer).ask(token), refusal('a token with a header "crit"'));
  }
});

test('refuses a token whose claims or header were changed after it was signed', async () => {
  const [header = '', payload = '', signature = ''] = (await signToken(key, goodClaims(issuer))).split('.');
  const rig = createTokenCaller(issuer);
  assert.deepEqual(
    await rig.ask(`${header}.${encode({ ...goodClaims(issuer), sub: 'admin' })}.${signature}`),
    badSignature,
  );
  assert.deepEqual(
    await rig.ask(`${encode({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${payload}.${signature}`),
    badSignature,
  );
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  assert.deepEqual(await rig.ask(`${header}.${payload}.${flipped}`), badSignature);
});

test('refuses what is no signed token', async () => {
  const rig = createTokenCaller(issuer);
  const token = await signToken(key, goodClaims(issuer));
  for (const none of [
    'relay_abc',
    'a.b',
    'a.b.c',
    `${token}.`,
    `${token}.a.b`,
    `.${token}`,
    `..a`,
    `W10.${token.split('.')[1]}.a`,
  ]) {
    assert.deepEqual(await rig.ask(none), refusal('what is no signed JWT'), none);
  }
});

test('refuses claims that are no JSON object, and does not tell the log what they are', async () => {
  const own = await createSigningKey('one');
  await using issuer = await startIssuer(own);
  const { CompactSign } = await import('jose');
  for (const payload of ['SENTINEL', '[]', '"SENTINEL"', '{"SENTINEL":']) {
    const token = await new CompactSign(Buffer.from(payload))
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(own.privateKey);
    const refused = await createTokenCaller(issuer).ask(token);
    assert.deepEqual(refused, refusal('a token that is not good: ERR_JWT_INVALID'));
  }
});

test('refuses a token with members that are only inherited, or that try to be', async () => {
  const payload = { ...goodClaims(issuer), sub: undefined, ['__proto__']: { sub: 'admin' } };
  const token = await signToken(key, JSON.parse(JSON.stringify(payload)) as typeof payload);
  assert.equal(((await createTokenCaller(issuer).ask(token)) as RelayError).code, 'invalid_credentials');
});

test('refuses a key that is too short, and tells the log so', async () => {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1_024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    true,
    ['sign', 'verify'],
  );
  await using issuer = await startIssuer();
  const jwk = { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: 'short' };
  issuer.answers.set(issuerPaths.keys, answerJson({ keys: [jwk] }));
  const signed = `${encode({ alg: 'RS256', kid: 'short' })}.${encode(goodClaims(issuer))}`;
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', privateKey, Buffer.from(signed));
  const refused = (await createTokenCaller(issuer).ask(
    `${signed}.${Buffer.from(signature).toString('base64url')}`,
  )) as RelayError;
  assert.equal(refused.code, 'invalid_credentials');
  assert.match(String(refused.cause), /^a token whose key cannot be used: TypeError: .*2048/u);
});

test('takes no secret that the issuer published by mistake for a key', async () => {
  await using issuer = await startIssuer(key);
  const { exportJWK } = await import('jose');
  issuer.answers.set(issuerPaths.keys, answerJson({ keys: [{ ...(await exportJWK(key.privateKey)), kid: 'one' }] }));
  const refused = await createTokenCaller(issuer).ask(await signToken(key, goodClaims(issuer)));
  assert.deepEqual(refused, refusal('a token that is not good: ERR_JWKS_INVALID'));
});

test('leaves other credentials to others', async () => {
  const authenticator = jwt({ issuer: issuer.url, audience: ['chat'] });
  for (const headers of [
    { authorization: 'Basic YTpi' },
    { 'x-api-key': await signToken(key, goodClaims(issuer)) },
    {},
  ]) {
    await assert.rejects(authenticate(authenticator, { method: 'POST', path: '/', headers }), {
      status: 401,
      challenge: 'Bearer realm="agent"',
    });
  }
});

test('takes no settings by which tokens for others would do', () => {
  for (const settings of [
    { audience: [] },
    { audience: ['chat'], algorithms: ['HS256' as never] },
    { audience: ['chat'], scopes: ['"'] },
  ]) {
    assert.throws(() => jwt({ issuer: 'https://id.example', ...settings }), { code: 'internal_error' });
  }
});
