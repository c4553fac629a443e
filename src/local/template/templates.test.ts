import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloudAssembly, StackTemplate } from './cloud-assembly.ts';
import { openTemplates } from './templates.ts';
import type { Templates } from './templates.ts';

const environment = { accountId: '000000000000', region: 'eu-west-1' };

test('resolves every intrinsic that a synthesized chain uses to what CloudFormation would give', () => {
  const templates = open({
    Probe: {
      Type: 'Test::Probe',
      Properties: {
        joined: { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }, { Ref: 'AWS::AccountId' }]] },
        substituted: { 'Fn::Sub': '${AWS::Partition} ${Url.FunctionUrl} ${!Literal}' },
        withVariables: { 'Fn::Sub': ['${Name}.${AWS::URLSuffix}', { Name: { Ref: 'Limit' } }] },
        host: { 'Fn::Select': [2, { 'Fn::Split': ['/', { 'Fn::GetAtt': ['Url', 'FunctionUrl'] }] }] },
        dotted: { 'Fn::GetAtt': 'Relay.Arn' },
        version: { Ref: 'Version' },
        alias: { Ref: 'Alias' },
        absent: { Ref: 'AWS::NoValue' },
        list: ['a', { Ref: 'AWS::NoValue' }, 'b'],
      },
    },
    Relay: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'relay' } },
    Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Relay' } } },
    Alias: { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Relay' }, Name: 'live' } },
    Url: { Type: 'AWS::Lambda::Url', Properties: { TargetFunctionArn: { 'Fn::GetAtt': ['Relay', 'Arn'] } } },
  });
  const [probe] = templates.all('Test::Probe');
  const url = probe?.get('host').string() ?? '';
  assert.match(url, /^[a-z0-9]{32}\.lambda-url\.eu-west-1\.on\.aws$/u);
  assert.deepEqual(
    Object.fromEntries(
      ['joined', 'substituted', 'withVariables', 'dotted', 'version', 'alias'].map((name) => [
        name,
        probe?.get(name).string(),
      ]),
    ),
    {
      joined: 'a-eu-west-1-000000000000',
      substituted: `aws https://${url}/ \${Literal}`,
      withVariables: '7.amazonaws.com',
      dotted: 'arn:aws:lambda:eu-west-1:000000000000:function:relay',
      version: 'arn:aws:lambda:eu-west-1:000000000000:function:relay:1',
      alias: 'arn:aws:lambda:eu-west-1:000000000000:function:relay:live',
    },
  );
  assert.equal(probe?.get('absent').isMissing, true);
  assert.deepEqual(probe?.get('list').strings(), ['a', 'b']);
});

test("takes the account and the region of the stack's own environment before the local ones", () => {
  const stack: StackTemplate = {
    ...stackOf({
      Probe: {
        Type: 'Test::Probe',
        Properties: { arn: { 'Fn::Sub': '${AWS::Partition}:${AWS::Region}:${AWS::AccountId}' } },
      },
    }),
    region: 'cn-north-1',
    accountId: '123456789012',
  };
  const [probe] = openTemplates(assemblyOf(stack), environment).all('Test::Probe');
  assert.equal(probe?.get('arn').string(), 'aws-cn:cn-north-1:123456789012');
});

