import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coversResource, equals, isArnLike, isLike, readPattern } from './pattern.ts';
import { createRequestContext } from './request-context.ts';

const context = createRequestContext({
  'aws:PrincipalTag/Team': 'blue',
  'aws:PrincipalTag/Odd': 'a*:b',
  'aws:PrincipalTag/None': undefined,
});
const few = fc.string({ unit: fc.constantFrom('a', 'b', ':', '/', '*', '?', '.'), maxLength: 12 });

test('matches wildcards as a regular expression does that says the same', () => {
  fc.assert(
    fc.property(few, few, (pattern, text) => {
      const expression = pattern
        .replaceAll('.', String.raw`\.`)
        .replaceAll('?', '.')
        .replaceAll('*', '.*');
      assert.equal(isLike(readPattern(pattern, context), text), new RegExp(`^${expression}$`, 'u').test(text));
    }),
  );
});

test('is quick where a pattern has many wildcards and matches nothing', () => {
  const startedMs = performance.now();
  assert.equal(isLike(readPattern('*a'.repeat(50), undefined), `${'a'.repeat(5000)}b`), false);
  assert.ok(performance.now() - startedMs < 1000);
});

test('compares the parts of an ARN each by itself, so that a wildcard does not reach over a colon before the last', () => {
  const arn = 'arn:aws:iam::111122223333:role/a:b/c';
  for (const [pattern, isMatch] of [
    ['arn:aws:iam::111122223333:role/a:b/c', true],
    ['arn:aws:iam::111122223333:role/*', true],
    ['arn:*:iam:*:1111*:*', true],
    ['arn:aws:iam::111122223333:*:*', true],
    ['arn:aws:*:role/a:b/c', false],
    ['arn:aws:iam:*', false],
    ['*', false],
    ['arn:aws:iam::111122223333:ROLE/*', false],
  ] as const) {
    assert.equal(isArnLike(readPattern(pattern, undefined), arn), isMatch, pattern);
  }
});

test('completes what is missing at the end of a resource, and takes what is no ARN for a text', () => {
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-AbCdEf';
  for (const [pattern, resource, isMatch] of [
    ['*', arn, true],
    ['arn:aws:secretsmanager', arn, true],
    ['arn:aws:secretsmanager:eu-west-1:*', arn, true],
    ['arn:aws:secretsmanager:*:*:secret:a/b-??????', arn, true],
    ['arn:aws:secretsmanager:*:*:secret:a/b-?????', arn, false],
    ['arn:aws:secretsmanager:us-east-1', arn, false],
    ['arn:aws:secretsmanager:*:secret:a/b-AbCdEf', arn, false],
    ['*', 'a/b', true],
    ['arn:aws:secretsmanager:*', 'a/b', false],
  ] as const) {
    assert.equal(coversResource(readPattern(pattern, undefined), resource), isMatch, pattern);
  }
});

test('replaces variables by what they stand for, and takes nothing in it for a wildcard', () => {
  for (const [pattern, text, expected] of [
    ['home/${aws:PrincipalTag/Team}/*', 'home/blue/x', true],
    ['home/${AWS:principaltag/team}/*', 'home/blue/x', true],
    ['${aws:PrincipalTag/Odd}', 'a*:b', true],
    ['${aws:PrincipalTag/Odd}', 'axx:b', false],
    ['${*}${?}${$}', '*?$', true],
    ['${*}', 'x', false],
    ["team-${aws:PrincipalTag/None, 'all, really'}", 'team-all, really', true],
    ['team-${aws:PrincipalTag/None}', 'team-', false],
    ['a$b', 'a$b', true],
    ['${aws:SourceIp}', '1.2.3.4', { doubt: 'nobody here knows ${aws:SourceIp}' }],
  ] as const) {
    assert.deepEqual(isLike(readPattern(pattern, context), text), expected, pattern);
  }
  assert.equal(equals(readPattern('${aws:PrincipalTag/Team}', undefined), '${aws:PrincipalTag/Team}'), true);
});

test('takes a variable in an ARN for a part of its last part, whatever it holds', () => {
  const pattern = readPattern('arn:aws:x:::home/${aws:PrincipalTag/Odd}', context);
  assert.deepEqual(
    ['arn:aws:x:::home/a*:b', 'arn:aws:x:::home/aa:b'].map((arn) => isArnLike(pattern, arn)),
    [true, false],
  );
});
