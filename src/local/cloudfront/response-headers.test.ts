import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderList } from './header-list.ts';
import type { ViewerRequest } from './messages.ts';
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
  assert.deepEqual(applyResponseHeadersPolicy(headers, policy, ask('GET')), [
    { name: 'Referrer-Policy', value: 'origin' },
    { name: 'X-Frame-Options', value: 'DENY' },
    { name: 'X-Content-Type-Options', value: 'nosniff' },
  ]);
});

const page = 'https://app.example.com';
const cors = {
  allowCredentials: true,
  allowHeaders: ['X-Own', 'Content-Type'],
  allowMethods: ['GET', 'POST'],
  allowOrigins: ['*.example.com', 'https://other.example'],
  exposeHeaders: ['X-Shown'],
  maxAgeSeconds: 600,
  override: false,
};

test('adds the headers of CORS for a page that the policy names, and those of a preflight to OPTIONS only', () => {
  const toEach = [
    ['access-control-allow-origin', page],
    ['access-control-allow-credentials', 'true'],
    ['access-control-expose-headers', 'X-Shown'],
  ];
  assert.deepEqual(
    {
      get: apply([], ask('GET', page)),
      options: apply([], ask('OPTIONS', page)),
      exactly: apply([], ask('GET', 'https://other.example'))[0],
      below: apply([], ask('GET', 'https://a.b.example.com'))[0],
      elsewhere: apply([], ask('GET', 'https://app.example.com.evil.test')),
      samePage: apply([], ask('GET')),
    },
    {
      get: toEach,
      options: [
        ...toEach,
        ['access-control-allow-methods', 'GET, POST'],
        ['access-control-allow-headers', 'X-Own, Content-Type'],
        ['access-control-max-age', '600'],
      ],
      exactly: ['access-control-allow-origin', 'https://other.example'],
      below: ['access-control-allow-origin', 'https://a.b.example.com'],
      elsewhere: [],
      samePage: [],
    },
  );
});

test("lets every origin in with a star, over the function's own header only where the policy overrides it", () => {
  const own = [{ name: 'Access-Control-Allow-Origin', value: 'https://mine.example' }];
  const any = { ...cors, allowOrigins: ['*'], allowCredentials: false, exposeHeaders: [] };
  assert.deepEqual(
    [
      apply([], ask('GET', page), any),
      apply(own, ask('GET', page), any),
      apply(own, ask('GET', page), { ...any, override: true }),
    ],
    [
      [['access-control-allow-origin', '*']],
      [['access-control-allow-origin', 'https://mine.example']],
      [['access-control-allow-origin', '*']],
    ],
  );
});

function apply(headers: HeaderList, request: ViewerRequest, rules: typeof cors = cors): readonly (readonly string[])[] {
  const policy = { set: [], remove: [], cors: rules };
  return applyResponseHeadersPolicy(headers, policy, request).map(({ name, value }) => [name.toLowerCase(), value]);
}

function ask(method: string, origin?: string): ViewerRequest {
  const headers = origin === undefined ? [] : [{ name: 'Origin', value: origin }];
  return { method, uri: '/', querystring: '', headers, clientIp: '127.0.0.1' };
}
