import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RelayError } from '../errors.ts';
import { describeFault } from './describe-fault.ts';

const refused = new Error('connect ECONNREFUSED 127.0.0.1:1');
let deep = refused;
for (let depth = 0; depth < 100; depth += 1) deep = new Error(`at ${depth}`, { cause: deep });

for (const [thrown, sentence] of [
  [refused, 'Error: connect ECONNREFUSED 127.0.0.1:1'],
  [
    new TypeError('fetch failed', { cause: refused }),
    'TypeError: fetch failed; Error: connect ECONNREFUSED 127.0.0.1:1',
  ],
  [new RelayError('internal_error', { cause: 'the document is wrong' }), 'the document is wrong'],
  [
    new RelayError('identity_unavailable', {
      cause: new Error('a', { cause: new RelayError('internal_error', { cause: 'b' }) }),
    }),
    'Error: a; b',
  ],
  [new RelayError('forbidden', { message: 'not on Sundays' }), 'RelayError: not on Sundays'],
  ['a string', 'a string'],
  [null, 'a thrown null'],
  [Object.create(null), 'a thrown object'],
  [undefined, ''],
  [deep, 'Error: at 99; Error: at 98; Error: at 97; Error: at 96; Error: at 95'],
] as const) {
  test(`says "${sentence}"`, () => {
    assert.equal(describeFault(thrown), sentence);
  });
}
