import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PolicyFilter } from './deployment.ts';
import { eitherOf } from './policy-filter.ts';

const names = ['a', 'b', 'c', 'd'];

const filters: fc.Arbitrary<PolicyFilter> = fc.record({
  kind: fc.constantFrom('none', 'all', 'only', 'except'),
  names: fc.subarray(names),
});

test('lets pass what one of two policies lets pass, and nothing else', () => {
  fc.assert(
    fc.property(filters, filters, (one, other) => {
      const { headers } = eitherOf(
        { headers: one, cookies: one, queryStrings: one },
        { headers: other, cookies: other, queryStrings: other },
      );
      assert.deepEqual(
        names.filter((name) => passes(headers, name)),
        names.filter((name) => passes(one, name) || passes(other, name)),
      );
    }),
  );
});

function passes({ kind, names: listed }: PolicyFilter, name: string): boolean {
  switch (kind) {
    case 'none':
      return false;
    case 'all':
      return true;
    case 'only':
      return listed.includes(name);
    case 'except':
      return !listed.includes(name);
    default:
      return kind satisfies never;
  }
}
