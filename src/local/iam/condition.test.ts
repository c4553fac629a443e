import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holds } from './condition.ts';
import type { RequestContext } from './request-context.ts';
import { createRequestContext } from './request-context.ts';

const arn = 'arn:aws:iam::111122223333:role/service/Relay';
const known = createRequestContext({
  'aws:PrincipalArn': arn,
  'aws:PrincipalAccount': '111122223333',
  'aws:SecureTransport': 'true',
  'aws:CurrentTime': '2026-11-22T20:00:00Z',
  'aws:EpochTime': '1795377600',
  'test:Count': '10',
  'test:Address': '203.0.113.7',
  'test:Address6': '2001:db8::7',
  'test:None': undefined,
});
const context: RequestContext = {
  valuesOf: (key) => (key === 'test:Many' ? ['a', 'b'] : known.valuesOf(key)),
};

for (const [operator, key, values, expected] of [
  ['StringEquals', 'aws:PrincipalAccount', ['999999999999', '111122223333'], true],
  ['stringequals', 'AWS:principalaccount', ['111122223333'], true],
  ['StringEquals', 'aws:PrincipalArn', [arn.toLowerCase()], false],
  ['StringEquals', 'aws:PrincipalArn', ['arn:*'], false],
  ['StringEqualsIgnoreCase', 'aws:PrincipalArn', [arn.toUpperCase()], true],
  ['StringNotEqualsIgnoreCase', 'aws:PrincipalArn', [arn.toUpperCase()], false],
  ['StringNotEquals', 'aws:PrincipalAccount', ['999999999999', '111122223333'], false],
  ['StringNotEquals', 'aws:PrincipalAccount', ['999999999999', '888888888888'], true],
  ['StringLike', 'aws:PrincipalArn', ['arn:*:role/*'], true],
  ['StringNotLike', 'aws:PrincipalArn', ['arn:*:role/*'], false],
  ['StringEquals', 'aws:PrincipalAccount', ['${aws:PrincipalAccount}'], true],
  ['StringEquals', 'aws:PrincipalAccount', ['${test:None}'], false],
  ['StringNotEquals', 'aws:PrincipalAccount', ['${test:None}'], true],
  ['ArnLike', 'aws:PrincipalArn', ['arn:aws:iam::111122223333:role/service/*'], true],
  ['ArnEquals', 'aws:PrincipalArn', ['arn:aws:iam::*:role/service/Rela?'], true],
  ['ArnEquals', 'aws:PrincipalArn', ['arn:*:role/service/Relay'], false],
  ['ArnNotEquals', 'aws:PrincipalArn', [arn], false],
  ['ArnNotLike', 'aws:PrincipalArn', ['arn:aws:iam::*:role/Other'], true],
  ['Bool', 'aws:SecureTransport', ['True'], true],
  ['Bool', 'aws:SecureTransport', ['false'], false],
  ['Null', 'test:None', ['true'], true],
  ['Null', 'test:None', ['false'], false],
  ['Null', 'aws:PrincipalArn', ['false'], true],
  ['Null', 'aws:PrincipalArn', ['true'], false],
  ['NumericEquals', 'test:Count', ['10.0'], true],
  ['NumericNotEquals', 'test:Count', ['10'], false],
  ['NumericLessThan', 'test:Count', ['10'], false],
  ['NumericLessThanEquals', 'test:Count', ['10'], true],
  ['NumericGreaterThan', 'test:Count', ['9'], true],
  ['NumericGreaterThanEquals', 'test:Count', ['11'], false],
  ['NumericEquals', 'aws:PrincipalArn', ['10'], false],
  ['DateGreaterThan', 'aws:CurrentTime', ['2026-01-01T00:00:00Z'], true],
  ['DateLessThan', 'aws:CurrentTime', ['2026-01-01'], false],
  ['DateEquals', 'aws:CurrentTime', ['1795377600'], true],
  ['DateNotEquals', 'aws:EpochTime', ['2026-11-22T20:00:00Z'], false],
  ['DateLessThanEquals', 'aws:EpochTime', ['2026-11-22T20:00:00Z'], true],
  ['DateGreaterThanEquals', 'aws:CurrentTime', ['2027-01-01T00:00:00Z'], false],
  ['IpAddress', 'test:Address', ['198.51.100.0/24', '203.0.113.0/24'], true],
  ['IpAddress', 'test:Address', ['203.0.113.8'], false],
  ['IpAddress', 'test:Address', ['203.0.113.0/99', 'nonsense'], false],
  ['NotIpAddress', 'test:Address', ['203.0.113.0/24'], false],
  ['IpAddress', 'test:Address6', ['2001:DB8::/32'], true],
  ['IpAddress', 'test:Address6', ['203.0.113.0/24'], false],
  ['StringEquals', 'test:None', ['x'], false],
  ['StringNotEquals', 'test:None', ['x'], true],
  ['StringEqualsIfExists', 'test:None', ['x'], true],
  ['StringNotEqualsIfExists', 'aws:PrincipalAccount', ['111122223333'], false],
  ['BoolIfExists', 'aws:SecureTransport', ['false'], false],
  ['ForAllValues:StringEquals', 'test:Many', ['a', 'b', 'c'], true],
  ['ForAllValues:StringEquals', 'test:Many', ['a'], false],
  ['ForAllValues:StringEquals', 'test:None', ['a'], true],
  ['ForAnyValue:StringLike', 'test:Many', ['?'], true],
  ['ForAnyValue:StringEquals', 'test:Many', ['c'], false],
  ['ForAnyValue:StringEquals', 'test:None', ['c'], false],
  ['ForAnyValue:StringNotEquals', 'test:None', ['c'], false],
  ['ForAllValues:StringNotEquals', 'test:Many', ['a'], false],
  ['ForAnyValue:StringNotEquals', 'test:Many', ['a'], true],
  ['ForAnyValue:StringEqualsIfExists', 'test:None', ['c'], true],
  ['StringEquals', 'aws:SourceVpc', ['vpc-1'], false],
  ['StringNotEquals', 'aws:SourceVpce', ['vpce-1'], true],
] as const) {
  test(`${operator} ${key} ${values.join(' ')} is ${expected}`, () => {
    assert.equal(holds({ operator, key, values }, context, context), expected);
  });
}

test('is in doubt about an operator and a key that only AWS knows, also where they are asked to be absent', () => {
  const doubtOf = (operator: string, key: string, value: string) =>
    holds({ operator, key, values: [value] }, context, context);
  assert.deepEqual(
    [
      doubtOf('StringResembles', 'aws:PrincipalArn', 'x'),
      doubtOf('IpAddress', 'aws:SourceIp', '203.0.113.0/24'),
      doubtOf('StringEqualsIfExists', 'aws:PrincipalOrgID', 'o-1'),
      doubtOf('Null', 'aws:ResourceTag/a', 'true'),
      doubtOf('StringNotEquals', 'aws:PrincipalArn', '${aws:userid}'),
    ],
    [
      { doubt: 'the operator StringResembles is not known here' },
      { doubt: 'nobody here knows aws:SourceIp' },
      { doubt: 'nobody here knows aws:PrincipalOrgID' },
      { doubt: 'nobody here knows aws:ResourceTag/a' },
      { doubt: 'nobody here knows ${aws:userid}' },
    ],
  );
});

test('has no variables where the policy is of an old version', () => {
  const condition = { operator: 'StringEquals', key: 'aws:PrincipalAccount', values: ['${aws:PrincipalAccount}'] };
  assert.equal(holds(condition, context, undefined), false);
});
