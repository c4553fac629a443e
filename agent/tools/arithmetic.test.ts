import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluate } from './arithmetic.ts';

test('binds and associates as on paper', () => {
  const expected: Readonly<Record<string, number>> = {
    '12*(3+4)': 84,
    '2 + 3 * 4': 14,
    '10 - 4 - 3': 3,
    '100 / 5 / 2': 10,
    '17 % 5': 2,
    '2^3^2': 512,
    '-2^2': -4,
    '2^-1': 0.5,
    '2--3': 5,
    '.5 * 4': 2,
    '6 × 7 ÷ 2 − 1': 20,
    '0.1 + 0.2': 0.3,
    '((1))': 1,
  };
  const got = Object.fromEntries(Object.keys(expected).map((expression) => [expression, evaluate(expression)]));
  assert.deepEqual(got, expected);
});

test('says what is wrong with what it cannot work out', () => {
  const expected: Readonly<Record<string, string>> = {
    '': 'the expression ends too early',
    '1 +': 'the expression ends too early',
    '1 / 0': 'a number cannot be divided by zero',
    '1 % 0': 'a number cannot be divided by zero',
    '(1 + 2': 'a parenthesis is not closed',
    '1 2': '"2" stands where an operator is expected',
    '1 + )': '")" stands where a number is expected',
    'process.exit()': '"p" stands where a number is expected',
    '9^9^9': 'the result is too large for a number',
    [`${'('.repeat(100_000)}1`]: 'the expression is nested too deeply; at most 64 levels are allowed',
  };
  const got = Object.fromEntries(Object.keys(expected).map((expression) => [expression, messageOf(expression)]));
  assert.deepEqual(got, expected);
});

test('gives a finite number or a sentence, whatever the text', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123456789.+-*/%^() ×÷a'.split('')), maxLength: 60 });
  fc.assert(
    fc.property(text, (expression) => {
      const message = messageOf(expression);
      if (message === undefined) assert.ok(Number.isFinite(evaluate(expression)));
      else assert.match(message, /^["a-z].*[a-z]$/u);
    }),
  );
});

function messageOf(expression: string): string | undefined {
  try {
    evaluate(expression);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
}
