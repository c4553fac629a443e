import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { bodyHash } from './body-hash.ts';
import type { EdgeHeaders, EdgeRequest, EdgeRequestBody, OriginRequestEvent } from './edge-event.ts';

/** SHA-256 of nothing, as every signer of AWS writes it. */
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('signs the bytes of a body that is not UTF-8', async () => {
  const bytes = Buffer.from([0x00, 0xff, 0xfe, 0xc3, 0x28, 0x80]);
  const answer = await bodyHash(originRequest('POST', { body: base64Body(bytes) }));
  assert.deepEqual(answer, {
    method: 'POST',
    headers: {
      'x-amz-content-sha256': [
        { key: 'x-amz-content-sha256', value: 'eef0b611891b3940ce2f2ea8644483e50ea34e96e402703139b36f81761ea943' },
      ],
    },
    body: base64Body(bytes),
  });
});

test('signs the bytes of a prompt that is more than ASCII', async () => {
  const bytes = Buffer.from('{"prompt":"Grüße, 世界 🌍"}');
  assert.deepEqual(await hashOf('POST', base64Body(bytes)), sha256(bytes));
});

test('reads a body that an earlier function has set as text', async () => {
  const data = '{"prompt":"héllo"}';
  const hash = await hashOf('POST', { inputTruncated: false, encoding: 'text', data });
  assert.equal(hash, sha256(Buffer.from(data)));
});

for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']) {
  test(`signs nothing as nothing for ${method} without a body`, async () => {
    assert.equal(await hashOf(method, base64Body(Buffer.alloc(0))), emptyHash);
    assert.equal(await hashOf(method, undefined), emptyHash);
  });
}

for (const method of ['PUT', 'PATCH', 'DELETE']) {
  test(`signs the body of ${method}`, async () => {
    const bytes = Buffer.from('{"a":1}');
    assert.equal(await hashOf(method, base64Body(bytes)), sha256(bytes));
  });
}

test("replaces every value of the viewer's own hash", async () => {
  const headers = {
    'x-amz-content-sha256': [
      { key: 'X-Amz-Content-Sha256', value: 'UNSIGNED-PAYLOAD' },
      { key: 'X-Amz-Content-Sha256', value: emptyHash },
    ],
    'user-agent': [{ key: 'User-Agent', value: 'curl/8.0' }],
  };
  const bytes = Buffer.from('{"prompt":"hi"}');
  const answer = await bodyHash(originRequest('POST', { headers, body: base64Body(bytes) }));
  assert.deepEqual(answer.headers, {
    'x-amz-content-sha256': [{ key: 'x-amz-content-sha256', value: sha256(bytes) }],
    'user-agent': [{ key: 'User-Agent', value: 'curl/8.0' }],
  });
});

test('answers 413 instead of signing the beginning of a body', async () => {
  const body = { ...base64Body(Buffer.alloc(1_048_576, 'a')), inputTruncated: true };
  const answer = await bodyHash(originRequest('POST', { body }));
  const sessionId = answer.headers['x-runtime-session-id']?.[0]?.value ?? '';
  assert.match(sessionId, /^[0-9a-f-]{36}$/u);
  assert.deepEqual(answer, {
    status: '413',
    statusDescription: 'Payload Too Large',
    headers: {
      'content-type': [{ key: 'content-type', value: 'application/json' }],
      'cache-control': [{ key: 'cache-control', value: 'no-store' }],
      'x-request-id': [{ key: 'x-request-id', value: 'edge-request-1==' }],
      'x-runtime-session-id': [{ key: 'x-runtime-session-id', value: sessionId }],
    },
    body: '{"error":{"code":"payload_too_large","message":"the body is too large; at most 1 MB is allowed","requestId":"edge-request-1=="}}',
  });
});

test('writes nothing of a body anywhere', () => {
  const body = base64Body(Buffer.from('{"prompt":"secret"}'));
  const events = [body, { ...body, inputTruncated: true }].map((each) => originRequest('POST', { body: each }));
  const program = `
    const { bodyHash } = await import(${JSON.stringify(new URL('body-hash.ts', import.meta.url).href)});
    for (const event of ${JSON.stringify(events)}) await bodyHash(event);
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
});

function originRequest(method: string, parts: { headers?: EdgeHeaders; body?: EdgeRequestBody }): OriginRequestEvent {
  const request: EdgeRequest = { method, headers: {}, ...parts };
  return { Records: [{ cf: { config: { requestId: 'edge-request-1==' }, request } }] };
}

async function hashOf(method: string, body: EdgeRequestBody | undefined): Promise<string | undefined> {
  const answer = await bodyHash(originRequest(method, body === undefined ? {} : { body }));
  return answer.headers['x-amz-content-sha256']?.[0]?.value;
}

function base64Body(bytes: Buffer): EdgeRequestBody {
  return { inputTruncated: false, encoding: 'base64', data: bytes.toString('base64') };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
