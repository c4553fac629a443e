import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { RelayError } from '../errors.ts';
import { anonymous } from './anonymous.ts';
import { authenticate } from './authenticate.ts';
import type { Authenticator, CallerRequest, Identification } from './authenticator.ts';

function request(headers: CallerRequest['headers'] = {}): CallerRequest {
  return { method: 'POST', path: '/', headers };
}

function answering(identify: Authenticator['identify'] | Identification, challenge?: string): Authenticator {
  return {
    name: 'scripted',
    challenge,
    identify: typeof identify === 'function' ? identify : () => Promise.resolve(identify),
  };
}

/** Who is let in, or what a viewer or the log may read of the refusal. */
async function refusal(authenticator: Authenticator, headers?: CallerRequest['headers']): Promise<unknown> {
  try {
    return await authenticate(authenticator, request(headers));
  } catch (thrown) {
    if (!(thrown instanceof RelayError)) throw thrown;
    const { code, status, message, cause, challenge, retryAfterSeconds } = thrown;
    return { code, status, message, cause, challenge, retryAfterSeconds };
  }
}

test('gives the principal, and shows the authenticator the request with its credentials', async () => {
  const seen: unknown[] = [];
  const sent = request({ authorization: 'Bearer abc' });
  const principal = await authenticate(
    answering((caller) => {
      seen.push(caller);
      return Promise.resolve({ kind: 'principal', principal: { id: 'alice' } });
    }),
    sent,
  );
  assert.deepEqual(
    [principal, seen],
    [{ id: 'alice' }, [{ request: sent, credentials: { kind: 'bearer', token: 'abc' } }]],
  );
});

for (const [name, headers] of [
  ['nothing', {}],
  ['a dummy key, as OpenAI’s clients send it', { authorization: 'Bearer sk-none' }],
  ['an empty key', { authorization: 'Bearer ' }],
  ['what is malformed', { authorization: '(', 'x-api-key': ',' }],
] as const) {
  test(`lets everybody in who may come without a name, also with ${name}`, async () => {
    assert.deepEqual(await authenticate(anonymous(), request(headers)), { id: 'anonymous', isAnonymous: true });
  });
}

test('shows the authenticator nothing of a request that does not say who is calling', async () => {
  const sent = { ...request(), query: 'prompt=secret', readBody: () => assert.fail('the body was read') };
  await authenticate(
    answering((caller) => {
      assert.deepEqual(caller, { request: request(), credentials: undefined });
      return Promise.resolve({ kind: 'principal', principal: { id: 'alice' } });
    }),
    sent,
  );
});

test('asks who shows nothing for credentials', async () => {
  assert.deepEqual(await refusal(answering({ kind: 'absent' }, 'Bearer realm="agent"')), {
    code: 'unauthenticated',
    status: 401,
    message: 'credentials are required',
    cause: 'no credentials',
    challenge: 'Bearer realm="agent"',
    retryAfterSeconds: undefined,
  });
});

for (const [headers, message, cause] of [
  [
    { authorization: 'Basic YTpi' },
    'the credentials are not valid',
    'credentials of the kind "basic", which is not taken',
  ],
  [
    { authorization: 'Negotiate YTpi' },
    'the credentials are not valid',
    'credentials of the kind "other", which is not taken',
  ],
  [
    { authorization: 'Bearer a', 'x-api-key': 'a' },
    'both "authorization" and "x-api-key" are set, one of them is allowed',
    'both "authorization" and "x-api-key" are set, one of them is allowed',
  ],
] as const) {
  test(`does not let in who shows something that nobody takes: ${cause}`, async () => {
    assert.deepEqual(await refusal(answering({ kind: 'absent' }, 'Bearer realm="agent"'), headers), {
      code: 'invalid_credentials',
      status: 401,
      message,
      cause,
      challenge: 'Bearer realm="agent"',
      retryAfterSeconds: undefined,
    });
  });
}

for (const [error, challenge] of [
  [new RelayError('invalid_credentials', { cause: 'unknown key' }), 'Bearer realm="agent"'],
  [new RelayError('invalid_credentials', { message: 'the token has expired', challenge: 'X' }), 'X'],
  [new RelayError('forbidden'), undefined],
  [new RelayError('forbidden', { challenge: 'X' }), 'X'],
  [new RelayError('identity_unavailable', { retryAfterSeconds: 5, cause: 'outage' }), undefined],
] as const) {
  test(`refuses as the authenticator does, ${error.code} with the challenge ${challenge ?? 'of nobody'}`, async () => {
    const { code, status, message, cause, retryAfterSeconds } = error;
    assert.deepEqual(await refusal(answering({ kind: 'refused', error }, 'Bearer realm="agent"')), {
      code,
      status,
      message,
      cause,
      challenge,
      retryAfterSeconds,
    });
  });
}

