import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKeyDocument } from './key-document.ts';
import { createApiKey, createPassword, hashApiKey, hashPassword } from './new-key.ts';
import { deriveByScrypt, parsePasswordHash } from './password-hash.ts';
import { parseUserDocument } from './user-document.ts';

const ascending = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index));

test('makes a key of 256 random bits, and the hash by which the relay knows it', () => {
  assert.deepEqual(createApiKey(ascending), {
    key: 'relay_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
    hash: 'sha256:0796871f807f99b7a7799d9b92387283bd9d85879588ee524740e578e00119ed',
  });
});

test('hashes what FIPS 180-4 gives as its example', () => {
  assert.equal(hashApiKey('abc'), 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('makes another key and another password each time', () => {
  const made = [createApiKey().key, createApiKey().key, createPassword(), createPassword()];
  assert.equal(new Set(made).size, 4);
  assert.match(createApiKey().key, /^relay_[A-Za-z0-9_-]{43}$/u);
});

test('makes a password of 144 random bits', () => {
  assert.equal(createPassword(ascending), 'AAECAwQFBgcICQoLDA0ODxAR');
});

test('makes entries that the documents take', async () => {
  const { hash } = createApiKey();
  assert.deepEqual(parseKeyDocument(JSON.stringify({ keys: [{ id: 'alice', hash }] })), {
    keys: [{ id: 'alice', hash }],
  });
  const user = { id: 'alice', hash: await hashPassword('open sesame') };
  assert.deepEqual(parseUserDocument(JSON.stringify({ users: [user] })), { users: [user] });
});

test('hashes a password so that it is known again, with a salt of its own each time', async () => {
  const [one, other] = await Promise.all([hashPassword('open sesame'), hashPassword('open sesame')]);
  assert.notEqual(one, other);
  const { parameters, salt, hash } = parsePasswordHash(one) ?? assert.fail('it is no hash');
  assert.deepEqual(await deriveByScrypt('open sesame', salt, parameters, hash.byteLength), hash);
  assert.equal(await hashPassword('open sesame', salt), one);
});
