import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyResponseHeadersPolicy } from './response-headers.ts';

test("overrides an origin's header only where the policy says so, and removes what it lists", () => {
  const headers = [
    { name: 'x-frame-options', value: 'SAMEORIGIN' },
    { name: 'Referrer-Policy', value: 'origin' },
    { name: 'X-Amzn-RequestId', value: 'r' },
  ];
  const policy = {
    set: [
      { name: 'X-Frame-Options', value: 'DENY', override: true },
      { name: 'Referrer-Policy', value: 'no-referrer', override: false },
      { name: 'X-Content-Type-Options', value: 'nosniff', override: false },
    ],
    remove: ['x-amzn-requestid'],
  };
  assert.deepEqual(applyResponseHeadersPolicy(headers, policy), [
    { name: 'Referrer-Policy', value: 'origin' },
    { name: 'X-Frame-Options', value: 'DENY' },
    { name: 'X-Content-Type-Options', value: 'nosniff' },
  ]);
});
