import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findClaimFault, findHeaderFault, hasScopes } from './token-checks.ts';

for (const typ of [undefined, 'JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/jwt', 'application/at+jwt']) {
  test(`takes a token of the type ${typ}`, () => {
    assert.equal(
      findHeaderFault({ alg: 'ES256', kid: 'a', x5t: 'b', ...(typ === undefined ? {} : { typ }) }, ['ES256']),
      undefined,
    );
  });
}

for (const typ of [
  'dpop+jwt',
  'logout+jwt',
  'secevent+jwt',
  'id+jwt',
  'JOSE',
  '',
  ' JWT',
  'application/application/jwt',
  7,
  null,
  ['JWT'],
]) {
  test(`takes no token of the type ${JSON.stringify(typ)}: it was made for something else`, () => {
    assert.equal(findHeaderFault({ alg: 'ES256', typ }, ['ES256']), 'another type of token');
  });
}

for (const alg of [undefined, null, 'none', 'None', 'NONE', '', 'HS256', 'es256', 'RS256', ['ES256'], 7]) {
  test(`takes no token with the algorithm ${JSON.stringify(alg)} where only ES256 is allowed`, () => {
    assert.equal(findHeaderFault({ alg }, ['ES256']), 'an algorithm that is not taken');
  });
}

for (const name of ['jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64', 'zip']) {
  test(`takes no token with a header "${name}", whatever is in it`, () => {
    for (const value of [undefined, null, [], {}, 'https://evil.example/keys']) {
      assert.equal(findHeaderFault({ alg: 'ES256', [name]: value }, ['ES256']), `a header "${name}"`);
    }
  });
}

const settings = { audience: ['chat', 'web'] };
const claims = { sub: 'alice', aud: 'chat', iat: 100 };

for (const [fault, changed, changedSettings] of [
  [undefined, {}],
  [undefined, { iat: undefined }],
  ['no subject', { sub: undefined }],
  ['no subject', { sub: '' }],
  ['no subject', { sub: 7 }],
  ['no subject', { sub: ['alice'] }],
  ['no subject', { sub: '\ud800' }],
  [undefined, { iat: 130 }],
  ['an issue in the future', { iat: 130.1 }],
  ['an issue in the future', { iat: Infinity }],
  ['an issue in the future', { iat: '100' }],
  [undefined, { aud: ['other', 'web'] }],
  ['another audience', { aud: [] }],
  ['another audience', { aud: 'cha' }],
  ['another audience', { aud: 'chat web' }],
  ['another audience', { aud: 'Chat' }],
  ['another audience', { aud: { chat: 'chat' } }],
  ['another audience', { aud: [['chat']] }],
  ['another audience', { aud: null, client_id: 'chat' }],
  ['another audience', { aud: 'other', client_id: 'chat' }],
  ['another audience', { aud: [], client_id: 'chat' }],
  ['another audience', { aud: undefined }],
  ['another audience', { aud: undefined, client_id: 'other' }],
  ['another audience', { aud: undefined, client_id: ['other'] }],
  [undefined, { aud: undefined, client_id: 'chat' }],
  [undefined, { token_use: 'id' }],
  [undefined, { token_use: 'access' }, { tokenUse: 'access' }],
  ['another use', { token_use: 'id' }, { tokenUse: 'access' }],
  ['another use', {}, { tokenUse: 'access' }],
  ['a confirmation key, of which a bearer gives no proof', { cnf: { jkt: 'abc' } }],
  ['a confirmation key, of which a bearer gives no proof', { cnf: null }],
] as const) {
  test(`finds ${fault ?? 'nothing'} wrong with ${JSON.stringify(changed)}${changedSettings === undefined ? '' : ' where access tokens are asked for'}`, () => {
    assert.equal(findClaimFault({ ...claims, ...changed }, { ...settings, ...changedSettings }, 130), fault);
  });
}

for (const [isGranted, claims, required] of [
  [true, {}, []],
  [false, {}, ['chat']],
  [true, { scope: 'openid agent/chat' }, ['agent/chat']],
  [true, { scope: 'b a' }, ['a', 'b']],
  [false, { scope: 'a' }, ['a', 'b']],
  [false, { scope: 'agent/chats xagent/chat' }, ['agent/chat']],
  [true, { scp: ['a', 'b'] }, ['b', 'a']],
  [true, { scp: 'a b' }, ['b']],
  [true, { scope: 'a', scp: ['b'] }, ['a', 'b']],
  [false, { scope: 7, scp: { a: 'a' } }, ['a']],
  [false, { scope: 'A' }, ['a']],
] as const) {
  test(`says that ${JSON.stringify(claims)} ${isGranted ? 'has' : 'lacks'} one of the scopes ${JSON.stringify(required)}`, () => {
    assert.equal(hasScopes(claims, required), isGranted);
  });
}
