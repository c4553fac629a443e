import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import type { RelayErrorCode, RelayErrorOptions } from '../errors.ts';
import { anonymous } from './anonymous.ts';
import { anyOf } from './any-of.ts';
import { authenticate } from './authenticate.ts';
import type { Authenticator, CallerRequest, Identification } from './authenticator.ts';
import { basicChallenge, bearerChallenge, invalidTokenChallenge } from './challenges.ts';

function kind(name: string, identification: Identification, challenge?: string): Authenticator {
  return { name, challenge, identify: () => Promise.resolve(identification) };
}

const absent: Identification = { kind: 'absent' };
const alice: Identification = { kind: 'principal', principal: { id: 'alice' } };

function refused(code: RelayErrorCode, options?: RelayErrorOptions): Identification {
  return { kind: 'refused', error: new RelayError(code, options) };
}

const withCredentials = { authorization: 'Bearer abc' };

async function outcome(kinds: readonly Authenticator[], headers: CallerRequest['headers'] = {}): Promise<unknown> {
  try {
    return await authenticate(anyOf(kinds), { method: 'POST', path: '/', headers });
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
    const { code, message, cause, challenge, retryAfterSeconds } = thrown;
    return { code, message, cause, challenge, retryAfterSeconds };
  }
}

test('lets in whom one of them recognizes, whatever the others say', async () => {
  for (const other of [absent, refused('invalid_credentials'), refused('forbidden'), refused('identity_unavailable')]) {
    const others: readonly Authenticator[] = [kind('a', other), kind('b', alice), kind('c', refused('forbidden'))];
    assert.deepEqual(await outcome(others, withCredentials), { id: 'alice' });
  }
});

test('lets in whom one recognizes where another has a bug', async () => {
  const broken: Authenticator = {
    name: 'broken',
    challenge: undefined,
    identify: () => Promise.reject(new Error('x')),
  };
  assert.deepEqual(await outcome([broken, kind('b', alice)], withCredentials), { id: 'alice' });
});

test('takes the first principal, and does not ask the rest', async () => {
  const never: Authenticator = { name: 'never', challenge: undefined, identify: () => assert.fail('it was asked') };
  assert.deepEqual(await outcome([kind('a', alice), never], withCredentials), { id: 'alice' });
});

test('asks who shows nothing for any of the credentials', async () => {
  assert.deepEqual(
    await outcome([kind('a', absent, bearerChallenge), kind('b', absent, basicChallenge), kind('c', absent)]),
    {
      code: 'unauthenticated',
      message: 'credentials are required',
      cause: 'no credentials',
      challenge: 'Bearer realm="agent", Basic realm="agent", charset="UTF-8"',
      retryAfterSeconds: undefined,
    },
  );
});

test('says for each kind what would do, and for the one that refused what was wrong', async () => {
  assert.deepEqual(
    await outcome(
      [
        kind(
          'api-keys',
          refused('invalid_credentials', { cause: 'unknown key', challenge: invalidTokenChallenge }),
          bearerChallenge,
        ),
        kind('basic', absent, basicChallenge),
        kind(
          'jwt',
          refused('invalid_credentials', {
            message: 'the token has expired',
            cause: 'an expired token',
            challenge: invalidTokenChallenge,
          }),
          bearerChallenge,
        ),
      ],
      withCredentials,
    ),
    {
      code: 'invalid_credentials',
      message: 'the token has expired',
      cause: 'api-keys: unknown key; jwt: an expired token',
      challenge: 'Bearer realm="agent", error="invalid_token", Basic realm="agent", charset="UTF-8"',
      retryAfterSeconds: undefined,
    },
  );
});

test('says of several refusals the most telling one', async () => {
  const codes = ['forbidden', 'internal_error', 'identity_unavailable', 'invalid_credentials'] as const;
  for (const [index, code] of codes.entries()) {
    for (const order of [codes.slice(index), codes.slice(index).toReversed()]) {
      const refusal = await outcome(
        order.map((code) => kind(code, refused(code))),
        withCredentials,
      );
      assert.equal((refusal as RelayError).code, code);
    }
  }
});

