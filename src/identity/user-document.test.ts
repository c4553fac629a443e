import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passwordHashForm } from './password-hash.ts';
import { parseUserDocument } from './user-document.ts';

const hash = `scrypt:16384:8:5:${Buffer.alloc(16, 1).toString('base64url')}:${Buffer.alloc(32, 2).toString('base64url')}`;
const good = { id: 'alice', hash };

test('reads users', () => {
  const users = [good, { id: 'Bob Ö.', hash }];
  assert.deepEqual(parseUserDocument(JSON.stringify({ users })), { users });
});

for (const [document, cause] of [
  [{ keys: [] }, 'the document of users must be a JSON object with the one member "users", a list'],
  [{ users: [{ ...good, note: '' }] }, 'the document of users has at users[0] a member that is none of id, hash'],
  [
    { users: [{ ...good, password: 'SENTINEL' }] },
    'the document of users has at users[0] a member that is none of id, hash',
  ],
  [
    { users: [{ ...good, id: '' }] },
    'the document of users needs at users[0].id a string of 1 to 128 characters without control characters',
  ],
  [{ users: [{ ...good, id: 'SENTINEL:' }] }, 'the document of users has at users[0].id a colon, which ends an id'],
  [
    { users: [good, { ...good, id: 'bob', hash: 'SENTINEL' }] },
    `the document of users needs at users[1].hash ${passwordHashForm}`,
  ],
  [{ users: [{ id: 'bob' }] }, `the document of users needs at users[0].hash ${passwordHashForm}`],
  [{ users: [good, good] }, 'the document of users has the same id twice'],
] as const) {
  test(`says what is wrong with ${JSON.stringify(document).slice(0, 80)}, to the log only and without any of it`, () => {
    assert.throws(() => parseUserDocument(JSON.stringify(document)), {
      code: 'internal_error',
      message: 'the relay failed',
      cause,
    });
    assert.doesNotMatch(cause, /SENTINEL/u);
  });
}
