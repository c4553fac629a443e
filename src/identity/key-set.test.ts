import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { answerJson, createSigningKey, issuerPaths, signToken, startIssuer } from '../../test/identity/issuer.ts';
import type { Issuer, SigningKey } from '../../test/identity/issuer.ts';
import {
  badSignature,
  createTokenCaller,
  goodClaims,
  noKey,
  principal,
  startedAt,
  unavailable,
} from '../../test/identity/token-caller.ts';
import type { RelayError } from '../errors.ts';
import { authenticate } from './authenticate.ts';
import { jwt } from './jwt.ts';

let key: SigningKey;
/** Has the name of the issuer's key. */
let stranger: SigningKey;

before(async () => {
  [key, stranger] = await Promise.all([createSigningKey('one'), createSigningKey('one')]);
});

test('finds the keys by discovery, or where the settings say', async () => {
  await using issuer = await startIssuer(key);
  const token = await signToken(key, goodClaims(issuer));
  await createTokenCaller(issuer).ask(token);
  assert.deepEqual(issuer.requests.splice(0), [issuerPaths.discovery, issuerPaths.keys]);
  const direct = createTokenCaller(issuer, { jwksUri: `${issuer.url}${issuerPaths.keys}` });
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
    assert.deepEqual(await createTokenCaller(issuer, { issuer: iss }).ask(token), { id: `jwt:${iss}#alice` });
  }
});

test('gets the keys before the first request, and not again for ten minutes', async () => {
  await using issuer = await startIssuer(key);
  const rig = createTokenCaller(issuer);
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
  const rig = createTokenCaller(issuer);
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
  const rig = createTokenCaller(issuer);
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
  const rig = createTokenCaller(issuer);
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
    const rig = createTokenCaller(issuer, {}, 1_000);
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
    const rig = createTokenCaller(issuer, {}, 1_000);
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
  const rig = createTokenCaller(issuer);
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
  const headers = { authorization: `Bearer ${await signToken(key, { sub: 'alice' })}` };
  await assert.rejects(authenticate(authenticator, { method: 'POST', path: '/', headers }), {
    code: 'identity_unavailable',
    cause:
      'the keys of https://id.example cannot be had: Error: the "jwks_uri" of its discovery document is not an https URL',
  });
  assert.deepEqual(asked, ['https://id.example/.well-known/openid-configuration']);
});
