import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readBufferedPayload } from './buffered-payload.ts';

describe('what a function gives as a whole', () => {
  for (const [payload, body] of Object.entries({
    '{"hello":"world"}': '{"hello":"world"}',
    '{"statusCode":null,"body":"x"}': '{"statusCode":null,"body":"x"}',
    '["hello",3,true]': '["hello",3,true]',
    '"hello"': 'hello',
    '3.1': '3.1',
    true: 'true',
    null: 'null',
    '': '',
    '{"statusCode":404}\0\0\0\0\0\0\0\0body': '{"statusCode":404}\0\0\0\0\0\0\0\0body',
  })) {
    it(`is the body of a 200 where it says no status: ${JSON.stringify(payload)}`, () => {
      assert.deepEqual(read(payload), {
        statusCode: 200,
        headers: { 'content-type': 'application/json' },
        cookies: [],
        body,
      });
    });
  }

  it('is status, headers, cookies and body where it says a status', () => {
    const payload = {
      statusCode: 201,
      headers: { 'Content-Type': 'text/plain', 'x-count': 1, 'x-flag': true, 'x-none': null },
      cookies: ['a=1; Path=/', 'b=2'],
      body: 'h\u00e9',
    };
    assert.deepEqual(read(JSON.stringify(payload)), {
      statusCode: 201,
      headers: { 'content-type': 'text/plain', 'x-count': '1', 'x-flag': 'true' },
      cookies: ['a=1; Path=/', 'b=2'],
      body: 'h\u00e9',
    });
  });

  for (const [payload, expected] of [
    ['{"statusCode":"418","body":"teapot"}', [418, 'teapot']],
    ['{"statusCode":204}', [204, '']],
    ['{"statusCode":200,"body":{"a":1}}', [200, '{"a":1}']],
    ['{"statusCode":200,"body":"aMOp","isBase64Encoded":true}', [200, 'h\u00e9']],
    ['{"statusCode":200,"body":"aMOp","isBase64Encoded":"true"}', [200, 'aMOp']],
    ['{"statusCode":"none"}', [Number.NaN, '']],
  ] as const) {
    it(`has the status and the body of ${payload}`, () => {
      const { statusCode, body } = read(payload) as { readonly statusCode: number; readonly body: string };
      assert.deepEqual([statusCode, body], expected);
    });
  }

  for (const payload of [
    '{"statusCode":200,"headers":[]}',
    '{"statusCode":200,"headers":{"a":["b"]}}',
    '{"statusCode":200,"cookies":"a=1"}',
    '{"statusCode":200,"cookies":[1]}',
  ]) {
    it(`is no answer where it is ${payload}`, () => assert.equal(read(payload), undefined));
  }

  it('is read whatever it is', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((json) => Buffer.from(json)),
      fc
        .record({ statusCode: fc.jsonValue(), headers: fc.jsonValue(), cookies: fc.jsonValue(), body: fc.jsonValue() })
        .map((answer) => Buffer.from(JSON.stringify(answer))),
    );
    fc.assert(fc.property(bytes, (payload) => readBufferedPayload(payload)?.statusCode !== null));
  });
});

function read(payload: string): unknown {
  const answer = readBufferedPayload(Buffer.from(payload));
  return answer === undefined
    ? undefined
    : { ...answer, body: Buffer.from(answer.body as Uint8Array).toString('utf8') };
}
