import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { exportSPKI, importJWK } from 'jose';
import { answerJson, createSigningKey, issuerPaths, signToken, startIssuer } from '../../test/identity/issuer.ts';
import type { Issuer, SigningKey } from '../../test/identity/issuer.ts';
import type { JwtSettings } from '../auth-settings.ts';
import { RelayError } from '../errors.ts';
import { authenticate } from './authenticate.ts';
import { createFetchJson } from './fetch-json.ts';
import { jwt } from './jwt.ts';

/** In seconds since the epoch. */
const startedAt = 1_800_000_000;

interface Rig {
  /** Who is let in with this token, or why nobody is. */
  ask(token: string): Promise<unknown>;
  pass(seconds: number): void;
  /** Waits until nothing is being fetched. */
  settle(): Promise<void>;
  readonly faults: unknown[];
}

function createRig(issuer: Issuer, settings: Partial<JwtSettings> = {}, timeoutMs?: number): Rig {
  let time = startedAt;
  const fetching = new Set<Promise<unknown>>();
  const fetchJson = createFetchJson({ timeoutMs });
  const faults: unknown[] = [];
  const authenticator = jwt(
    { issuer: issuer.url, audience: ['chat'], ...settings },
    {
      now: () => time * 1_000,
      fetchJson(url) {
        const document = fetchJson(url);
        const settled = document.then(
          () => {},
          () => {},
        );
        fetching.add(settled);
        void settled.then(() => fetching.delete(settled));
        return document;
      },
      report: (fault) => faults.push(fault),
    },
  );
  return {
    async ask(token) {
      const headers = { authorization: `Bearer ${token}` };
      try {
        return await authenticate(authenticator, { method: 'POST', path: '/', headers });
      } catch (thrown) {
        if (!(thrown instanceof RelayError)) throw thrown;
        // What a viewer or the log may read holds nothing of the token but the names in it.
        for (const part of token.split('.')) assert(part.length < 8 || !inspect(thrown).includes(part));
        const { code, message, cause, challenge, retryAfterSeconds } = thrown;
        return { code, message, cause, challenge, retryAfterSeconds };
      }
    },
    pass(seconds) {
      time += seconds;
    },
    async settle() {
      do {
        await Promise.all(fetching);
        await new Promise<void>((resolve) => void setImmediate(resolve));
      } while (fetching.size > 0);
    },
    faults,
  };
}

function refusal(cause: string, message = 'the credentials are not valid'): unknown {
  return {
    code: 'invalid_credentials',
    message,
    cause,
    challenge: 'Bearer realm="agent", error="invalid_token"',
    retryAfterSeconds: undefined,
  };
}

function unavailable(cause: string): unknown {
  return {
    code: 'identity_unavailable',
    message: 'it cannot be found out at the moment who is calling',
    cause,
    challenge: undefined,
    retryAfterSeconds: 5,
  };
}

const noKey = refusal('a token that is not good: ERR_JWKS_NO_MATCHING_KEY');
const badSignature = refusal('a token that is not good: ERR_JWS_SIGNATURE_VERIFICATION_FAILED');

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

function goodClaims(of: Issuer = issuer): Readonly<Record<string, unknown>> {
  return { iss: of.url, sub: 'alice', aud: 'chat', iat: startedAt, exp: startedAt + 3_600 };
}

function principal(of: Issuer = issuer): unknown {
  return { id: `jwt:${of.url}#alice` };
}

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']) {
  test(`lets in who has a token signed with ${alg}`, async () => {
    const own = await createSigningKey('own', alg);
    await using issuer = await startIssuer(key, own);
    assert.deepEqual(await createRig(issuer).ask(await signToken(own, goodClaims(issuer))), principal(issuer));
  });
}

for (const alg of ['RS384', 'RS512', 'PS384', 'PS512', 'ES512', 'Ed25519'] as const) {
  test(`takes ${alg} where the settings name it, and not otherwise`, async () => {
    const own = await createSigningKey('own', alg);
    await using issuer = await startIssuer(own);
    const token = await signToken(own, goodClaims(issuer));
    assert.deepEqual(await createRig(issuer).ask(token), refusal('a token with an algorithm that is not taken'));
    assert.deepEqual(await createRig(issuer, { algorithms: [alg] }).ask(token), principal(issuer));
  });
}

