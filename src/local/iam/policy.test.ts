import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalChainError } from '../local-chain-error.ts';
import { readPolicy } from './policy.ts';

const allow = { Effect: 'Allow', Action: 'a:B', Resource: '*' };

test('reads a policy with one statement or many, one value or many, and what is not known yet', () => {
  const unknown = new LocalChainError('the local chain does not know the attribute Arn');
  assert.deepEqual(readPolicy({ Version: '2012-10-17', Statement: allow }, 'identity'), {
    hasVariables: true,
    statements: [
      {
        name: 'Statement[0]',
        effect: 'Allow',
        principals: undefined,
        actions: { kind: 'only', names: ['a:B'] },
        resources: { kind: 'only', names: ['*'] },
        conditions: [],
      },
    ],
  });
  const statement = {
    Sid: 'Some',
    Effect: 'Deny',
    NotPrincipal: { AWS: ['111122223333', unknown], Service: 'lambda.amazonaws.com' },
    NotAction: ['a:B', 'a:C'],
    NotResource: [unknown],
    Condition: { Bool: { 'aws:SecureTransport': false }, NumericLessThan: { 'a:Count': [1, '2'] } },
  };
  assert.deepEqual(readPolicy({ Statement: [statement] }, 'resource'), {
    hasVariables: false,
    statements: [
      {
        name: 'statement Some',
        effect: 'Deny',
        principals: {
          kind: 'except',
          names: [
            { kind: 'AWS', name: '111122223333' },
            { kind: 'Service', name: 'lambda.amazonaws.com' },
          ],
        },
        actions: { kind: 'except', names: ['a:B', 'a:C'] },
        resources: { kind: 'except', names: [{ doubt: unknown.message }] },
        conditions: [
          { operator: 'Bool', key: 'aws:SecureTransport', values: ['false'] },
          { operator: 'NumericLessThan', key: 'a:Count', values: ['1', '2'] },
        ],
      },
    ],
  });
});

test('leaves open a condition of which nothing is known, and takes a principal that is not known for another', () => {
  const unknown = new LocalChainError('nobody here knows it');
  const conditionsOf = (conditions: unknown): unknown =>
    readPolicy({ Statement: { ...allow, Condition: conditions } }, 'identity').statements[0]?.conditions;
  assert.deepEqual(
    [conditionsOf(unknown), conditionsOf({ Bool: unknown, Null: { 'a:B': true } })],
    [[{ doubt: unknown.message }], [{ doubt: unknown.message }, { operator: 'Null', key: 'a:B', values: ['true'] }]],
  );
  const policy = readPolicy({ Statement: { ...allow, Principal: unknown } }, 'resource');
  assert.deepEqual(policy.statements[0]?.principals, { kind: 'only', names: [] });
});

for (const [what, document, kind, message] of [
  ['is no object', [], 'identity', 'is no policy: it must be a JSON object'],
  ['has no statement', {}, 'identity', 'Statement[0] must be an object'],
  [
    'has another effect',
    { Statement: [{ ...allow, Effect: 'allow' }] },
    'identity',
    'Statement[0].Effect is "allow"; it must be "Allow" or "Deny"',
  ],
  [
    'names a principal in a role',
    { Statement: { ...allow, Principal: '*' } },
    'identity',
    'Statement[0] must not have Principal',
  ],
  [
    'names none in a resource',
    { Statement: allow },
    'resource',
    'Statement[0] must have one of Principal and NotPrincipal',
  ],
  [
    'names a resource in a trust policy',
    { Statement: { ...allow, Principal: '*' } },
    'trust',
    'Statement[0] must not have Resource',
  ],
  [
    'names both actions and others',
    { Statement: { ...allow, NotAction: 'a:C' } },
    'identity',
    'Statement[0] must have one of Action and NotAction',
  ],
  [
    'has an object for a text',
    { Statement: { ...allow, Action: { a: 1 } } },
    'identity',
    'Statement[0].Action must be a string or a list of strings',
  ],
  [
    'has a text for a principal',
    { Statement: { ...allow, Principal: 'me' } },
    'resource',
    'Statement[0].Principal is "me"; it must be "*" or an object',
  ],
  [
    'has a text for conditions',
    { Statement: { ...allow, Condition: 'x' } },
    'identity',
    'Statement[0].Condition must be an object',
  ],
  [
    'has a text for a condition',
    { Statement: { ...allow, Condition: { Bool: 'x' } } },
    'identity',
    'Statement[0].Condition.Bool must be an object',
  ],
] as const) {
  test(`refuses a policy that ${what}`, () => {
    assert.throws(() => readPolicy(document, kind), { name: 'LocalChainError', message });
  });
}
