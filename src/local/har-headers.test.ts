import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { maskHeader, maskPath } from './har-headers.ts';

const mask = (name: string, value: string): string => maskHeader({ name, value }).value;

const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
const apiKey = 'relay_Zm9vYmFyYmF6cXV1eGZvb2JhcmJhenF1dXhmb29iYXI';

test('masks what is a credential by its name, but for its scheme', () => {
  for (const [name, value, expected] of [
    ['Authorization', `Bearer ${apiKey}`, 'Bearer (masked)'],
    ['authorization', 'Basic YTpi', 'Basic (masked)'],
    ['authorization', 'hunter2 is a bare word', '(masked)'],
    ['x-relay-authorization', `Bearer ${token}`, 'Bearer (masked)'],
    ['Proxy-Authorization', 'x', '(masked)'],
    ['cookie', 'sid=1; theme=dark', '(masked)'],
    ['Set-Cookie', 'sid=1; HttpOnly', '(masked)'],
    ['x-api-key', 'short', '(masked)'],
    ['X-Amz-Security-Token', 'local', '(masked)'],
    ['x-amzn-bedrock-agentcore-runtime-session-id', 'a'.repeat(33), '(masked)'],
    ['x-my-token', 'tiny', '(masked)'],
    ['x-hub-signature', 'sha1=00', '(masked)'],
    ['x-session', '1', '(masked)'],
    ['my_secret', '1', '(masked)'],
    ['x-accesstoken', 'tiny', '(masked)'],
    ['x-userpassword', 'hunter2', '(masked)'],
    ['x-sessionid', 'abc', '(masked)'],
    ['x-pwd', 'hunter2', '(masked)'],
    ['x-privatekey', 'tiny', '(masked)'],
    ['x-pin', '1234', '(masked)'],
    ['x-thread-id', 'abc', '(masked)'],
    ['x-conversation-id', 'abc', '(masked)'],
    ['x-authenticate', 'hunter2', '(masked)'],
  ] as const) {
    assert.equal(mask(name, value), expected, name);
  }
});

test('leaves of a signature what it covers and where it counts', () => {
  const value =
    'AWS4-HMAC-SHA256 Credential=ASIALOCALRELAY000000/20261122/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef';
  assert.equal(
    mask('authorization', value),
    'AWS4-HMAC-SHA256 Credential=(masked)/20261122/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=(masked)',
  );
  assert.equal(mask('authorization', `${value}, Extra=hunter2`), '(masked)');
});

test('masks in any header what looks like a secret, and leaves the rest of the value', () => {
  for (const [value, expected] of [
    [`use ${token} now`, 'use (masked) now'],
    [apiKey, '(masked)'],
    ['id ASIALOCALRELAY000000.', 'id (masked).'],
    ['say Bearer abc, please', 'say Bearer (masked), please'],
    [
      'https://a.example/b?prompt=my%20life&x=1#id_token=1',
      'https://a.example/b?prompt=(masked)&x=(masked)#id_token=(masked)',
    ],
    ['https://me:pass@a.example/', 'https://(masked)@a.example/'],
    ['0123456789abcdef0123456789abcdef', '(masked)'],
  ] as const) {
    assert.equal(mask('x-note', value), expected);
  }
  assert.equal(mask('baggage', 'session.id=abc,theme=dark'), 'session.id=(masked),theme=dark');
  assert.equal(maskPath(`/a/${apiKey}/b`), '/a/(masked)/b');
  assert.equal(maskPath('/threads/0b7a3f6e-4c3f-4a36-8d59-6a0c7ce2f7a1'), '/threads/(masked)');
  assert.equal(maskPath('/a;jsessionid=abc/b;v=1'), '/a;jsessionid=(masked)/b;v=1');
});

test('leaves what says what happened', () => {
  for (const [name, value] of [
    ['content-type', 'text/event-stream; charset=utf-8'],
    ['accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
    ['www-authenticate', 'Bearer realm="agentcore-relay", error="invalid_token"'],
    ['x-amzn-remapped-www-authenticate', 'Basic realm="relay"'],
    ['x-amz-content-sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['x-amz-date', '20261122T224800Z'],
    ['x-amz-cf-id', 'x4TyzHTaYWb1GX1qTfsHhEqV6HUDd_BzoBZnwfnvQc_1oF26ClkoUS=='],
    ['x-amzn-RequestId', '0b7a3f6e-4c3f-4a36-8d59-6a0c7ce2f7a1'],
    ['x-amzn-trace-id', 'Root=1-6741f0aa-0123456789abcdef01234567;Sampled=0'],
    ['x-amzn-tls-cipher-suite', 'TLS_AES_128_GCM_SHA256'],
    ['access-control-allow-credentials', 'true'],
    ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
    ['host', 'abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws'],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0'],
  ] as const) {
    assert.equal(mask(name, value), value, name);
  }
});

test('keeps no random secret, whatever the header is called and whatever stands around it', () => {
  const secret = fc
    .uint8Array({ minLength: 16, maxLength: 64 })
    .chain((bytes) => fc.constantFrom(Buffer.from(bytes).toString('base64url'), Buffer.from(bytes).toString('hex')));
  const isRandom = (text: string): boolean => /[A-Za-z]/u.test(text) && /\d/u.test(text);
  const around = fc.constantFrom('', ' ', 'token=', '"', ',', ';', '?key=', 'Bearer ');
  const name = fc.constantFrom('x-note', 'authorization', 'cookie', 'x-anything', 'referer', 'location', 'forwarded');
  fc.assert(
    fc.property(name, around, secret.filter(isRandom), around, (header, before, value, after) => {
      assert.ok(!mask(header, `${before}${value}${after}`).includes(value));
    }),
  );
});
