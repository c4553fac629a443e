import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nameUser } from './user-id.ts';

describe('the runtime user id', () => {
  it('is the id of the principal, where a header can hold it', () => {
    assert.equal(nameUser({ id: 'api-key:alice' }), 'api-key:alice');
  });

  it('cannot write a header of its own, and is as different as the principals are', () => {
    const ids = ['alice\r\nx-admin: 1', 'älice', 'a b', '', 'x'.repeat(1025), '\ud800', '\ud801'].map(
      (id) => nameUser({ id }) ?? assert.fail('it has no name'),
    );
    for (const id of ids) assert.match(id, /^sha256:[0-9a-f]{64}$/u);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('of one who chose it is not what another one is hashed to', () => {
    const hashed = nameUser({ id: 'älice' });
    assert.notEqual(nameUser({ id: hashed ?? '' }), hashed);
  });

  it('is not there for nobody in particular', () => {
    assert.equal(nameUser({ id: 'anonymous', isAnonymous: true }), undefined);
  });
});
