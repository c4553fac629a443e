import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ViewerRequest } from './messages.ts';
import { readViewerFunctionResult, toViewerFunctionEvent } from './viewer-function-event.ts';

const request: ViewerRequest = {
  method: 'POST',
  uri: '/a%2Fb',
  querystring: 'prompt=h%C3%A9&x=1&x=2&flag',
  headers: [
    { name: 'Host', value: 'viewer.example' },
    { name: 'Accept', value: 'text/html, */*' },
    { name: 'X-Twice', value: 'one' },
    { name: 'x-twice', value: 'two' },
    { name: 'Cookie', value: 'a=1; b=x=y' },
    { name: 'Authorization', value: 'Bearer t' },
  ],
  clientIp: '192.0.2.7',
};

const context = { distributionDomainName: 'd1.cloudfront.net', distributionId: 'E1', requestId: 'r1' };

test('builds the event as CloudFront does: nothing decoded, cookies apart, multiValue only for what occurs twice', () => {
  assert.deepEqual(toViewerFunctionEvent(request, context), {
    version: '1.0',
    context: { ...context, eventType: 'viewer-request' },
    viewer: { ip: '192.0.2.7' },
    request: {
      method: 'POST',
      uri: '/a%2Fb',
      querystring: {
        prompt: { value: 'h%C3%A9' },
        x: { value: '1', multiValue: [{ value: '1' }, { value: '2' }] },
        flag: { value: '' },
      },
      headers: {
        host: { value: 'viewer.example' },
        accept: { value: 'text/html, */*' },
        'x-twice': { value: 'one', multiValue: [{ value: 'one' }, { value: 'two' }] },
        authorization: { value: 'Bearer t' },
      },
      cookies: { a: { value: '1' }, b: { value: 'x=y' } },
    },
  });
});

test('goes on with exactly the same request where the function changes nothing', () => {
  const event = toViewerFunctionEvent(request, context);
  const outcome = readViewerFunctionResult(structuredClone(event.request), event, request);
  assert.ok(outcome.kind === 'request');
  assert.deepEqual(
    { ...outcome.request, headers: outcome.request.headers.map(({ name, value }) => `${name}: ${value}`).toSorted() },
    {
      ...request,
      headers: [
        'Accept: text/html, */*',
        'Authorization: Bearer t',
        'Cookie: a=1; b=x=y',
        'Host: viewer.example',
        'x-twice: one',
        'x-twice: two',
      ],
    },
  );
});

test('applies what the function adds, takes away and changes', () => {
  const event = toViewerFunctionEvent(request, context);
  const changed = change(event.request, (copy) => {
    delete copy.headers['authorization'];
    copy.headers['x-relay-authorization'] = { value: 'Bearer t' };
    copy.headers['x-twice'] = { value: 'first', multiValue: [{ value: 'one' }, { value: 'two' }] };
    copy.querystring = { x: { value: '1', multiValue: [{ value: '3' }, { value: '4' }] } };
    copy.cookies = {};
    copy.uri = '/c';
  });
  assert.deepEqual(readViewerFunctionResult(changed, event, request), {
    kind: 'request',
    request: {
      ...request,
      uri: '/c',
      querystring: 'x=3&x=4',
      headers: [
        { name: 'Host', value: 'viewer.example' },
        { name: 'Accept', value: 'text/html, */*' },
        { name: 'x-twice', value: 'first' },
        { name: 'x-twice', value: 'two' },
        { name: 'X-Relay-Authorization', value: 'Bearer t' },
      ],
    },
  });
});

test('takes a response that the function makes', () => {
  const event = toViewerFunctionEvent(request, context);
  const response = {
    statusCode: 302,
    statusDescription: 'Found',
    headers: { location: { value: '/new' } },
    cookies: { a: { value: '1' } },
    body: { encoding: 'base64', data: 'aGk=' },
  };
  assert.deepEqual(readViewerFunctionResult(response, event, request), {
    kind: 'response',
    response: {
      status: 302,
      statusDescription: 'Found',
      headers: [
        { name: 'Location', value: '/new' },
        { name: 'Set-Cookie', value: 'a=1' },
      ],
      body: Buffer.from('hi'),
      cacheResult: 'FunctionGeneratedResponse from cloudfront',
    },
  });
});

test('refuses what CloudFront refuses: no object, another method, read-only and disallowed headers, upper case', () => {
  const event = toViewerFunctionEvent(request, context);
  const results: readonly [unknown, string][] = [
    [undefined, 'The function must return a request or a response object.'],
    [change(event.request, (copy) => (copy.method = 'GET')), 'The function tried to change the method.'],
    [change(event.request, (copy) => (copy.uri = 'a')), 'The URI must begin with a slash.'],
    [
      change(event.request, (copy) => (copy.headers['host'] = { value: 'other' })),
      'The function tried to add, delete, or change a read-only header.',
    ],
    [
      change(event.request, (copy) => delete copy.headers['host']),
      'The function tried to add, delete, or change a read-only header.',
    ],
    [
      change(event.request, (copy) => (copy.headers['x-real-ip'] = { value: '1' })),
      'The function tried to add a header that is not allowed.',
    ],
    [change(event.request, (copy) => (copy.headers['X-A'] = { value: '1' })), 'Header names must be in lower case.'],
    [
      change(event.request, (copy) => (copy.headers['x-a'] = { value: 1 })),
      'Headers, cookies and query strings must be objects of { value } with a string.',
    ],
    [change(event.request, (copy) => (copy.uri = 1)), 'The URI must be a string.'],
    [
      change(event.request, (copy) => (copy.querystring = { a: { value: '#' } })),
      'The query string must not include spaces, control characters, or the fragment identifier (#).',
    ],
    [{ statusCode: '200' }, 'The statusCode must be an integer from 200 to 599.'],
    [{ statusCode: 199 }, 'The statusCode must be an integer from 200 to 599.'],
    [{ statusCode: 200, statusDescription: 'a\nb' }, 'The statusDescription must be a string of printable characters.'],
    [{ statusCode: 200, headers: { 'X-A': { value: '1' } } }, 'Header names must be in lower case.'],
    [{ statusCode: 200, body: { encoding: 'base64', data: '%' } }, 'The body is not valid base64.'],
    [
      { statusCode: 200, body: { encoding: 'hex', data: '00' } },
      'The body must be a string, and its encoding text or base64.',
    ],
  ];
  for (const [result, reason] of results) {
    assert.deepEqual(readViewerFunctionResult(result, event, request), { kind: 'invalid', reason });
  }
});

interface Loose {
  method: string;
  uri: unknown;
  headers: Record<string, unknown>;
  querystring: unknown;
  cookies: unknown;
}

function change(original: unknown, edit: (copy: Loose) => unknown): unknown {
  const copy = structuredClone(original) as Loose;
  edit(copy);
  return copy;
}
