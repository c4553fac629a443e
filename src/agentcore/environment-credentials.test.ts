import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayError } from '../errors.ts';
import { readEnvironmentCredentials } from './environment-credentials.ts';

test('reads the temporary credentials of a Lambda', () => {
  assert.deepEqual(
    readEnvironmentCredentials({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' }),
    { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' },
  );
});

for (const AWS_SESSION_TOKEN of [undefined, '']) {
  test(`does not sign with a session token that is ${AWS_SESSION_TOKEN === '' ? 'empty' : 'not set'}`, () => {
    assert.deepEqual(
      readEnvironmentCredentials({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN }),
      { accessKeyId: 'a', secretAccessKey: 'b' },
    );
  });
}

for (const [environment, sentence] of [
  [{}, /^AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set/u],
  [{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: '' }, /^AWS_SECRET_ACCESS_KEY is not set/u],
  [{ AWS_SECRET_ACCESS_KEY: 'b' }, /^AWS_ACCESS_KEY_ID is not set/u],
] as const) {
  test(`names what is missing to the log only: ${sentence.source}`, () => {
    assert.throws(
      () => readEnvironmentCredentials(environment),
      (error: RelayError) =>
        error.code === 'internal_error' && sentence.test(String(error.cause)) && !/AWS/u.test(error.message),
    );
  });
}
