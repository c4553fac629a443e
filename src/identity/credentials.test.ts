import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCredentials } from './credentials.ts';

function basic(text: string): string {
  return `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;
}

for (const [name, headers, credentials] of [
  ['nothing where there is nothing', {}, undefined],
  ['a bearer token', { authorization: 'Bearer sk-abc.DEF_123~+/==' }, { kind: 'bearer', token: 'sk-abc.DEF_123~+/==' }],
  ['a scheme in any case, RFC 9110, 11.1', { authorization: 'bEARER  abc' }, { kind: 'bearer', token: 'abc' }],
  ['an API key', { 'x-api-key': 'relay_abc-_' }, { kind: 'api-key', key: 'relay_abc-_' }],
  [
    'the example of RFC 7617, 2',
    { authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' },
    { kind: 'basic', id: 'Aladdin', password: 'open sesame' },
  ],
  [
    'the example of RFC 7617, 2.1, in UTF-8',
    { authorization: 'Basic dGVzdDoxMjPCow==' },
    { kind: 'basic', id: 'test', password: '123£' },
  ],
  [
    'basic credentials without padding',
    { authorization: 'Basic dGVzdDoxMjPCow' },
    { kind: 'basic', id: 'test', password: '123£' },
  ],
  ['a password with colons', { authorization: basic('a:b:c:') }, { kind: 'basic', id: 'a', password: 'b:c:' }],
  [
    'a mark of byte order as a part of the id, which it is in a document too',
    { authorization: basic('\ufeffa:b') },
    { kind: 'basic', id: '\ufeffa', password: 'b' },
  ],
  ['an empty id and password', { authorization: basic(':') }, { kind: 'basic', id: '', password: '' }],
  ['the name only of another scheme', { authorization: 'DPoP secret' }, { kind: 'other', scheme: 'DPoP' }],
  [
    'the longest token',
    { authorization: `Bearer ${'a'.repeat(16_377)}` },
    { kind: 'bearer', token: 'a'.repeat(16_377) },
  ],
] as const) {
  test(`reads ${name}`, () => {
    assert.deepEqual(readCredentials(headers), credentials);
  });
}

const both = 'both "authorization" and "x-api-key" are set, one of them is allowed';
const noToken = '"authorization" has no well-formed bearer token';
const noBasic = '"authorization" has no well-formed basic credentials';

for (const [name, headers, fault] of [
  ['two kinds at once', { authorization: 'Bearer a', 'x-api-key': 'a' }, both],
  ['two kinds at once, one of them empty', { authorization: '', 'x-api-key': 'a' }, both],
  ['two headers that a host has joined', { authorization: 'Bearer a, Bearer b' }, noToken],
  ['two headers that a host has joined without a space', { authorization: 'Bearer a,Bearer b' }, noToken],
  ['two keys', { 'x-api-key': 'a, b' }, '"x-api-key" is malformed'],
  ['an empty key', { 'x-api-key': '' }, '"x-api-key" is malformed'],
  ['a key that is too long', { 'x-api-key': 'a'.repeat(16_385) }, '"x-api-key" is malformed'],
  ['an empty header', { authorization: '' }, '"authorization" is malformed'],
  ['a header that is too long', { authorization: `Bearer ${'a'.repeat(16_378)}` }, '"authorization" is malformed'],
  ['a scheme that is none', { authorization: '(secret)' }, '"authorization" is malformed'],
  ['a scheme alone', { authorization: 'Bearer' }, noToken],
  ['an empty token, as a client without a key sends it', { authorization: 'Bearer ' }, noToken],
  ['a tab after the scheme', { authorization: 'Bearer\ta' }, '"authorization" is malformed'],
  ['a line break in a token', { authorization: 'Bearer a\r\nx: b' }, noToken],
  ['a token that is not ASCII', { authorization: 'Bearer ä' }, noToken],
  ['basic credentials that are not base64', { authorization: 'Basic a:b' }, noBasic],
  ['basic credentials in base64url, of which Node would skip a part', { authorization: 'Basic YTpi~~~~' }, noBasic],
  ['basic credentials without a colon', { authorization: basic('alice') }, noBasic],
  [
    'basic credentials that are not UTF-8',
    { authorization: `Basic ${Buffer.from('a:\xa3', 'latin1').toString('base64')}` },
    noBasic,
  ],
  ['a control character in a password', { authorization: basic('a:b\0c') }, noBasic],
  ['a line break in an id', { authorization: basic('a\nb:c') }, noBasic],
] as const) {
  test(`takes ${name} for malformed, and says so without any of it`, () => {
    assert.deepEqual(readCredentials(headers), { kind: 'malformed', fault });
  });
}

const headerText = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.string({ unit: 'binary' }),
  fc
    .tuple(fc.constantFrom('Bearer ', 'Basic ', 'basic  ', 'x ', ''), fc.string({ unit: 'binary' }))
    .map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('Basic '), fc.base64String()).map((parts) => parts.join('')),
);

test('never throws, whatever the headers hold, and gives no token with a space, a comma or a line break in it', () => {
  fc.assert(
    fc.property(
      fc.option(headerText, { nil: undefined }),
      fc.option(headerText, { nil: undefined }),
      (authorization, key) => {
        const credentials = readCredentials({ authorization, 'x-api-key': key });
        assert.equal(credentials === undefined, authorization === undefined && key === undefined);
        if (credentials?.kind === 'bearer') assert.match(credentials.token, /^[\w.~+/=-]+$/u);
        if (credentials?.kind === 'api-key') assert.match(credentials.key, /^[\w.~+/=-]+$/u);
        // oxlint-disable-next-line no-control-regex
        if (credentials?.kind === 'basic') assert.doesNotMatch(credentials.id, /[:\u0000-\u001f\u007f]/u);
      },
    ),
  );
});

test('gives back every id and password that a browser can send', () => {
  // oxlint-disable-next-line no-control-regex
  const text = fc.string({ unit: 'grapheme' }).filter((value) => !/[\u0000-\u001f\u007f]/u.test(value));
  fc.assert(
    fc.property(
      text.filter((id) => !id.includes(':')),
      text,
      (id, password) => {
        assert.deepEqual(readCredentials({ authorization: basic(`${id}:${password}`) }), {
          kind: 'basic',
          id,
          password,
        });
      },
    ),
  );
});

test('says nothing in a fault that was in the header', () => {
  // Letters that stand in none of the sentences.
  const secret = fc
    .string({ unit: fc.constantFrom('Q', 'X', 'Z', 'J', '§', ' ', ','), minLength: 3 })
    .map((value) => `XQ${value}`);
  fc.assert(
    fc.property(secret, fc.constantFrom('Bearer ', 'Basic ', '', '('), (value, prefix) => {
      for (const headers of [{ authorization: prefix + value }, { 'x-api-key': value }]) {
        const credentials = readCredentials(headers);
        if (credentials?.kind === 'malformed') assert.doesNotMatch(credentials.fault, /[QXZJ§]/u);
      }
    }),
  );
});
