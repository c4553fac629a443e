import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBodySizeRule, describeBodyLimit, findInspectionLimit, writeGreaterThan } from './body-size-rule.ts';

test('writes an expression for exactly the numbers that are greater', () => {
  const near = fc.nat(2_000_000).chain((limit) => fc.tuple(fc.constant(limit), fc.integer({ min: -200, max: 200 })));
  fc.assert(
    fc.property(
      fc.oneof(
        near.map(([limit, distance]) => [limit, Math.max(0, limit + distance)] as const),
        fc.tuple(fc.nat(2_000_000), fc.nat(Number.MAX_SAFE_INTEGER)),
      ),
      fc.nat(3),
      ([limit, value], zeros) => {
        const isGreater = new RegExp(writeGreaterThan(limit), 'u').test('0'.repeat(zeros) + String(value));
        assert.equal(isGreater, value > limit, `${value} > ${limit}`);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('writes no expression that AWS WAF would refuse, for any limit that is allowed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_048_576 }), (limit) => {
      const expression = writeGreaterThan(limit);
      assert.ok(expression.length <= 512, expression);
      assert.doesNotMatch(expression, /\\|\(\?[=!<]/u);
    }),
  );
});

test('takes no text for a number', () => {
  const expression = new RegExp(writeGreaterThan(1_048_576), 'u');
  assert.deepEqual(
    ['', '-1048577', '1048577x', '1048577, 1', '1e9', '1048577'].map((text) => expression.test(text)),
    [false, false, false, false, false, true],
  );
});

const contentLength = { singleHeader: { Name: 'content-length' } };
const textTransformations = [{ priority: 0, type: 'NONE' }];
const isLonger = (size: number) => ({
  sizeConstraintStatement: {
    fieldToMatch: { body: { oversizeHandling: 'MATCH' } },
    comparisonOperator: 'GT',
    size,
    textTransformations,
  },
});
const isDeclaredLonger = (size: number) => ({
  regexMatchStatement: { fieldToMatch: contentLength, regexString: writeGreaterThan(size), textTransformations },
});

test('measures bodies up to the size that AWS WAF can be made to look at', () => {
  assert.deepEqual([1, 16_384, 16_385, 32_768, 32_769, 65_536, 65_537, 1_048_576].map(findInspectionLimit), [
    undefined,
    undefined,
    'KB_32',
    'KB_32',
    'KB_48',
    'KB_64',
    undefined,
    undefined,
  ]);
  assert.deepEqual(createBodySizeRule(20_000).statement, isLonger(20_000));
});

test('believes the declared size beyond that, and lets a body without one through to the edge, which measures it', () => {
  assert.deepEqual(createBodySizeRule(1_048_576).statement, isDeclaredLonger(1_048_576));
});

test('refuses a long body of undeclared size where the edge would take more than is allowed', () => {
  const isDeclared = {
    sizeConstraintStatement: { fieldToMatch: contentLength, comparisonOperator: 'GT', size: 0, textTransformations },
  };
  assert.deepEqual(createBodySizeRule(100_000).statement, {
    orStatement: {
      statements: [
        isDeclaredLonger(100_000),
        { andStatement: { statements: [isLonger(16_384), { notStatement: { statement: isDeclared } }] } },
      ],
    },
  });
});

test('tells whoever is refused what is allowed', () => {
  assert.deepEqual([1_048_576, 100_000, 20_000].map(describeBodyLimit), [
    'the body is too large; at most 1048576 bytes are allowed',
    'the body is too large; at most 100000 bytes are allowed, and over 16384 it has to say its size in "content-length"',
    'the body is too large; at most 20000 bytes are allowed',
  ]);
});
