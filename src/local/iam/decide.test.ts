import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LocalChainError } from '../local-chain-error.ts';
import { describeDenial, explainDenial } from './access-denied.ts';
import { decide } from './decide.ts';
import type { ApplicablePolicies, AttachedPolicy, Decision } from './decide.ts';
import { readPolicy } from './policy.ts';
import { createRequestContext } from './request-context.ts';
import type { AccessRequest } from './statement.ts';

const accountId = '111122223333';
const role = `arn:aws:iam::${accountId}:role/service/Relay`;
const session = `arn:aws:sts::${accountId}:assumed-role/Relay/relay-function`;
const secret = `arn:aws:secretsmanager:eu-west-1:${accountId}:secret:keys-AbCdEf`;
const action = 'secretsmanager:GetSecretValue';

const request: AccessRequest = {
  principal: { kind: 'role', accountId, roleArn: role, sessionArn: session },
  action,
  resource: secret,
  context: createRequestContext({ 'aws:PrincipalArn': role, 'aws:PrincipalAccount': accountId }),
};

const allow = { Effect: 'Allow', Action: action, Resource: secret };
const deny = { ...allow, Effect: 'Deny' };
const allowTo = (principal: unknown): object => ({ ...allow, Principal: principal });
const denyTo = (principal: unknown): object => ({ ...deny, Principal: principal });

interface Loose {
  readonly identity?: readonly unknown[];
  readonly boundary?: readonly unknown[];
  readonly resource?: readonly unknown[];
}

function policiesOf(
  { identity = [], boundary, resource = [] }: Loose,
  resourceAccountId = accountId,
): ApplicablePolicies {
  const attach = (name: string, kind: 'identity' | 'resource', statements: readonly unknown[]): AttachedPolicy => ({
    name,
    arn: `arn:aws:iam::${accountId}:policy/${name}`,
    policy: readPolicy({ Version: '2012-10-17', Statement: statements }, kind),
  });
  return {
    identity: [attach('own', 'identity', identity)],
    boundary: boundary === undefined ? undefined : attach('boundary', 'identity', boundary),
    resource: [attach('resource', 'resource', resource)],
    resourceAccountId,
  };
}

const summarize = (decision: Decision): string =>
  decision.kind === 'allowed' ? 'allowed' : `${decision.how} by ${decision.policyType}`;
const [allowed, byIdentity, byBoundary, byResource] = [
  'allowed',
  'implicit by identity-based policy',
  'implicit by permissions boundary',
  'implicit by resource-based policy',
];