test('follows a value that another stack exports', () => {
  const exporting: StackTemplate = {
    ...stackOf({ Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: 'shared' } } }),
    name: 'Exporting',
    outputs: { Out: { Value: { Ref: 'Group' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Group' } } } },
  };
  const importing = stackOf({
    Probe: { Type: 'Test::Probe', Properties: { name: { 'Fn::ImportValue': 'Exporting:Group' } } },
  });
  const [probe] = openTemplates(assemblyOf(exporting, importing), environment).all('Test::Probe');
  assert.equal(probe?.get('name').string(), 'shared');
});

test("follows another stack's output, without an export, from the region that is named", () => {
  const outputOf = (region: string): StackTemplate => ({
    ...stackOf({ Group: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: { Ref: 'AWS::Region' } } } }),
    name: 'Producing',
    region,
    outputs: { Out: { Value: { Ref: 'Group' } } },
  });
  const read = (name: string, output: Readonly<Record<string, string>>) =>
    stackOf({ [name]: { Type: 'Test::Probe', Properties: { name: { 'Fn::GetStackOutput': output } } } });
  const consuming = [
    read('There', { StackName: 'Producing', OutputName: 'Out', Region: 'us-east-1' }),
    read('Here', { StackName: 'Producing', OutputName: 'Out' }),
    read('Nowhere', { StackName: 'Producing', OutputName: 'Other' }),
  ];
  const stacks = [outputOf('us-east-1'), outputOf('eu-west-1'), ...consuming];
  const [there, here, nowhere] = openTemplates(assemblyOf(...stacks), environment).all('Test::Probe');
  assert.deepEqual([there?.get('name').string(), here?.get('name').string()], ['us-east-1', 'eu-west-1']);
  assert.throws(() => nowhere?.get('name').string(), {
    message:
      'resource Nowhere (Test::Probe) of stack Front: property name: no stack Producing in eu-west-1 has the output "Other"',
  });
});

test('gives a user pool and its clients ids like those of AWS, so that a relay that takes their tokens starts', () => {
  const [probe] = open({
    Pool: { Type: 'AWS::Cognito::UserPool' },
    Client: { Type: 'AWS::Cognito::UserPoolClient' },
    Probe: {
      Type: 'Test::Probe',
      Properties: { ids: [{ Ref: 'Pool' }, { Ref: 'Client' }, { 'Fn::GetAtt': ['Pool', 'UserPoolId'] }] },
    },
  }).all('Test::Probe');
  const [pool, client, ...others] = probe?.get('ids').strings() ?? [];
  assert.match(pool ?? '', /^eu-west-1_[A-Z0-9]{9}$/u);
  assert.match(client ?? '', /^[a-z0-9]{26}$/u);
  assert.deepEqual(others, [pool]);
});

test('names the resource and the property where a value cannot be had', () => {
  const [probe] = open({
    Group: { Type: 'AWS::Logs::LogGroup' },
    Probe: {
      Type: 'Test::Probe',
      Properties: {
        condition: { 'Fn::If': ['IsLocal', 'a', 'b'] },
        intrinsic: { 'Fn::Cidr': ['10.0.0.0/8', 1, 8] },
        unknown: { Ref: 'Nowhere' },
        attribute: { 'Fn::GetAtt': ['Group', 'DomainName'] },
        inner: { list: 'text' },
      },
    },
  }).all('Test::Probe');
  const owner = 'resource Probe (Test::Probe) of stack Front: property';
  for (const [read, message] of [
    [() => probe?.get('condition').string(), `${owner} condition: stack Front has no condition IsLocal`],
    [() => probe?.get('intrinsic').list(), `${owner} intrinsic: the local chain cannot evaluate Fn::Cidr`],
    [() => probe?.get('unknown').string(), `${owner} unknown: stack Front has no resource or parameter Nowhere`],
    [
      () => probe?.get('attribute').string(),
      `${owner} attribute: the local chain does not know the attribute DomainName of resource Group (AWS::Logs::LogGroup) of stack Front`,
    ],
    [() => probe?.get('inner').get('list').list(), `${owner} inner.list must be a list`],
    [() => probe?.get('inner').get('name').string(), `${owner} inner.name is missing`],
  ] as const) {
    assert.throws(read, { name: 'LocalChainError', message });
  }
});

function open(resources: Readonly<Record<string, unknown>>): Templates {
  return openTemplates(assemblyOf(stackOf(resources)), environment);
}

function stackOf(resources: Readonly<Record<string, unknown>>): StackTemplate {
  return {
    name: 'Front',
    region: undefined,
    accountId: undefined,
    resources,
    parameters: { Limit: { Type: 'Number', Default: 7 } },
    outputs: {},
  };
}

function assemblyOf(...stacks: readonly StackTemplate[]): CloudAssembly {
  return { directory: '/nowhere', stacks, assets: new Map() };
}
