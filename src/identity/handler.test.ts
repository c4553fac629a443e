import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { RelayError } from '../errors.ts';
import { anonymous } from './anonymous.ts';
import { anyOf } from './any-of.ts';
import { authenticate } from './authenticate.ts';
import type { CallerRequest } from './authenticator.ts';
import { authenticator } from './handler.ts';
import type { Recognize } from './handler.ts';

const anybody: CallerRequest = { method: 'POST', path: '/', headers: {} };
const someone: CallerRequest = { ...anybody, headers: { authorization: 'Bearer abc' } };

/** As a module that was bundled on its own has it. */
class ForeignRelayError extends Error {
  override readonly name = 'RelayError';
  readonly code: string;
  readonly retryAfterSeconds = 7;

  constructor(code: string) {
    super('only on weekdays');
    this.code = code;
  }
}

for (const [name, recognize] of [
  ['at once', () => ({ id: 'alice' })],
  ['after a while', () => Promise.resolve({ id: 'alice' })],
] as const satisfies readonly (readonly [string, Recognize])[]) {
  test(`lets in whom the user’s own function recognizes ${name}`, async () => {
    const seen: CallerRequest[] = [];
    const own = authenticator((request) => {
      seen.push(request);
      return recognize();
    });
    assert.deepEqual([await authenticate(own, anybody), seen], [{ id: 'alice' }, [anybody]]);
  });
}

for (const nobody of [undefined, null]) {
  test(`asks for credentials whom the function does not know, by ${nobody}`, async () => {
    const own = authenticator(() => nobody as undefined, { challenge: 'Bearer realm="own"', name: 'own' });
    await assert.rejects(authenticate(own, anybody), { code: 'unauthenticated', challenge: 'Bearer realm="own"' });
    await assert.rejects(authenticate(own, someone), {
      code: 'invalid_credentials',
      message: 'the credentials are not valid',
      cause: 'not recognized by "own"',
      challenge: 'Bearer realm="own"',
    });
  });
}

test('leaves room for the anonymous where it knows nobody and nothing was shown', async () => {
  const own = anyOf([authenticator(() => undefined), anonymous()]);
  assert.deepEqual(await authenticate(own, anybody), { id: 'anonymous', isAnonymous: true });
  await assert.rejects(authenticate(own, someone), { code: 'invalid_credentials' });
});

for (const thrown of [
  new Error('a bug'),
  'a string',
  undefined,
  new ForeignRelayError('agent_busy'),
  { code: 'forbidden' },
]) {
  test(`lets nobody in where it throws ${inspect(thrown).split('\n')[0]}`, async () => {
    const throwing = authenticator(() => {
      throw thrown;
    });
    const rejecting = authenticator(() => Promise.reject(thrown));
    for (const own of [throwing, rejecting, anyOf([throwing, anonymous()])]) {
      await assert.rejects(authenticate(own, anybody), { code: 'internal_error', message: 'the relay failed' });
    }
  });
}

for (const bug of [true, 'alice', {}, { id: '' }, { id: 7 }, []]) {
  test(`lets nobody in where it gives ${JSON.stringify(bug)} for a principal`, async () => {
    await assert.rejects(
      authenticate(
        authenticator(() => bug as never),
        anybody,
      ),
      { code: 'internal_error' },
    );
  });
}

for (const [code, status] of [
  ['unauthenticated', 401],
  ['invalid_credentials', 401],
  ['forbidden', 403],
  ['identity_unavailable', 503],
] as const) {
  test(`lets it refuse with ${code} and a sentence for the caller, also by a class of its own`, async () => {
    for (const error of [
      new ForeignRelayError(code),
      new RelayError(code, { message: 'only on weekdays', retryAfterSeconds: 7 }),
    ]) {
      const own = authenticator(() => Promise.reject(error));
      await assert.rejects(authenticate(own, anybody), (thrown) => {
        assert(thrown instanceof RelayError);
        const { code: got, status: gotStatus, message, retryAfterSeconds } = thrown;
        assert.deepEqual([got, gotStatus, message, retryAfterSeconds], [code, status, 'only on weekdays', 7]);
        return true;
      });
    }
  });
}

test('sends nothing on that is no header, and refuses all the same', async () => {
  const challenge = 'Bearer realm="own"';
  for (const [members, sent] of [
    [{ challenge: 'Bearer realm="a\r\nset-cookie: a=b"', retryAfterSeconds: '1\r\nx: y' }, [challenge, undefined]],
    [{ challenge: 'Bearer realm="日本"', retryAfterSeconds: NaN }, [challenge, undefined]],
    [{ challenge: { toString: () => 'a' }, retryAfterSeconds: Infinity }, [challenge, undefined]],
    [{ challenge: '', retryAfterSeconds: -1 }, [challenge, undefined]],
    [{ retryAfterSeconds: 0.5 }, [challenge, undefined]],
    [{ challenge: 'Bearer realm="mine"', retryAfterSeconds: 3 }, ['Bearer realm="mine"', 3]],
  ] as const) {
    const error = Object.assign(new Error('no'), { name: 'RelayError', code: 'invalid_credentials', ...members });
    const own = authenticator(() => Promise.reject(error), { challenge });
    await assert.rejects(authenticate(own, someone), (thrown) => {
      assert(thrown instanceof RelayError);
      assert.deepEqual([thrown.code, thrown.challenge, thrown.retryAfterSeconds], ['invalid_credentials', ...sent]);
      return true;
    });
  }
});

for (const id of ['api-key:alice', 'basic:alice', 'jwt:https://id.example#alice', 'anonymous']) {
  test(`lets nobody in under the name "${id}", which another kind of authentication gives`, async () => {
    // Also nobody in particular has conversations under that name.
    for (const isAnonymous of id === 'anonymous' ? [false] : [false, true]) {
      await assert.rejects(
        authenticate(
          authenticator(() => ({ id, isAnonymous })),
          anybody,
        ),
        { code: 'internal_error' },
      );
    }
  });
}

test('lets somebody in under a name that only looks like one of those', async () => {
  for (const principal of [
    { id: 'api-keys:a' },
    { id: 'my jwt:a' },
    { id: 'anonymous-7' },
    { id: 'anonymous', isAnonymous: true },
  ]) {
    assert.deepEqual(
      await authenticate(
        authenticator(() => principal),
        anybody,
      ),
      principal,
    );
  }
});
