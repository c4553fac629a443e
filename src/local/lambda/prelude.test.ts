import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LambdaFunctionError } from './lambda-function-error.ts';
import { createPreludeParser } from './prelude.ts';
import type { PreludeAndRest } from './prelude.ts';

const delimiter = Buffer.alloc(8);

describe('the prelude of a streamed answer', () => {
  it('is found however its bytes are cut, also within a character and within the delimiter', () => {
    const json = '{"statusCode":201,"headers":{"x-name":"zo\u00eb","n":1,"b":true},"cookies":["a=b"]}';
    const bytes = Buffer.concat([Buffer.from(json), delimiter, Buffer.from('body\0')]);
    const expected = {
      prelude: { statusCode: 201, headers: { 'x-name': 'zo\u00eb', n: '1', b: 'true' }, cookies: ['a=b'] },
      body: 'body\0',
    };
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.deepEqual(parse([bytes.subarray(0, cut), bytes.subarray(cut)]), expected, `cut at ${cut}`);
    }
    assert.deepEqual(parse([...bytes].map((byte) => Buffer.of(byte))), expected);
  });

  it('takes the first eight NULs as the delimiter where the body begins with more', () => {
    const bytes = Buffer.concat([Buffer.from('{}'), delimiter, delimiter]);
    assert.deepEqual(parse([bytes]), {
      prelude: { statusCode: 200, headers: {}, cookies: [] },
      body: delimiter.toString(),
    });
  });

  it('is 200 without headers where it says nothing', () => {
    const bytes = Buffer.concat([Buffer.from('{"statusCode":null,"headers":null,"cookies":null}'), delimiter]);
    assert.deepEqual(parse([bytes]), { prelude: { statusCode: 200, headers: {}, cookies: [] }, body: '' });
  });

  for (const [json, reason] of Object.entries({
    'bad request': 'it is not JSON',
    '[]': 'it must be an object, not []',
    '{"statusCode":99}': 'its statusCode is 99; it must be 100 to 599',
    '{"statusCode":"x"}': 'its statusCode is "x"; it must be 100 to 599',
    '{"headers":[]}': 'its headers must be an object',
    '{"headers":{"a":["b"]}}': 'its header a must be a string, a number or a boolean',
    '{"cookies":"a=b"}': 'its cookies must be a list of strings',
  })) {
    it(`is refused where it is ${json}`, () => {
      const parser = createPreludeParser();
      assert.throws(() => parser.push(Buffer.concat([Buffer.from(json), delimiter])), refusal(reason));
    });
  }

  it('is refused where the answer ends without it, as after end("text") without write()', () => {
    const reason = 'HttpResponseStream.from sends the prelude with the first write(), never with end()';
    const parser = createPreludeParser();
    assert.equal(parser.push(Buffer.from('only-end')), undefined);
    assert.throws(() => parser.end(), refusal(`the answer ends after 8 bytes without one: ${reason}`));
  });

  it('may be missing where nothing is there at all', () => {
    assert.equal(createPreludeParser().end(), undefined);
  });

  it('is not looked for in more than a mebibyte', () => {
    const parser = createPreludeParser();
    assert.equal(parser.push(Buffer.alloc(1_048_576, 0x61)), undefined);
    assert.throws(() => parser.push(Buffer.from('a')), refusal('there is none in the first 1048576 bytes'));
  });
});

function parse(chunks: readonly Uint8Array[]): { readonly prelude: unknown; readonly body: string } {
  const parser = createPreludeParser();
  let found: PreludeAndRest | undefined;
  const body: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (found === undefined) {
      found = parser.push(chunk);
      body.push(found?.rest ?? Buffer.alloc(0));
    } else {
      body.push(chunk);
    }
  }
  return { prelude: found?.prelude, body: Buffer.concat(body).toString() };
}

function refusal(reason: string): LambdaFunctionError {
  return new LambdaFunctionError(
    'function-error',
    'Runtime.InvalidPrelude',
    `the prelude is missing or wrong: ${reason}`,
  );
}
