import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../iam/decide.ts';
import type { AttachedPolicy } from '../iam/decide.ts';
import type { Selection } from '../iam/policy.ts';
import { createRequestContext } from '../iam/request-context.ts';
import type { DeployedRole } from './deployment.ts';
import { mayAssume, readRole } from './read-role.ts';
import { openTemplates } from './templates.ts';
import type { Templates } from './templates.ts';

const trust = (...services: readonly string[]): object => ({
  Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: services } },
});
const allow = (action: string, resource: unknown = '*'): object => ({
  Statement: [{ Effect: 'Allow', Action: action, Resource: resource }],
});
const basicExecution = {
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']],
};

const resources = {
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      Path: '/service/',
      AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
      ManagedPolicyArns: [basicExecution, { Ref: 'Managed' }],
      Policies: [{ PolicyName: 'Inline', PolicyDocument: allow('a:Inline') }],
      PermissionsBoundary: { Ref: 'Boundary' },
      Tags: [{ Key: 'Team', Value: 'blue' }],
    },
  },
  Other: {
    Type: 'AWS::IAM::Role',
    Properties: { RoleName: 'other', AssumeRolePolicyDocument: trust('edgelambda.amazonaws.com') },
  },
  Policy: {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyName: 'Policy',
      PolicyDocument: allow('a:Policy', { 'Fn::Cidr': ['10.0.0.0/16', 1, 8] }),
      Roles: [{ Ref: 'Other' }, { Ref: 'Role' }],
    },
  },
  RolePolicy: {
    Type: 'AWS::IAM::RolePolicy',
    Properties: { PolicyName: 'p', PolicyDocument: allow('a:RolePolicy'), RoleName: { Ref: 'Role' } },
  },
  Managed: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: allow('a:Managed') } },
  Attached: {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: { PolicyDocument: allow('a:Attached'), Roles: [{ Ref: 'Role' }] },
  },
  Boundary: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: allow('a:*') } },
  Stranger: {
    Type: 'AWS::IAM::Policy',
    Properties: { PolicyName: 's', PolicyDocument: allow('a:Stranger'), Roles: [{ Ref: 'Other' }] },
  },
};

test('reads all that a template attaches to a role, in whichever way, and nothing of another', () => {
  const { arn, name, accountId, policies, boundary, tags } = readRoleOf({ 'Fn::GetAtt': ['Role', 'Arn'] });
  assert.match(arn, /^arn:aws:iam::000000000000:role\/service\/Stack-Role-[A-Z0-9]{12}$/u);
  assert.deepEqual(
    { name, accountId, policies: policies?.map(summarize), boundary: boundary && summarize(boundary), tags },
    {
      name: arn.split('/').at(-1),
      accountId: '000000000000',
      policies: [
        'policy Inline of Role: a:Inline on *',
        'policy Policy: a:Policy on ?',
        'policy RolePolicy: a:RolePolicy on *',
        'policy Attached (its ARN): a:Attached on *',
        'policy service-role/AWSLambdaBasicExecutionRole (its ARN): ',
        'policy Managed (its ARN): a:Managed on *',
      ],
      boundary: 'policy Boundary (its ARN): a:* on *',
      tags: { Team: 'blue' },
    },
  );
});

test('leaves open what a role may do that no stack deploys', () => {
  assert.deepEqual(readRoleOf('arn:aws:iam::111122223333:role/a/b/Imported'), {
    arn: 'arn:aws:iam::111122223333:role/a/b/Imported',
    name: 'Imported',
    accountId: '111122223333',
    policies: undefined,
    boundary: undefined,
    trust: undefined,
    tags: {},
  });
});

test('finds the few policies of AWS that give what such a chain needs', () => {
  const allows = (policy: string, action: string, resource: string): boolean => {
    const Properties = {
      RoleName: 'r',
      AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
      ManagedPolicyArns: [`arn:aws:iam::aws:policy/${policy}`],
    };
    const role = readRoleOf({ 'Fn::GetAtt': ['Own', 'Arn'] }, { Own: { Type: 'AWS::IAM::Role', Properties } });
    const { arn: roleArn, accountId, policies: identity } = role;
    const principal = { kind: 'role', accountId, roleArn, sessionArn: roleArn } as const;
    const policies = { identity, boundary: undefined, resource: [], resourceAccountId: accountId };
    return decide({ principal, action, resource, context: createRequestContext({}) }, policies).kind === 'allowed';
  };
  const [runtime, secret] = [
    'arn:aws:bedrock-agentcore:eu-west-1:1:runtime/a',
    'arn:aws:secretsmanager:eu-west-1:1:secret:a',
  ];
  assert.deepEqual(
    [
      'service-role/AWSLambdaBasicExecutionRole',
      'BedrockAgentCoreFullAccess',
      'SecretsManagerReadWrite',
      'PowerUserAccess',
      'AdministratorAccess',
      'AmazonS3FullAccess',
    ].map((policy) => [
      policy,
      allows(policy, 'bedrock-agentcore:InvokeAgentRuntime', runtime),
      allows(policy, 'secretsmanager:GetSecretValue', secret),
    ]),
    [
      ['service-role/AWSLambdaBasicExecutionRole', false, false],
      ['BedrockAgentCoreFullAccess', true, false],
      ['SecretsManagerReadWrite', false, true],
      ['PowerUserAccess', true, true],
      ['AdministratorAccess', true, true],
      ['AmazonS3FullAccess', false, false],
    ],
  );
});

