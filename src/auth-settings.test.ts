import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkAuthSettings, jwtAlgorithms, readAuthSettings } from './auth-settings.ts';
import type { AuthSettings } from './auth-settings.ts';
import { RelayError } from './errors.ts';

const jwt = { kind: 'jwt', issuer: 'https://id.example/pool', audience: ['chat'] } as const;

/** A member that is not given is the same as one that is undefined. */
function withoutUndefined(settings: AuthSettings): unknown {
  return JSON.parse(JSON.stringify(settings));
}

for (const settings of [
  { kind: 'anonymous' },
  { kind: 'handler' },
  { kind: 'api-keys', secretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys-AbCdEf' },
  { kind: 'api-keys', file: './keys.json' },
  { kind: 'basic', file: './users.json' },
  jwt,
  {
    ...jwt,
    jwksUri: 'https://id.example/keys',
    scopes: ['agent/chat', 'openid'],
    tokenUse: 'access',
    algorithms: [...jwtAlgorithms],
    clockToleranceSeconds: 0,
  },
  { ...jwt, issuer: 'http://127.0.0.1:8080/realms/dev', clockToleranceSeconds: 300 },
  { ...jwt, issuer: 'http://localhost:8080' },
  { ...jwt, issuer: 'http://[::1]:8080' },
  { kind: 'any-of', of: [jwt, { ...jwt, issuer: 'https://other.example' }, { kind: 'anonymous' }] },
]) {
  test(`reads ${JSON.stringify(settings).slice(0, 100)}`, () => {
    assert.deepEqual(withoutUndefined(readAuthSettings({ RELAY_AUTH: JSON.stringify(settings) })), settings);
  });
}

for (const environment of [{}, { RELAY_AUTH: '' }]) {
  test(`lets nobody in by omission, ${JSON.stringify(environment)}`, () => {
    assert.throws(() => readAuthSettings(environment), {
      code: 'internal_error',
      message: 'the relay failed',
      cause: 'RELAY_AUTH is not set; it must say who may call, such as {"kind":"anonymous"} for everybody',
    });
  });
}

const isNoObject = 'RELAY_AUTH must be a JSON object with a "kind"';
const issuerRule = 'it must be an https URL without query and fragment';
const kinds = 'allowed are anonymous, api-keys, basic, jwt, handler and any-of';

for (const [settings, cause] of [
  [undefined, isNoObject],
  [null, isNoObject],
  ['anonymous', isNoObject],
  [[{ kind: 'anonymous' }], isNoObject],
  [{}, `RELAY_AUTH has the kind undefined; ${kinds}`],
  [{ kind: 'none' }, `RELAY_AUTH has the kind "none"; ${kinds}`],
  [{ kind: ['anonymous'] }, `RELAY_AUTH has the kind ["anonymous"]; ${kinds}`],
  [{ kind: 'api-keys' }, 'RELAY_AUTH with the kind api-keys needs either "secretArn" or "file", a string'],
  [{ kind: 'basic', secretArn: '' }, 'RELAY_AUTH with the kind basic needs either "secretArn" or "file", a string'],
  [
    { kind: 'basic', secretArn: 'a', file: 'b' },
    'RELAY_AUTH with the kind basic needs either "secretArn" or "file", a string',
  ],
  [
    { kind: 'api-keys', file: 'a', keys: [] },
    'RELAY_AUTH with the kind api-keys has "keys", which is none of secretArn, file',
  ],
  [{ kind: 'anonymous', except: [] }, 'RELAY_AUTH with the kind anonymous has "except", which is none of '],
  [{ kind: 'jwt' }, `RELAY_AUTH has the issuer undefined; ${issuerRule}`],
  ...(
    [
      'id.example',
      'http://id.example',
      'http://127.0.0.1.example',
      'http://localhost.example',
      'https://id.example?a',
      'https://id.example#a',
      ' https://id.example',
      'https://id.example/a b',
      'ftp://id.example',
      7,
    ] as const
  ).map(
    (issuer) => [{ ...jwt, issuer }, `RELAY_AUTH has the issuer ${JSON.stringify(issuer)}; ${issuerRule}`] as const,
  ),
  ...([undefined, [], 'chat', [''], [7]] as const).map(
    (audience) => [{ ...jwt, audience }, 'RELAY_AUTH needs "audience", a list of at least one string'] as const,
  ),
  [{ ...jwt, jwksUri: 'http://id.example/keys' }, 'RELAY_AUTH has a "jwksUri" that is not an https URL'],
  ...(['chat', [''], ['a b'], ['"'], ['a\\'], ['ä'], ['a\r\nset-cookie: b']] as const).map(
    (scopes) =>
      [
        { ...jwt, scopes },
        'RELAY_AUTH has "scopes" that are not a list of strings without spaces, quotes and backslashes',
      ] as const,
  ),
  [{ ...jwt, tokenUse: 'refresh' }, 'RELAY_AUTH has a "tokenUse" that is neither "access" nor "id"'],
  ...([[], ['HS256'], ['none'], ['RS256', 'HS256'], 'RS256', ['rs256'], ['toString']] as const).map(
    (algorithms) =>
      [
        { ...jwt, algorithms },
        `RELAY_AUTH has "algorithms" of which one is not known; allowed are ${jwtAlgorithms.join(', ')}`,
      ] as const,
  ),
  ...([-1, 301, '30', null] as const).map(
    (clockToleranceSeconds) =>
      [
        { ...jwt, clockToleranceSeconds },
        'RELAY_AUTH has a "clockToleranceSeconds" that is not a number from 0 to 300',
      ] as const,
  ),
  [
    { ...jwt, audiences: ['other'] },
    'RELAY_AUTH with the kind jwt has "audiences", which is none of issuer, audience, jwksUri, scopes, tokenUse, algorithms, clockToleranceSeconds',
  ],
  [{ kind: 'any-of' }, 'RELAY_AUTH with the kind any-of needs "of", a list of at least one'],
  [{ kind: 'any-of', of: [] }, 'RELAY_AUTH with the kind any-of needs "of", a list of at least one'],
  [{ kind: 'any-of', of: [{}] }, `RELAY_AUTH has the kind undefined; ${kinds}`],
  [{ kind: 'any-of', of: [{ kind: 'any-of', of: [jwt] }] }, 'RELAY_AUTH has an any-of within an any-of'],
  ...(['anonymous', 'handler'] as const).map(
    (kind) =>
      [
        { kind: 'any-of', of: [{ kind }, jwt, { kind }] },
        `RELAY_AUTH has an any-of with the kind ${kind} twice; only jwt may be there more than once`,
      ] as const,
  ),
  [
    {
      kind: 'any-of',
      of: [
        { kind: 'api-keys', file: 'a' },
        { kind: 'api-keys', file: 'b' },
      ],
    },
    'RELAY_AUTH has an any-of with the kind api-keys twice; only jwt may be there more than once',
  ],
] as const) {
  test(`says to the log only that ${cause.slice(0, 90)}: ${JSON.stringify(settings)?.slice(0, 60)}`, () => {
    assert.throws(() => checkAuthSettings(settings), { code: 'internal_error', message: 'the relay failed', cause });
  });
}

test('takes no text that is not JSON', () => {
  assert.throws(() => readAuthSettings({ RELAY_AUTH: 'anonymous' }), { code: 'internal_error', cause: isNoObject });
});

test('reads any settings to what they say, or throws its one error', () => {
  const store = fc.record({ file: fc.jsonValue(), secretArn: fc.string() }, { requiredKeys: [] });
  const settings = fc.oneof(
    fc.jsonValue(),
    fc
      .tuple(fc.constantFrom('anonymous', 'handler', 'api-keys', 'basic', 'jwt', 'any-of'), store, fc.object())
      .map(([kind, store, rest]) => ({ ...rest, ...store, kind })),
    fc
      .record(
        { audience: fc.jsonValue(), scopes: fc.jsonValue(), algorithms: fc.jsonValue(), tokenUse: fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((changed) => ({ ...jwt, ...changed })),
  );
  fc.assert(
    fc.property(settings, (value) => {
      try {
        assert.deepEqual(withoutUndefined(checkAuthSettings(value)), JSON.parse(JSON.stringify(value)));
      } catch (thrown) {
        assert(thrown instanceof RelayError && String(thrown.cause).startsWith('RELAY_AUTH '), String(thrown));
      }
    }),
  );
});