test('finds the keys by discovery, or where the settings say', async () => {
  await using issuer = await startIssuer(key);
  const token = await signToken(key, goodClaims(issuer));
  await createRig(issuer).ask(token);
  assert.deepEqual(issuer.requests.splice(0), [issuerPaths.discovery, issuerPaths.keys]);
  const direct = createRig(issuer, { jwksUri: `${issuer.url}${issuerPaths.keys}` });
  assert.deepEqual(await direct.ask(token), principal(issuer));
  assert.deepEqual(issuer.requests, [issuerPaths.keys]);
});

test('finds the discovery document of an issuer with a path, and with a slash at its end', async () => {
  for (const path of ['/tenant', '/tenant/']) {
    await using issuer = await startIssuer(key);
    const iss = `${issuer.url}${path}`;
    issuer.answers.set(
      `/tenant${issuerPaths.discovery}`,
      answerJson({ issuer: iss, jwks_uri: `${issuer.url}${issuerPaths.keys}` }),
    );
    const token = await signToken(key, { ...goodClaims(issuer), iss });
    assert.deepEqual(await createRig(issuer, { issuer: iss }).ask(token), { id: `jwt:${iss}#alice` });
  }
});

test('takes an access token of Amazon Cognito, which has a client_id and no audience', async () => {
  const claims = { ...goodClaims(), aud: undefined, client_id: 'chat', token_use: 'access' };
  const rig = createRig(issuer, { tokenUse: 'access' });
  assert.deepEqual(await rig.ask(await signToken(rsaKey, claims)), principal());
  const idToken = await signToken(rsaKey, { ...goodClaims(), token_use: 'id' });
  assert.deepEqual(await rig.ask(idToken), refusal('a token with another use'));
});

test('takes a token without the name of a key where only one fits', async () => {
  assert.deepEqual(await createRig(issuer).ask(await signToken(key, goodClaims(), { kid: undefined })), principal());
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
    const token = await signToken(key, { ...goodClaims(), ...claims });
    assert.deepEqual(await createRig(issuer).ask(token), refused);
  });
}

test('refuses the issuer with a slash more or less: it is another one', async () => {
  const token = await signToken(key, { ...goodClaims(), iss: `${issuer.url}/` });
  assert.deepEqual(
    await createRig(issuer).ask(token),
    refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "iss"'),
  );
});

test('allows as much for the issuer’s clock as the settings say', async () => {
  const early = await signToken(key, { ...goodClaims(), iat: startedAt + 30, nbf: startedAt + 30 });
  const late = await signToken(key, { ...goodClaims(), exp: startedAt - 29 });
  const rig = createRig(issuer);
  assert.deepEqual([await rig.ask(early), await rig.ask(late)], [principal(), principal()]);
  const strict = createRig(issuer, { clockToleranceSeconds: 0 });
  assert.deepEqual(
    [await strict.ask(early), await strict.ask(late)],
    [
      refusal('a token that is not good: ERR_JWT_CLAIM_VALIDATION_FAILED of "nbf"'),
      refusal('an expired token', 'the token has expired'),
    ],
  );
});

test('does not say that a token has expired whose signature is not good', async () => {
  const token = await signToken(stranger, { ...goodClaims(), exp: startedAt - 3_600 });
  assert.deepEqual(await createRig(issuer).ask(token), badSignature);
});

test('gives two issuers’ and two subjects’ principals ids of their own', async () => {
  const ids = await Promise.all(
    ['a', 'a#b', '#a', ' a', 'A', '😀'].map(async (sub) =>
      createRig(issuer).ask(await signToken(key, { ...goodClaims(), sub })),
    ),
  );
  assert.deepEqual(
    ids,
    ['a', 'a#b', '#a', ' a', 'A', '😀'].map((sub) => ({ id: `jwt:${issuer.url}#${sub}` })),
  );
});

test('refuses a subject of which two would be written alike', async () => {
  // JSON has it as an escape, so that the bytes of the token are well-formed.
  const claims = { ...goodClaims(), sub: '\ud800' };
  assert.deepEqual(await createRig(issuer).ask(await signToken(key, claims)), refusal('a token with no subject'));
});

