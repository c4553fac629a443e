import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultScryptParameters, deriveByScrypt, formatPasswordHash, parsePasswordHash } from './password-hash.ts';

const salt = Buffer.alloc(16, 1).toString('base64url');
const hash = Buffer.alloc(32, 2).toString('base64url');

test('comes to the same hash as RFC 7914, section 12', async () => {
  const derived = await deriveByScrypt(
    'pleaseletmein',
    Buffer.from('SodiumChloride'),
    { cost: 16_384, blockSize: 8, parallelization: 1 },
    64,
  );
  assert.equal(
    derived.toString('hex'),
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  );
});

test('takes a password for the same however its letters were typed', async () => {
  const parameters = { cost: 16_384, blockSize: 8, parallelization: 1 };
  const [composed, decomposed] = await Promise.all(
    ['caf\u00e9', 'cafe\u0301'].map((password) => deriveByScrypt(password, Buffer.alloc(16), parameters, 32)),
  );
  assert.deepEqual(composed, decomposed);
});

test('gives scrypt just the memory that its costliest choice needs', async () => {
  const derived = await deriveByScrypt('a', Buffer.alloc(16), { cost: 2 ** 17, blockSize: 8, parallelization: 1 }, 32);
  assert.equal(derived.byteLength, 32);
});

for (const [n, r, p] of [
  [2 ** 17, 8, 1],
  [2 ** 16, 8, 2],
  [2 ** 15, 8, 3],
  [2 ** 14, 8, 5],
  [2 ** 13, 8, 10],
  [2 ** 14, 8, 1],
] as const) {
  test(`takes what was made with N ${n}, r ${r}, p ${p}: of OWASP or of Node`, () => {
    const text = `scrypt:${n}:${r}:${p}:${salt}:${hash}`;
    const parsed = parsePasswordHash(text) ?? assert.fail('it was not taken');
    assert.deepEqual(parsed, {
      parameters: { cost: n, blockSize: r, parallelization: p },
      salt: Buffer.alloc(16, 1),
      hash: Buffer.alloc(32, 2),
    });
    assert.equal(formatPasswordHash(parsed), text);
  });
}

test('makes new hashes that it takes itself', () => {
  const text = formatPasswordHash({
    parameters: defaultScryptParameters,
    salt: Buffer.alloc(16),
    hash: Buffer.alloc(32),
  });
  assert.notEqual(parsePasswordHash(text), undefined);
});

for (const [fault, text] of [
  ['nothing at all', ''],
  ['another kind of hash', `sha256:${'0'.repeat(64)}`],
  ['a password', 'open sesame'],
  ['too little work', `scrypt:8192:8:1:${salt}:${hash}`],
  ['so much work that one request would stop the others', `scrypt:131072:8:3:${salt}:${hash}`],
  ['more than 128 MiB', `scrypt:262144:8:1:${salt}:${hash}`],
  ['an N that is no power of two', `scrypt:16383:8:5:${salt}:${hash}`],
  ['an r that scrypt refuses with some N', `scrypt:131072:1:8:${salt}:${hash}`],
  ['a number that begins with zeros', `scrypt:016384:8:5:${salt}:${hash}`],
  ['a short salt', `scrypt:16384:8:5:${salt.slice(0, 20)}:${hash}`],
  ['a short hash', `scrypt:16384:8:5:${salt}:${hash.slice(0, 42)}`],
  ['a length that base64url cannot have', `scrypt:16384:8:5:${salt}:${hash}AA`],
  ['a last character with bits that say nothing', `scrypt:16384:8:5:${salt}:${hash.slice(0, 42)}J`],
  ['something behind it', `scrypt:16384:8:5:${salt}:${hash}\n`],
  ['ordinary base64', `scrypt:16384:8:5:${salt}:${'+'.repeat(43)}`],
] as const) {
  test(`does not take ${fault} for the hash of a password`, () => {
    assert.equal(parsePasswordHash(text), undefined);
  });
}
