import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeployedFunctionUrl, DeployedOrigin, OriginRequestPolicy } from '../template/deployment.ts';
import { fromViewer, toOriginRequest, toViewerHeaders } from './header-rules.ts';
import type { ViewerRequest } from './messages.ts';

const all = { kind: 'all', names: [] } as const;
const none = { kind: 'none', names: [] } as const;
const allViewerExceptHost: OriginRequestPolicy = {
  headers: { kind: 'except', names: ['host'] },
  cookies: all,
  queryStrings: all,
};

const origin: DeployedOrigin = {
  id: 'origin',
  domainName: 'origin.example',
  path: '',
  readTimeoutMs: 30_000,
  completionTimeoutMs: undefined,
  keepAliveTimeoutSeconds: 5,
  connectionAttempts: 3,
  sslProtocols: [],
  customHeaders: {},
  signingBehavior: 'always',
  functionUrl: {} as DeployedFunctionUrl,
};

const request: ViewerRequest = {
  method: 'POST',
  uri: '/a',
  querystring: 'a=1&b=2',
  clientIp: '192.0.2.7',
  headers: [
    { name: 'Host', value: 'viewer.example' },
    { name: 'User-Agent', value: 'curl/8' },
    { name: 'Cookie', value: 'a=1; b=2' },
    { name: 'Content-Type', value: 'text/plain' },
    { name: 'X-Forwarded-For', value: '198.51.100.1' },
    { name: 'Via', value: '1.0 proxy' },
    { name: 'X-Own', value: 'one' },
    { name: 'X-Own', value: 'two' },
  ],
};

test("takes from a viewer's request what no function and no origin may see", () => {
  const names = [
    'Connection',
    'Expect',
    'Keep-Alive',
    'TE',
    'Trailer',
    'Upgrade',
    'Proxy-Authorization',
    'X-Amz-Cf-Id',
    'X-Edge-Anything',
    'X-Forwarded-Proto',
    'X-Real-IP',
    'X-HTTP-Method-Override',
  ];
  const kept = [
    { name: 'Accept', value: '*/*' },
    { name: 'X-Amz-Content-Sha256', value: 'abc' },
    { name: 'Authorization', value: 'Bearer t' },
  ];
  assert.deepEqual(fromViewer([...names.map((name) => ({ name, value: '1' })), ...kept]), kept);
});

test("passes everything but the host on under AllViewerExceptHostHeader, with CloudFront's own headers", () => {
  assert.deepEqual(toOriginRequest(request, origin, allViewerExceptHost, '1.1 edge.cloudfront.net (CloudFront)'), {
    ...request,
    headers: [
      { name: 'Host', value: 'origin.example' },
      { name: 'Cookie', value: 'a=1; b=2' },
      { name: 'Content-Type', value: 'text/plain' },
      { name: 'X-Own', value: 'one' },
      { name: 'X-Own', value: 'two' },
      { name: 'User-Agent', value: 'curl/8' },
      { name: 'X-Forwarded-For', value: '198.51.100.1,192.0.2.7' },
      { name: 'Via', value: '1.0 proxy, 1.1 edge.cloudfront.net (CloudFront)' },
    ],
  });
});

test("passes only the body's own headers on without a policy, under CloudFront's own user agent", () => {
  const policy: OriginRequestPolicy = { headers: none, cookies: none, queryStrings: none };
  assert.deepEqual(
    toOriginRequest(request, { ...origin, path: '/live' }, policy, '1.1 edge.cloudfront.net (CloudFront)'),
    {
      ...request,
      uri: '/live/a',
      querystring: '',
      headers: [
        { name: 'Host', value: 'origin.example' },
        { name: 'Content-Type', value: 'text/plain' },
        { name: 'User-Agent', value: 'Amazon CloudFront' },
        { name: 'X-Forwarded-For', value: '198.51.100.1,192.0.2.7' },
        { name: 'Via', value: '1.1 edge.cloudfront.net (CloudFront)' },
      ],
    },
  );
});

test('passes on the names that a policy lists, and not those that it excepts', () => {
  const policy: OriginRequestPolicy = {
    headers: { kind: 'only', names: ['x-own', 'host'] },
    cookies: { kind: 'only', names: ['b'] },
    queryStrings: { kind: 'except', names: ['a'] },
  };
  assert.deepEqual(toOriginRequest(request, origin, policy, '1.1 edge.cloudfront.net (CloudFront)'), {
    ...request,
    querystring: 'b=2',
    headers: [
      { name: 'Host', value: 'viewer.example' },
      { name: 'Cookie', value: 'b=2' },
      { name: 'Content-Type', value: 'text/plain' },
      { name: 'X-Own', value: 'one' },
      { name: 'X-Own', value: 'two' },
      { name: 'User-Agent', value: 'Amazon CloudFront' },
      { name: 'X-Forwarded-For', value: '198.51.100.1,192.0.2.7' },
      { name: 'Via', value: '1.1 edge.cloudfront.net (CloudFront)' },
    ],
  });
});

test("replaces a viewer's header by the origin's own of the same name", () => {
  const { headers } = toOriginRequest(
    request,
    { ...origin, customHeaders: { 'x-own': 'secret' } },
    allViewerExceptHost,
    '1.1 edge.cloudfront.net (CloudFront)',
  );
  assert.deepEqual(
    headers.filter(({ name }) => name.toLowerCase() === 'x-own'),
    [],
  );
});

test("takes the connection's headers, and CloudFront's own, from an origin's response", () => {
  const removed = [
    'Connection',
    'Keep-Alive',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Via',
    'X-Cache',
    'X-Amz-Cf-Id',
  ];
  const kept = [
    { name: 'Content-Type', value: 'text/event-stream' },
    { name: 'Set-Cookie', value: 'a=1' },
    { name: 'X-Accel-Buffering', value: 'no' },
  ];
  assert.deepEqual(toViewerHeaders([...removed.map((name) => ({ name, value: '1' })), ...kept]), kept);
});