test('is not stopped by what only the deployment knows', () => {
  const cidr = { 'Fn::Cidr': ['10.0.0.0/16', 1, 8] };
  const { policies, boundary } = readRoleOf(
    { 'Fn::GetAtt': ['Open', 'Arn'] },
    {
      Open: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
          ManagedPolicyArns: [cidr],
          PermissionsBoundary: cidr,
        },
      },
      OfAnother: {
        Type: 'AWS::IAM::Policy',
        Properties: { PolicyName: 'o', PolicyDocument: allow('a:Other'), Roles: [cidr] },
      },
      OfNobody: {
        Type: 'AWS::IAM::RolePolicy',
        Properties: { PolicyName: 'n', PolicyDocument: allow('a:Nobody'), RoleName: cidr },
      },
    },
  );
  assert.deepEqual(
    [policies?.map(summarize), boundary && summarize(boundary)],
    [['policy that only the deployment knows: '], 'policy that only the deployment knows: '],
  );
});

test('knows who may assume a role, and takes what only AWS knows to be right', () => {
  const services = ['lambda.amazonaws.com', 'edgelambda.amazonaws.com'];
  const assumable = (document: unknown): readonly boolean[] => {
    const role = { Type: 'AWS::IAM::Role', Properties: { RoleName: 'r', AssumeRolePolicyDocument: document } };
    const deployed = readRoleOf({ 'Fn::GetAtt': ['Own', 'Arn'] }, { Own: role });
    return services.map((service) => mayAssume(deployed, service));
  };
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: services } };
  const here = { Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } } };
  assert.deepEqual(
    [
      assumable(trust('lambda.amazonaws.com')),
      assumable(trust(...services)),
      assumable(trust('bedrock-agentcore.amazonaws.com')),
      assumable({ Statement: [{ ...statement, ...here }] }),
      assumable({ Statement: [statement, { ...statement, Effect: 'Deny', Principal: { Service: services[1] } }] }),
      assumable({ Statement: { ...statement, Action: 'sts:TagSession' } }),
    ],
    [
      [true, false],
      [true, true],
      [false, false],
      [true, true],
      [true, false],
      [false, false],
    ],
  );
});

test('names the property of a policy that AWS would refuse', () => {
  const policy = {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyName: 'p',
      PolicyDocument: { Statement: { Effect: 'Permit', Action: '*', Resource: '*' } },
      Roles: [{ Ref: 'Other' }],
    },
  };
  assert.throws(() => readRoleOf({ 'Fn::GetAtt': ['Other', 'Arn'] }, { Wrong: policy }), {
    name: 'LocalChainError',
    message:
      'resource Wrong (AWS::IAM::Policy) of stack Stack: property PolicyDocument is malformed: Statement[0].Effect is "Permit"; it must be "Allow" or "Deny"',
  });
});

function summarize({ name, arn, policy }: AttachedPolicy): string {
  const texts = (selection: Selection | undefined): string =>
    (selection?.names ?? []).map((text) => (typeof text === 'string' ? text : '?')).join();
  const statements = policy.statements.map(({ actions, resources }) => `${texts(actions)} on ${texts(resources)}`);
  return `${name}${arn === undefined ? '' : ' (its ARN)'}: ${statements.join()}`;
}

/** The role that a function of a stack with these resources has. */
function readRoleOf(role: unknown, others: Readonly<Record<string, unknown>> = {}): DeployedRole {
  const templates = open({
    ...resources,
    ...others,
    Relay: { Type: 'AWS::Lambda::Function', Properties: { Role: role } },
  });
  const [relay = assert.fail('there is no function')] = templates.all('AWS::Lambda::Function');
  return readRole(relay.get('Role'), templates);
}

function open(stackResources: Readonly<Record<string, unknown>>): Templates {
  const stack = {
    name: 'Stack',
    region: undefined,
    accountId: undefined,
    resources: stackResources,
    parameters: {},
    outputs: {},
  };
  const assembly = { directory: '/nowhere', stacks: [stack], assets: new Map<string, string>() };
  return openTemplates(assembly, { accountId: '000000000000', region: 'eu-west-1' });
}