for (const [what, policies, expected] of [
  ['nothing is said', {}, byIdentity],
  ['the role allows it', { identity: [allow] }, allowed],
  [
    'the role allows the action in another case',
    { identity: [{ ...allow, Action: 'SecretsManager:get*value' }] },
    allowed,
  ],
  ['the role allows another action', { identity: [{ ...allow, Action: 'secretsmanager:Describe*' }] }, byIdentity],
  [
    'the role allows another resource',
    { identity: [{ ...allow, Resource: secret.replace('keys', 'Keys') }] },
    byIdentity,
  ],
  [
    'the role allows all but other actions',
    { identity: [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }] },
    allowed,
  ],
  [
    'the role allows all but this action',
    { identity: [{ Effect: 'Allow', NotAction: 'secretsmanager:*', Resource: '*' }] },
    byIdentity,
  ],
  [
    'the role allows all but this resource',
    { identity: [{ Effect: 'Allow', Action: '*', NotResource: `${secret.slice(0, -6)}*` }] },
    byIdentity,
  ],
  ['the role allows it and denies it', { identity: [allow, deny] }, 'explicit by identity-based policy'],
  [
    'the role allows it under a condition that does not hold',
    { identity: [{ ...allow, Condition: { StringEquals: { 'aws:PrincipalAccount': '1' } } }] },
    byIdentity,
  ],
  ['the boundary allows it, and the role does not', { boundary: [allow] }, byIdentity],
  ['the role allows it, and the boundary does not', { identity: [allow], boundary: [] }, byBoundary],
  ['the role and the boundary allow it', { identity: [allow], boundary: [allow] }, allowed],
  ['the boundary denies it', { identity: [allow], boundary: [allow, deny] }, 'explicit by permissions boundary'],
  ['the resource allows the role', { resource: [allowTo({ AWS: role })] }, allowed],
  [
    'the resource allows the role, and the boundary does not',
    { boundary: [], resource: [allowTo({ AWS: role })] },
    byBoundary,
  ],
  [
    'the resource allows the session, and the boundary does not',
    { boundary: [], resource: [allowTo({ AWS: session })] },
    allowed,
  ],
  [
    'the resource allows everybody, and the boundary does not',
    { boundary: [], resource: [allowTo({ AWS: '*' })] },
    allowed,
  ],
  [
    'the resource allows its account, which leaves it to the role',
    { resource: [allowTo({ AWS: accountId })] },
    byIdentity,
  ],
  ['the resource allows another role', { resource: [allowTo({ AWS: `${role}2` })] }, byIdentity],
  ['the resource allows a service', { resource: [allowTo({ Service: 'lambda.amazonaws.com' })] }, byIdentity],
  ['the resource allows all but others', { resource: [{ ...allow, NotPrincipal: { AWS: '999999999999' } }] }, allowed],
  [
    'the resource denies the role',
    { identity: [allow], resource: [denyTo({ AWS: role })] },
    'explicit by resource-based policy',
  ],
  [
    'the resource denies the account',
    { identity: [allow], resource: [denyTo({ AWS: `arn:aws:iam::${accountId}:root` })] },
    'explicit by resource-based policy',
  ],
  ['the resource denies another account', { identity: [allow], resource: [denyTo({ AWS: '999999999999' })] }, allowed],
  [
    'the resource denies everybody but the role, by a condition',
    { identity: [allow], resource: [{ ...denyTo('*'), Condition: { ArnNotEquals: { 'aws:PrincipalArn': role } } }] },
    allowed,
  ],
  [
    'the resource denies everybody but another role, by a condition',
    {
      identity: [allow],
      resource: [{ ...denyTo('*'), Condition: { ArnNotEquals: { 'aws:PrincipalArn': `${role}2` } } }],
    },
    'explicit by resource-based policy',
  ],
  [
    'the resource denies all but the session, the role and the account',
    { identity: [allow], resource: [{ ...deny, NotPrincipal: { AWS: [session, role, accountId] } }] },
    allowed,
  ],
  [
    'the resource denies all but the role, without its session',
    { identity: [allow], resource: [{ ...deny, NotPrincipal: { AWS: [role, accountId] } }] },
    'explicit by resource-based policy',
  ],
] as const satisfies readonly (readonly [string, Loose, string])[]) {
  test(`is ${expected} within an account where ${what}`, () => {
    assert.equal(summarize(decide(request, policiesOf(policies))), expected);
  });
}

test('needs both sides across accounts, and takes an account for all who are in it', () => {
  const outcomes = (
    [
      { identity: [allow] },
      { resource: [allowTo({ AWS: role })] },
      { identity: [allow], resource: [allowTo({ AWS: role })] },
      { identity: [allow], resource: [allowTo({ AWS: accountId })] },
      { identity: [allow], boundary: [], resource: [allowTo('*')] },
    ] as const
  ).map((policies) => summarize(decide(request, policiesOf(policies, '999999999999'))));
  assert.deepEqual(outcomes, [byResource, byIdentity, allowed, allowed, byBoundary]);
});

test('lets of a service only the policies of the resource decide', () => {
  const asked: AccessRequest = { ...request, principal: { kind: 'service', name: 'cloudfront.amazonaws.com' } };
  const service = { Service: 'cloudfront.amazonaws.com' };
  const outcomes = (
    [
      { identity: [allow] },
      { resource: [allowTo(service)] },
      { resource: [allowTo('*')] },
      { resource: [allowTo(service), denyTo(service)] },
      { resource: [allowTo({ Service: 'lambda.amazonaws.com' })] },
    ] as const
  ).map((policies) => summarize(decide(asked, policiesOf(policies))));
  assert.deepEqual(outcomes, [byResource, allowed, allowed, 'explicit by resource-based policy', byResource]);
});

test('takes a role that nobody here knows to be allowed, unless the resource denies it', () => {
  const unknown = (resource: readonly unknown[]): Decision =>
    decide(request, { ...policiesOf({ resource }), identity: undefined });
  assert.deepEqual([unknown([]), unknown([denyTo('*')])].map(summarize), [
    allowed,
    'explicit by resource-based policy',
  ]);
});

test('takes a Deny to apply where only AWS knows whether it does, an Allow not to, and says why', () => {
  const fromOffice = { Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } };
  const decisions = [
    { identity: [{ ...allow, Sid: 'Office', ...fromOffice }] },
    { identity: [allow, { ...deny, ...fromOffice }] },
    { identity: [{ ...allow, Resource: new LocalChainError('the local chain cannot evaluate Fn::Cidr') }] },
    { identity: [allow, { ...deny, Action: 'secretsmanager:Put*', ...fromOffice }] },
  ].map((policies) => decide(request, policiesOf(policies)));
  assert.deepEqual(
    decisions.map((decision) => [summarize(decision), decision.doubts]),
    [
      [byIdentity, ['statement Office of own is taken not to apply: nobody here knows aws:SourceIp']],
      ['explicit by identity-based policy', ['Statement[1] of own is taken to apply: nobody here knows aws:SourceIp']],
      [byIdentity, ['Statement[0] of own is taken not to apply: the local chain cannot evaluate Fn::Cidr']],
      [allowed, []],
    ],
  );
});

