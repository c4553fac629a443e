import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RelayError } from '../errors.ts';
import { checkPrompt, readJsonBody, readOptionalString } from './request-body.ts';

const request = (body: string) => ({
  method: 'POST',
  query: new URLSearchParams(),
  headers: {},
  body: new TextEncoder().encode(body),
});

function refusal(action: () => unknown): readonly [string, string] {
  let thrown: RelayError | undefined;
  assert.throws(action, (error) => {
    thrown = error as RelayError;
    return true;
  });
  return [thrown?.code ?? '', thrown?.message ?? ''];
}

describe('a JSON body', () => {
  it('is read whatever its members are called', () => {
    const fields = readJsonBody(request('{"__proto__":{"prompt":"x"},"prompt":"é 👩‍👩‍👧"}'));
    assert.equal(fields['prompt'], 'é 👩‍👩‍👧');
    assert.equal(Object.getPrototypeOf(fields), Object.prototype);
  });

  it('is refused with what it is instead of an object', () => {
    assert.deepEqual(
      ['', '{"a":', '[1]', 'null', '"text"', 'true'].map((body) => refusal(() => readJsonBody(request(body)))),
      [
        ['invalid_json', 'the body must be a JSON object, got nothing'],
        ['invalid_json', 'the body must be a JSON object, got something else'],
        ['invalid_request', 'the body must be a JSON object, got an array'],
        ['invalid_request', 'the body must be a JSON object, got null'],
        ['invalid_request', 'the body must be a JSON object, got a string'],
        ['invalid_request', 'the body must be a JSON object, got a boolean'],
      ],
    );
  });
});

describe('a prompt', () => {
  it('is refused where it is blank or too long', () => {
    assert.deepEqual(
      [refusal(() => checkPrompt('the last message', ' \n\t', 10)), refusal(() => checkPrompt('"prompt"', 'abc', 2))],
      [
        ['invalid_prompt', 'the last message must not be empty'],
        ['payload_too_large', '"prompt" has 3 characters, at most 2 are allowed'],
      ],
    );
    assert.equal(checkPrompt('"prompt"', ' ab ', 4), ' ab ');
  });
});

describe('a member that may be left out', () => {
  it('is undefined also where it is null, and refused where it is no string', () => {
    assert.deepEqual(
      [readOptionalString({}, 'id'), readOptionalString({ id: null }, 'id'), readOptionalString({ id: 'a' }, 'id')],
      [undefined, undefined, 'a'],
    );
    assert.deepEqual(
      refusal(() => readOptionalString({ id: 7 }, 'id')),
      ['invalid_request', '"id" must be a string, got a number'],
    );
  });
});
