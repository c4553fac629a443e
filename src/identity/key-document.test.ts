import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import { parseKeyDocument } from './key-document.ts';

const hash = (digit: string) => `sha256:${digit.repeat(64)}`;

test('reads keys, of which several may be one person’s', () => {
  const keys = [
    { id: 'alice', hash: hash('a'), note: 'laptop', expiresAt: '2027-01-01T00:00:00Z' },
    { id: 'alice', hash: hash('b'), expiresAt: '2028-02-29T23:59:59.999Z' },
    { id: 'Bob Ö. <bob@example.com>', hash: hash('c') },
  ];
  assert.deepEqual(parseKeyDocument(JSON.stringify({ keys })), { keys });
});

test('reads a document in which nobody has a key yet', () => {
  assert.deepEqual(parseKeyDocument('{"keys":[]}'), { keys: [] });
});

test('reads as many keys as are allowed', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => ({
    id: 'alice',
    hash: `sha256:${index.toString(16).padStart(64, '0')}`,
  }));
  assert.equal(parseKeyDocument(JSON.stringify({ keys })).keys.length, 10_000);
});

const good = { id: 'alice', hash: hash('a') };
const notOneList = 'the document of keys must be a JSON object with the one member "keys", a list';

for (const [text, cause] of [
  ['', notOneList],
  ['SENTINEL', notOneList],
  ['null', notOneList],
  ['[]', notOneList],
  ['{}', notOneList],
  ['{"keys":{}}', notOneList],
  ['{"keys":[],"SENTINEL":1}', notOneList],
  ['{"keys":[],"__proto__":{"SENTINEL":1}}', notOneList],
  [{ keys: Array.from({ length: 10_001 }, () => good) }, 'the document of keys has more than 10000 entries'],
  [`{"keys":[]}${' '.repeat(4_194_304)}`, 'the document of keys has more than 4194304 characters'],
  [{ keys: [good, 'SENTINEL'] }, 'the document of keys has no JSON object at keys[1]'],
  [
    { keys: [good, { ...good, SENTINEL: '2027-01-01T00:00:00Z' }] },
    'the document of keys has at keys[1] a member that is none of id, hash, note, expiresAt',
  ],
  ...(['', 7, null, undefined, 'SENTINEL\n', 'SENTINEL\u0085', 'S'.repeat(129), '\ud800'] as const).map(
    (id) =>
      [
        { keys: [{ ...good, id }] },
        'the document of keys needs at keys[0].id a string of 1 to 128 characters without control characters',
      ] as const,
  ),
  ...(['', 7, undefined, 'SENTINEL', 'a'.repeat(64), hash('A'), `${hash('a')}\n`, hash('a').slice(0, -1)] as const).map(
    (hash) =>
      [
        { keys: [{ ...good, hash }] },
        'the document of keys needs at keys[0].hash "sha256:" and 64 lower-case hex digits',
      ] as const,
  ),
  ...([7, null, 'S'.repeat(1_001)] as const).map(
    (note) =>
      [
        { keys: [{ ...good, note }] },
        'the document of keys has at keys[0].note what is not a string of at most 1,000 characters',
      ] as const,
  ),
  ...(
    [
      7,
      null,
      '',
      'SENTINEL',
      '2027-01-01',
      '2027-01-01T00:00:00',
      '2027-01-01T00:00:00+01:00',
      '2027-02-30T00:00:00Z',
      '2027-13-01T00:00:00Z',
      '2027-01-01T24:00:00Z',
    ] as const
  ).map(
    (expiresAt) =>
      [
        { keys: [{ ...good, expiresAt }] },
        'the document of keys has at keys[0].expiresAt what is not a time such as 2027-01-01T00:00:00Z',
      ] as const,
  ),
  [{ keys: [good, { ...good, id: 'bob' }] }, 'the document of keys has the same hash twice'],
] as const) {
  const json = typeof text === 'string' ? text : JSON.stringify(text);
  test(`says what is wrong with ${json.slice(0, 80)}, to the log only and without any of it`, () => {
    assert.throws(() => parseKeyDocument(json), { code: 'internal_error', message: 'the relay failed', cause });
    assert.doesNotMatch(cause, /SENTINEL/u);
  });
}

test('reads a document or throws its one error, whatever it is given', () => {
  const entry = fc.record(
    {
      id: fc.jsonValue(),
      hash: fc.jsonValue(),
      note: fc.jsonValue(),
      expiresAt: fc.oneof(fc.jsonValue(), fc.string()),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.record({ keys: fc.array(fc.oneof(entry, fc.jsonValue())) }).map((value) => JSON.stringify(value)),
      ),
      (text) => {
        try {
          assert.deepEqual(parseKeyDocument(text), JSON.parse(text));
        } catch (thrown) {
          assert(thrown instanceof RelayError && typeof thrown.cause === 'string', String(thrown));
        }
      },
    ),
  );
});
