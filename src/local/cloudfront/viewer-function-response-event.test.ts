import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ViewerRequest } from './messages.ts';
import { readViewerFunctionResponseResult, toViewerFunctionResponseEvent } from './viewer-function-response-event.ts';

const request: ViewerRequest = {
  method: 'GET',
  uri: '/a',
  querystring: '',
  headers: [{ name: 'Host', value: 'viewer.example' }],
  clientIp: '192.0.2.7',
};

const response = {
  status: 200,
  headers: [
    { name: 'Content-Type', value: 'text/plain' },
    { name: 'X-Twice', value: 'one' },
    { name: 'x-twice', value: 'two' },
    { name: 'Set-Cookie', value: 'a=1; Secure; Path=/' },
    { name: 'set-cookie', value: 'a=2' },
    { name: 'X-Amzn-RequestId', value: 'r' },
  ],
};

const context = { distributionDomainName: 'd1.cloudfront.net', distributionId: 'E1', requestId: 'r1' };
const event = toViewerFunctionResponseEvent(request, response, context);

test('shows the response with its cookies apart, and no header that functions do not see', () => {
  assert.deepEqual(event, {
    version: '1.0',
    context: { ...context, eventType: 'viewer-response' },
    viewer: { ip: '192.0.2.7' },
    request: { method: 'GET', uri: '/a', querystring: {}, headers: { host: { value: 'viewer.example' } }, cookies: {} },
    response: {
      statusCode: 200,
      statusDescription: 'OK',
      headers: {
        'content-type': { value: 'text/plain' },
        'x-twice': { value: 'one', multiValue: [{ value: 'one' }, { value: 'two' }] },
      },
      cookies: {
        a: {
          value: '1',
          attributes: 'Secure; Path=/',
          multiValue: [{ value: '1', attributes: 'Secure; Path=/' }, { value: '2' }],
        },
      },
    },
  });
});

test('goes on with the same response and its body where the function changes nothing', () => {
  assert.deepEqual(readViewerFunctionResponseResult(structuredClone(event.response), response), {
    kind: 'response',
    response: {
      status: 200,
      statusDescription: 'OK',
      headers: [
        { name: 'Content-Type', value: 'text/plain' },
        { name: 'x-twice', value: 'one' },
        { name: 'x-twice', value: 'two' },
        { name: 'Set-Cookie', value: 'a=1; Secure; Path=/' },
        { name: 'Set-Cookie', value: 'a=2' },
        { name: 'X-Amzn-RequestId', value: 'r' },
      ],
      body: undefined,
    },
  });
});

test('takes another status, other headers and cookies, and another body', () => {
  const changed = {
    statusCode: 404,
    headers: { 'x-new-header': { value: '1' } },
    cookies: { b: { value: '3', attributes: 'HttpOnly' } },
    body: 'gone',
  };
  assert.deepEqual(readViewerFunctionResponseResult(changed, response), {
    kind: 'response',
    response: {
      status: 404,
      statusDescription: undefined,
      headers: [
        { name: 'X-New-Header', value: '1' },
        { name: 'Set-Cookie', value: 'b=3; HttpOnly' },
        { name: 'X-Amzn-RequestId', value: 'r' },
        { name: 'Content-Length', value: '4' },
      ],
      body: Buffer.from('gone'),
    },
  });
});

test('refuses what CloudFront refuses, in a sentence', () => {
  const withHeader = (name: string): unknown => ({ ...event.response, headers: { [name]: { value: '1' } } });
  const results: readonly [unknown, string][] = [
    [undefined, 'The function must return a response object.'],
    [event.request, 'The statusCode must be an integer from 200 to 599.'],
    [withHeader('via'), 'The function tried to add, delete, or change a read-only header.'],
    [withHeader('warning'), 'The function tried to add, delete, or change a read-only header.'],
    [withHeader('x-cache'), 'The function tried to add a header that is not allowed.'],
    [{ statusCode: 200, cookies: { a: 1 } }, 'The headers and the cookies must be objects of { value } with a string.'],
  ];
  for (const [result, reason] of results) {
    assert.deepEqual(readViewerFunctionResponseResult(result, response), { kind: 'invalid', reason });
  }
});