test('forbids a token without a scope that is needed, and names the scopes', async () => {
  const rig = createRig(issuer, { scopes: ['agent/chat', 'openid'] });
  assert.deepEqual(await rig.ask(await signToken(key, { ...goodClaims(), scope: 'openid agent/chat' })), principal());
  assert.deepEqual(await rig.ask(await signToken(key, { ...goodClaims(), scope: 'openid' })), {
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
    const token = `${encode({ alg, typ: 'JWT' })}.${encode(goodClaims())}.`;
    // What it is depends on its signature: with an empty one it is no bearer token of RFC 6750 at all.
    assert.equal(((await createRig(issuer).ask(token)) as RelayError).code, 'invalid_credentials');
    assert.deepEqual(await createRig(issuer).ask(`${token}AAAA`), anAlgorithm);
  });
}

test('refuses a token with HMAC whose secret is the public key, in any of its forms', async () => {
  const publicKey = await importJWK(rsaKey.jwk, 'RS256', { extractable: true });
  const pem = publicKey instanceof Uint8Array ? assert.fail('it is no public key') : await exportSPKI(publicKey);
  const secrets = [pem, pem.trimEnd(), JSON.stringify(rsaKey.jwk), Buffer.from(rsaKey.jwk.n ?? '', 'base64url')];
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    for (const secret of secrets) {
      const signed = `${encode({ alg, kid: 'rsa' })}.${encode(goodClaims())}`;
      const mac = createHmac(`sha${alg.slice(2)}`, secret)
        .update(signed)
        .digest('base64url');
      assert.deepEqual(await createRig(issuer).ask(`${signed}.${mac}`), anAlgorithm);
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
  assert.deepEqual(await createRig(issuer).ask(`${signed}.${mac}`), anAlgorithm);
});

test('refuses a token of one key under the name of another kind of key', async () => {
  const token = await signToken(key, goodClaims(), { kid: 'rsa' });
  assert.deepEqual(await createRig(issuer).ask(token), noKey);
});

test('refuses a token of a stranger under the name of a known key', async () => {
  assert.deepEqual(await createRig(issuer).ask(await signToken(stranger, goodClaims())), badSignature);
});

test('refuses a token that brings its own key or says where one is, and gets nothing from there', async () => {
  await using evil = await startIssuer(stranger);
  const claims = goodClaims();
  for (const header of [
    { jwk: stranger.jwk },
    { jku: `${evil.url}${issuerPaths.keys}` },
    { x5u: `${evil.url}${issuerPaths.keys}` },
    { x5c: ['MIIB'] },
  ]) {
    const expected = refusal(`a token with a header "${Object.keys(header)[0]}"`);
    assert.deepEqual(await createRig(issuer).ask(await signToken(stranger, claims, header)), expected);
    // Even of the issuer itself: nobody needs it, and it would be one more way to be wrong.
    assert.deepEqual(await createRig(issuer).ask(await signToken(key, claims, header)), expected);
  }
  assert.deepEqual(evil.requests, []);
});

test('refuses a header that must be understood', async () => {
  const [, payload, signature] = (await signToken(key, goodClaims())).split('.');
  for (const header of [{ crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: false }, { crit: [] }]) {
    const token = `${encode({ alg: 'ES256', kid: 'one', ...header })}.${payload}.${signature}`;
    assert.deepEqual(await createRig(issuer).ask(token), refusal('a token with a header "crit"'));
  }
});

test('refuses a token whose claims or header were changed after it was signed', async () => {
  const [header = '', payload = '', signature = ''] = (await signToken(key, goodClaims())).split('.');
  const rig = createRig(issuer);
  assert.deepEqual(await rig.ask(`${header}.${encode({ ...goodClaims(), sub: 'admin' })}.${signature}`), badSignature);
  assert.deepEqual(
    await rig.ask(`${encode({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${payload}.${signature}`),
    badSignature,
  );
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  assert.deepEqual(await rig.ask(`${header}.${payload}.${flipped}`), badSignature);
});

test('refuses what is no signed token', async () => {
  const rig = createRig(issuer);
  const token = await signToken(key, goodClaims());
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
    const refused = await createRig(issuer).ask(token);
    assert.deepEqual(refused, refusal('a token that is not good: ERR_JWT_INVALID'));
  }
});

test('refuses a token with members that are only inherited, or that try to be', async () => {
  const payload = { ...goodClaims(), sub: undefined, ['__proto__']: { sub: 'admin' } };
  const token = await signToken(key, JSON.parse(JSON.stringify(payload)) as typeof payload);
  assert.equal(((await createRig(issuer).ask(token)) as RelayError).code, 'invalid_credentials');
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
  const refused = (await createRig(issuer).ask(
    `${signed}.${Buffer.from(signature).toString('base64url')}`,
  )) as RelayError;
  assert.equal(refused.code, 'invalid_credentials');
  assert.match(String(refused.cause), /^a token whose key cannot be used: TypeError: .*2048/u);
});

test('takes no secret that the issuer published by mistake for a key', async () => {
  await using issuer = await startIssuer(key);
  const { exportJWK } = await import('jose');
  issuer.answers.set(issuerPaths.keys, answerJson({ keys: [{ ...(await exportJWK(key.privateKey)), kid: 'one' }] }));
  const refused = await createRig(issuer).ask(await signToken(key, goodClaims(issuer)));
  assert.deepEqual(refused, refusal('a token that is not good: ERR_JWKS_INVALID'));
});

test('leaves other credentials to others', async () => {
  const authenticator = jwt({ issuer: issuer.url, audience: ['chat'] });
  for (const headers of [{ authorization: 'Basic YTpi' }, { 'x-api-key': await signToken(key, goodClaims()) }, {}]) {
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

test('gets the keys before the first request, and not again for ten minutes', async () => {
  await using issuer = await startIssuer(key);
  const rig = createRig(issuer);
  await rig.settle();
  assert.deepEqual(issuer.requests, [issuerPaths.discovery, issuerPaths.keys]);
  const token = await signToken(key, goodClaims(issuer));
  await rig.ask(token);
  rig.pass(599);
  await rig.ask(token);
  assert.equal(issuer.requests.length, 2);
  rig.pass(1);
  await rig.ask(token);
  await rig.settle();
  assert.equal(issuer.requests.length, 4);
});

test('takes a token of a new key at once, and asks for new keys every thirty seconds at most', async () => {
  await using issuer = await startIssuer(key);
  const rig = createRig(issuer);
  const next = await createSigningKey('two');
  const tokens = await Promise.all([signToken(key, goodClaims(issuer)), signToken(next, goodClaims(issuer))]);
  const [old, fresh] = tokens;
  assert.deepEqual(await rig.ask(old), principal(issuer));
  issuer.publish(key, next);
  rig.pass(29);
  assert.deepEqual([await rig.ask(fresh), issuer.requests.length], [noKey, 2]);
  rig.pass(1);
  assert.deepEqual([await rig.ask(fresh), await rig.ask(old)], [principal(issuer), principal(issuer)]);
  assert.equal(issuer.requests.length, 4);
  for (let kid = 0; kid < 20; kid += 1) {
    assert.deepEqual(await rig.ask(await signToken(stranger, goodClaims(issuer), { kid: `${kid}` })), noKey);
  }
  assert.equal(issuer.requests.length, 4);
});

test('takes no token of a key that was withdrawn, when it has heard of it', async () => {
  await using issuer = await startIssuer(key);
  const rig = createRig(issuer);
  const token = await signToken(key, { ...goodClaims(issuer), exp: startedAt + 86_400 });
  await rig.ask(token);
  issuer.publish(stranger);
  rig.pass(3_600);
  assert.deepEqual(await rig.ask(token), badSignature);
});

test('gets new keys where the issuer has one without a name and has replaced it', async () => {
  const nameless = async () => {
    const made = await createSigningKey('');
    const { kid: _kid, ...jwk } = made.jwk;
    return { ...made, jwk };
  };
  const [first, second] = await Promise.all([nameless(), nameless()]);
  await using issuer = await startIssuer(first);
  const rig = createRig(issuer);
  await rig.ask(await signToken(first, goodClaims(issuer), { kid: undefined }));
  issuer.publish(second);
  rig.pass(30);
  const token = await signToken(second, goodClaims(issuer), { kid: undefined });
  assert.deepEqual(await rig.ask(token), principal(issuer));
});

for (const [name, breakIt] of [
  [
    'answers with 500',
    (issuer) => issuer.answers.set(issuerPaths.keys, (_request, response) => response.writeHead(500).end()),
  ],
  [
    'answers discovery with 500',
    (issuer) => issuer.answers.set(issuerPaths.discovery, (_request, response) => response.writeHead(500).end()),
  ],
  ['hangs', (issuer) => issuer.answers.set(issuerPaths.keys, () => {})],
  [
    'cuts the connection',
    (issuer) => issuer.answers.set(issuerPaths.keys, (_request, response) => void response.socket?.destroy()),
  ],
  [
    'answers without end',
    (issuer) =>
      issuer.answers.set(issuerPaths.keys, (_request, response) => {
        const write = () => {
          while (response.write('a'.repeat(10_000)));
        };
        response.on('drain', write);
        write();
      }),
  ],
  [
    'redirects to other keys',
    (issuer) => {
      issuer.answers.set(issuerPaths.keys, (_request, response) =>
        response.writeHead(302, { location: '/evil' }).end(),
      );
      issuer.answers.set('/evil', answerJson({ keys: [stranger.jwk] }));
    },
  ],
  [
    'says it is another issuer',
    (issuer) =>
      issuer.answers.set(
        issuerPaths.discovery,
        answerJson({ issuer: 'https://evil.example', jwks_uri: `${issuer.url}/keys` }),
      ),
  ],
  [
    'names keys without https elsewhere',
    (issuer) =>
      issuer.answers.set(
        issuerPaths.discovery,
        answerJson({ issuer: issuer.url, jwks_uri: 'http://evil.example/keys' }),
      ),
  ],
  [
    'has no address of its keys',
    (issuer) => issuer.answers.set(issuerPaths.discovery, answerJson({ issuer: issuer.url })),
  ],
  ['has no keys', (issuer) => issuer.answers.set(issuerPaths.keys, answerJson({ keys: [] }))],
  [
    'has only secrets',
    (issuer) => issuer.answers.set(issuerPaths.keys, answerJson({ keys: [{ kty: 'oct', k: 'AAAA' }] })),
  ],
  [
    'has more keys than anybody needs',
    (issuer) => issuer.answers.set(issuerPaths.keys, answerJson({ keys: Array.from({ length: 101 }, () => key.jwk) })),
  ],
  ['has no list of keys', (issuer) => issuer.answers.set(issuerPaths.keys, answerJson({ keys: { 0: key.jwk } }))],
  ['has no JSON', (issuer) => issuer.answers.set(issuerPaths.keys, (_request, response) => response.end('<html>'))],
] as const satisfies readonly (readonly [string, (issuer: Issuer) => unknown])[]) {
  test(`neither locks out a known key nor lets anybody in where the issuer ${name}`, async () => {
    await using issuer = await startIssuer(key);
    const good = { ...goodClaims(issuer), exp: startedAt + 1_000_000 };
    const [known, forged, next] = await Promise.all([
      signToken(key, good),
      signToken(stranger, good),
      signToken(stranger, good, { kid: 'two' }),
    ]);
    const rig = createRig(issuer, {}, 1_000);
    assert.deepEqual(await rig.ask(known), principal(issuer));
    breakIt(issuer);
    rig.pass(86_399);
    assert.deepEqual([await rig.ask(known), await rig.ask(forged)], [principal(issuer), badSignature]);
    assert.equal(((await rig.ask(next)) as RelayError).code, 'identity_unavailable');
    assert.equal(rig.faults.length, 1);
    rig.pass(2);
    const gone = (await rig.ask(known)) as RelayError;
    assert.equal(gone.code, 'identity_unavailable');
    assert.match(String(gone.cause), /^the keys of http:\S+ cannot be had: /u);
  });

  test(`lets nobody in where the issuer ${name} from the beginning, and everybody when it has recovered`, async () => {
    await using issuer = await startIssuer(key);
    breakIt(issuer);
    const rig = createRig(issuer, {}, 1_000);
    const token = await signToken(key, goodClaims(issuer));
    const refused = (await rig.ask(token)) as RelayError;
    assert.deepEqual(refused, unavailable(String(refused.cause)));
    issuer.answers.set(issuerPaths.discovery, answerJson({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }));
    issuer.publish(key);
    rig.pass(2);
    assert.deepEqual(await rig.ask(token), principal(issuer));
  });
}

test('lets in with known keys at once while new ones are on their way', async () => {
  await using issuer = await startIssuer(key);
  const rig = createRig(issuer);
  const token = await signToken(key, { ...goodClaims(issuer), exp: startedAt + 86_400 });
  await rig.ask(token);
  const asked = Promise.withResolvers<() => void>();
  issuer.answers.set(issuerPaths.keys, (request, response) => {
    asked.resolve(() => answerJson({ keys: [stranger.jwk] })(request, response));
  });
  rig.pass(3_599);
  assert.deepEqual(await rig.ask(token), principal(issuer));
  (await asked.promise)();
  await rig.settle();
  assert.deepEqual(await rig.ask(token), badSignature);
});

test('does not let an issuer on the internet send the relay to an address on this machine', async () => {
  const asked: string[] = [];
  const authenticator = jwt(
    { issuer: 'https://id.example', audience: ['chat'] },
    {
      fetchJson(url) {
        asked.push(url);
        return Promise.resolve({
          issuer: 'https://id.example',
          jwks_uri: 'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
        });
      },
    },
  );
  const headers = { authorization: `Bearer ${await signToken(key, goodClaims())}` };
  await assert.rejects(authenticate(authenticator, { method: 'POST', path: '/', headers }), {
    code: 'identity_unavailable',
    cause:
      'the keys of https://id.example cannot be had: Error: the "jwks_uri" of its discovery document is not an https URL',
  });
  assert.deepEqual(asked, ['https://id.example/.well-known/openid-configuration']);
});
