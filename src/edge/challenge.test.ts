import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { challenge } from './challenge.ts';
import type { EdgeHeaders, EdgeOriginResponse, OriginResponseEvent } from './edge-event.ts';

test('gives the challenge its name back, under which a client looks for it', async () => {
  const response = {
    status: '401',
    statusDescription: 'Unauthorized',
    headers: {
      'content-type': [{ key: 'Content-Type', value: 'application/json' }],
      'x-amzn-remapped-www-authenticate': [
        { key: 'x-amzn-Remapped-www-authenticate', value: 'Bearer realm="agent", Basic realm="agent"' },
      ],
      'transfer-encoding': [{ key: 'Transfer-Encoding', value: 'chunked' }],
    },
  };
  assert.deepEqual(await challenge(eventOf(response)), {
    status: '401',
    statusDescription: 'Unauthorized',
    headers: {
      'content-type': [{ key: 'Content-Type', value: 'application/json' }],
      'transfer-encoding': [{ key: 'Transfer-Encoding', value: 'chunked' }],
      'www-authenticate': [{ key: 'WWW-Authenticate', value: 'Bearer realm="agent", Basic realm="agent"' }],
    },
  });
});

test('keeps each of several challenges, and one that was not renamed', async () => {
  const headers = {
    'www-authenticate': [{ key: 'WWW-Authenticate', value: 'Negotiate' }],
    'x-amzn-remapped-www-authenticate': [
      { value: 'Bearer' },
      { key: 'X-Amzn-Remapped-Www-Authenticate', value: 'Basic' },
    ],
  };
  const { headers: after } = await challenge(eventOf({ status: '401', headers }));
  assert.deepEqual(after, {
    'www-authenticate': [
      { key: 'WWW-Authenticate', value: 'Negotiate' },
      { key: 'WWW-Authenticate', value: 'Bearer' },
      { key: 'WWW-Authenticate', value: 'Basic' },
    ],
  });
});

for (const status of ['200', '401', '500']) {
  test(`gives a response of ${status} back as it came where it holds no challenge`, async () => {
    const headers: EdgeHeaders = {
      'set-cookie': [{ key: 'Set-Cookie', value: 'a=1' }, { value: 'b=2' }],
      'x-amzn-remapped-date': [{ key: 'x-amzn-Remapped-Date', value: 'today' }],
    };
    const response = { status, headers };
    const before = structuredClone(response);
    assert.equal(await challenge(eventOf(response)), response);
    assert.deepEqual(response, before);
  });
}

test('never fails, whatever a response is made of, because that would be a 503 in its place', async () => {
  const names = fc.constantFrom('x-amzn-remapped-www-authenticate', 'www-authenticate', '__proto__', 'vary');
  const headers = fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue()))));
  const responses = fc.oneof(fc.jsonValue(), fc.record({ status: fc.jsonValue(), headers }));
  await fc.assert(
    fc.asyncProperty(responses, async (response) => {
      const after: unknown = await challenge(eventOf(response as unknown as EdgeOriginResponse));
      assert.equal(typeof after, typeof response);
    }),
  );
  assert.equal(await challenge(eventOf(undefined)), undefined);
});

function eventOf(response: EdgeOriginResponse | undefined): OriginResponseEvent {
  return { Records: [{ cf: { config: { eventType: 'origin-response' }, response } }] } as OriginResponseEvent;
}