test('passes on when to try again, and the challenge of who forbids', async () => {
  const forbidding = kind(
    'jwt',
    refused('forbidden', { challenge: 'Bearer error="insufficient_scope"' }),
    bearerChallenge,
  );
  const unavailable = kind('keys', refused('identity_unavailable', { retryAfterSeconds: 5 }), bearerChallenge);
  assert.deepEqual(await outcome([unavailable, kind('x', absent, basicChallenge), forbidding], withCredentials), {
    code: 'forbidden',
    message: 'these credentials do not permit this',
    cause:
      'keys: RelayError: it cannot be found out at the moment who is calling; jwt: RelayError: these credentials do not permit this',
    challenge: 'Bearer error="insufficient_scope"',
    retryAfterSeconds: undefined,
  });
  assert.deepEqual(await outcome([unavailable, kind('x', absent, basicChallenge)], withCredentials), {
    code: 'identity_unavailable',
    message: 'it cannot be found out at the moment who is calling',
    cause: 'keys: RelayError: it cannot be found out at the moment who is calling',
    challenge: undefined,
    retryAfterSeconds: 5,
  });
});

const nobody = { id: 'anonymous', isAnonymous: true };

test('lets in without a name who shows no credentials, wherever anonymous stands', async () => {
  assert.deepEqual(await outcome([kind('a', absent), anonymous()]), nobody);
  assert.deepEqual(await outcome([anonymous(), kind('a', absent)]), nobody);
});

test('takes the first of two who let in without a name', async () => {
  const guest = { id: 'guest', isAnonymous: true };
  const own = kind('own', { kind: 'principal', principal: guest });
  assert.deepEqual(await outcome([own, anonymous()]), guest);
  assert.deepEqual(await outcome([anonymous(), own]), { id: 'anonymous', isAnonymous: true });
});

test('prefers a name to none', async () => {
  assert.deepEqual(await outcome([anonymous(), kind('cookie', alice)]), { id: 'alice' });
});

for (const [name, headers] of [
  ['a bad key', withCredentials],
  ['a scheme that nobody takes', { authorization: 'Negotiate abc' }],
  ['what is malformed', { authorization: 'Bearer ' }],
  ['two kinds at once', { ...withCredentials, 'x-api-key': 'abc' }],
] as const) {
  test(`never lets in without a name who shows ${name}`, async () => {
    for (const identification of [absent, refused('invalid_credentials')]) {
      for (const kinds of [
        [kind('a', identification), anonymous()],
        [anonymous(), kind('a', identification)],
      ]) {
        assert.equal(((await outcome(kinds, headers)) as RelayError).code, 'invalid_credentials');
      }
    }
  });
}

test('never lets in without a name whom another kind refuses without a header, as by a cookie', async () => {
  for (const code of ['forbidden', 'identity_unavailable', 'invalid_credentials'] as const) {
    assert.equal(((await outcome([anonymous(), kind('cookie', refused(code))])) as RelayError).code, code);
  }
});

test('lets in nobody but who is recognized, and nobody without a name who shows anything or is refused', async () => {
  const identifications = [
    absent,
    alice,
    refused('forbidden'),
    refused('identity_unavailable'),
    refused('invalid_credentials'),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...identifications, 'anonymous' as const), { maxLength: 5 }),
      fc.boolean(),
      async (kinds, showsSomething) => {
        const result = await outcome(
          kinds.map((one) => (one === 'anonymous' ? anonymous() : kind('x', one))),
          showsSomething ? withCredentials : {},
        );
        const isRefused = kinds.some((one) => one !== 'anonymous' && one.kind === 'refused');
        const expected = kinds.includes(alice)
          ? { id: 'alice' }
          : kinds.includes('anonymous') && !showsSomething && !isRefused
            ? nobody
            : undefined;
        if (expected === undefined) assert('code' in Object(result));
        else assert.deepEqual(result, expected);
      },
    ),
  );
});