test("denies in AWS's words, and explains in ours", () => {
  const words = (policies: Loose, account?: string): readonly string[] => {
    const decision = decide(request, policiesOf(policies, account));
    return decision.kind === 'denied'
      ? [describeDenial(request, decision), explainDenial(request, decision)]
      : assert.fail('it is allowed');
  };
  const user = `User: ${session} is not authorized to perform: ${action} on resource: ${secret}`;
  const ours = `the role Relay may not ${action} on ${secret}:`;
  assert.deepEqual(
    [
      words({}),
      words({ identity: [allow], boundary: [] }),
      words({ identity: [allow] }, '999999999999'),
      words({ identity: [deny] }),
      words({ boundary: [deny] }),
      words({ resource: [denyTo('*')] }),
    ],
    [
      [
        `${user} because no identity-based policy allows the ${action} action`,
        `${ours} no identity-based policy allows it`,
      ],
      [
        `${user} because no permissions boundary allows the ${action} action`,
        `${ours} no permissions boundary allows it`,
      ],
      [
        `${user} because no resource-based policy allows the ${action} action`,
        `${ours} no resource-based policy allows it`,
      ],
      [
        `${user} with an explicit deny in an identity-based policy: arn:aws:iam::${accountId}:policy/own`,
        `${ours} own denies it`,
      ],
      [
        `${user} with an explicit deny in a permissions boundary: arn:aws:iam::${accountId}:policy/boundary`,
        `${ours} boundary denies it`,
      ],
      [`${user} with an explicit deny in a resource-based policy`, `${ours} resource denies it`],
    ],
  );
});

const principals = fc.constantFrom<unknown>(
  '*',
  { AWS: role },
  { AWS: session },
  { AWS: accountId },
  { AWS: '999999999999' },
);
const statementWith = (effects: readonly string[], withPrincipal: boolean): fc.Arbitrary<object> =>
  fc.record({
    Effect: fc.constantFrom(...effects),
    Action: fc.constantFrom('*', action, 'secretsmanager:*', 's3:*'),
    Resource: fc.constantFrom('*', secret, `${secret}2`),
    ...(withPrincipal && { Principal: principals }),
  });
const statements = (withPrincipal: boolean): fc.Arbitrary<object[]> =>
  fc.array(statementWith(['Allow', 'Deny'], withPrincipal), { maxLength: 3 });
const anyPolicies: fc.Arbitrary<Required<Omit<Loose, 'boundary'>> & Pick<Loose, 'boundary'>> = fc.record(
  { identity: statements(false), boundary: statements(false), resource: statements(true) },
  { requiredKeys: ['identity', 'resource'] },
);
const accounts = fc.constantFrom(accountId, '999999999999');

test('lets a Deny win wherever it stands', () => {
  fc.assert(
    fc.property(
      anyPolicies,
      accounts,
      fc.constantFrom('identity', 'boundary', 'resource'),
      (policies, account, place) => {
        const added = place === 'resource' ? denyTo('*') : deny;
        const changed = { ...policies, [place]: [...(policies[place] ?? []), added] };
        const decision = decide(request, policiesOf(changed, account));
        assert.ok(decision.kind === 'denied' && decision.how === 'explicit');
      },
    ),
  );
});

test('never takes anything away by another Allow, and gives nothing by another Deny or by a boundary', () => {
  const isAllowed = (policies: Loose, account: string): boolean =>
    decide(request, policiesOf(policies, account)).kind === 'allowed';
  fc.assert(
    fc.property(
      anyPolicies,
      accounts,
      statementWith(['Allow', 'Deny'], false),
      statementWith(['Allow', 'Deny'], true),
      statements(false),
      (policies, account, own, ofResource, boundary) => {
        const before = isAllowed(policies, account);
        for (const [changed, isMore] of [
          [{ ...policies, identity: [...policies.identity, own] }, 'Effect' in own && own.Effect === 'Allow'],
          [
            { ...policies, resource: [...policies.resource, ofResource] },
            'Effect' in ofResource && ofResource.Effect === 'Allow',
          ],
          ...(policies.boundary === undefined ? ([[{ ...policies, boundary }, false]] as const) : []),
        ] as const) {
          const after = isAllowed(changed, account);
          assert.ok(before === after || isMore === after);
        }
      },
    ),
  );
});