for (const [name, identification, cause] of [
  ['nothing', undefined, /^TypeError/u],
  ['true', true, '"scripted" gave what is no identification'],
  ['a kind that does not exist', { kind: 'admin' }, '"scripted" gave what is no identification'],
  ...([undefined, null, {}, { id: '' }, { id: 7 }, { id: '\ud800' }, { id: 'a', isAnonymous: 'no' }] as const).map(
    (principal) =>
      [
        `the principal ${JSON.stringify(principal)}`,
        { kind: 'principal', principal },
        '"scripted" gave a principal whose id is not a string of at least one character',
      ] as const,
  ),
  ['a refusal without an error', { kind: 'refused' }, '"scripted" refused with what is no RelayError'],
] as const) {
  test(`lets nobody in where the authenticator has a bug: it gives ${name}`, async () => {
    const buggy = answering(() => Promise.resolve(identification as never), 'Bearer');
    await assert.rejects(authenticate(buggy, request()), (error) => {
      assert(error instanceof RelayError);
      const { code, message, challenge } = error;
      assert.deepEqual([code, message, challenge], ['internal_error', 'the relay failed', undefined]);
      assert.match(String(error.cause), typeof cause === 'string' ? new RegExp(cause, 'u') : cause);
      return true;
    });
  });
}

test('lets nobody in where the authenticator throws, and hands what it threw to the log', async () => {
  const thrown = new TypeError('x is not a function');
  for (const identify of [
    () => Promise.reject(thrown),
    () => {
      throw thrown;
    },
  ]) {
    assert.equal(((await refusal(answering(identify))) as RelayError).cause, thrown);
  }
});

test('passes on a RelayError that the authenticator throws: it may say that the relay is not configured', async () => {
  const error = new RelayError('internal_error', { message: 'the relay is not configured' });
  await assert.rejects(
    authenticate(
      answering(() => Promise.reject(error)),
      request(),
    ),
    error,
  );
});

for (const [name, headers, secret] of [
  ['a token', { authorization: 'Bearer tok-SENTINEL' }, 'tok-SENTINEL'],
  ['a key', { 'x-api-key': 'key-SENTINEL' }, 'key-SENTINEL'],
  ['a password', { authorization: `Basic ${btoa('alice:pw-SENTINEL')}` }, 'pw-SENTINEL'],
  ['basic credentials', { authorization: `Basic ${btoa('alice:pw-SENTINEL')}` }, btoa('alice:pw-SENTINEL')],
  ['credentials of another scheme', { authorization: 'Token SENTINEL' }, 'SENTINEL'],
] as const) {
  test(`keeps ${name} out of the log where the authenticator’s own error quotes it`, async () => {
    const thrown = new Error('fetch failed', { cause: new Error(`GET https://id.example/?token=${secret} timed out`) });
    const refused = await refusal(
      answering(() => Promise.reject(thrown)),
      headers,
    );
    assert.deepEqual(refused, {
      code: 'internal_error',
      status: 500,
      message: 'the relay failed',
      cause: 'Error: fetch failed; Error: GET https://id.example/?token=[credentials] timed out',
      challenge: undefined,
      retryAfterSeconds: undefined,
    });
    assert(!inspect(refused).includes(secret));
  });
}

test('keeps a password out of the log that is a part of what a refusal says, and all else of the refusal as it is', async () => {
  const error = new RelayError('identity_unavailable', {
    message: 'later',
    cause: 'GET /?p=pw-1 failed',
    retryAfterSeconds: 7,
  });
  const headers = { authorization: `Basic ${btoa('alice:pw-1')}` };
  for (const identify of [() => Promise.reject(error), () => Promise.resolve({ kind: 'refused', error } as const)]) {
    assert.deepEqual(await refusal(answering(identify), headers), {
      code: 'identity_unavailable',
      status: 503,
      message: 'later',
      cause: 'GET /?p=[credentials] failed',
      challenge: undefined,
      retryAfterSeconds: 7,
    });
  }
});

for (const [form, quoted] of [
  ['an address', encodeURIComponent('pä"ß w/1')],
  ['JSON', JSON.stringify('pä"ß w/1').slice(1, -1)],
] as const) {
  test(`keeps a password out of the log also where it is quoted as ${form} has it`, async () => {
    const headers = { authorization: `Basic ${Buffer.from('alice:pä"ß w/1').toString('base64')}` };
    const failing = answering(() => Promise.reject(new Error(`p=${quoted} failed`)));
    assert.equal(((await refusal(failing, headers)) as RelayError).cause, 'Error: p=[credentials] failed');
  });
}

test('keeps credentials out of the log that only the stack of an error quotes', async () => {
  const thrown = new Error('tok-SENTINEL');
  void thrown.stack;
  thrown.message = 'failed';
  const refused = await refusal(
    answering(() => Promise.reject(thrown)),
    { authorization: 'Bearer tok-SENTINEL' },
  );
  assert.equal((refused as RelayError).cause, 'Error: failed');
});
