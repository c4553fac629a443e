import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  basicChallenge,
  bearerChallenge,
  insufficientScopeChallenge,
  invalidTokenChallenge,
  joinChallenges,
} from './challenges.ts';

for (const [name, challenges, joined] of [
  ['nothing where nothing fits', [undefined, undefined], undefined],
  ['one of two that are the same', [bearerChallenge, undefined, bearerChallenge], 'Bearer realm="agent"'],
  [
    'two schemes in their order',
    [bearerChallenge, basicChallenge],
    'Bearer realm="agent", Basic realm="agent", charset="UTF-8"',
  ],
  [
    'the one of a scheme that says more',
    [bearerChallenge, basicChallenge, invalidTokenChallenge],
    'Basic realm="agent", charset="UTF-8", Bearer realm="agent", error="invalid_token"',
  ],
] as const) {
  test(`joins challenges to ${name}`, () => {
    assert.equal(joinChallenges(challenges), joined);
  });
}

test('names the scopes that are needed as RFC 6750, 3.1 has it', () => {
  assert.equal(
    insufficientScopeChallenge(['agent/chat', 'openid']),
    'Bearer realm="agent", error="insufficient_scope", scope="agent/chat openid"',
  );
});
