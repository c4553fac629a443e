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

test('refers to a resource that is called as what every object has', () => {
  const templates = open({
    Probe: { Type: 'Test::Probe', Properties: { name: { Ref: 'constructor' } } },
    constructor: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'relay' } },
  });
  assert.equal(templates.all('Test::Probe')[0]?.get('name').string(), 'relay');
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

test('evaluates conditions, and leaves out the resources and the members whose condition does not hold', () => {
  const [probe, ...others] = openTemplates(
    assemblyOf({
      ...stackOf({
        Probe: {
          Type: 'Test::Probe',
          Condition: 'IsEither',
          Properties: {
            stage: { 'Fn::If': ['IsLive', 'live', 'test'] },
            list: ['a', { 'Fn::If': ['IsLive', 'b', { Ref: 'AWS::NoValue' }] }],
            record: { kept: '1', left: { 'Fn::If': ['IsLive', '2', { Ref: 'AWS::NoValue' }] } },
          },
        },
        Gone: { Type: 'Test::Probe', Condition: 'IsLive' },
        AlsoGone: { Type: 'Test::Probe', Condition: 'IsNeither' },
      }),
      parameters: { Stage: { Type: 'String', Default: 'live' }, Count: { Type: 'Number', Default: 1 } },
      conditions: {
        IsLive: { 'Fn::Equals': [{ Ref: 'Stage' }, 'live'] },
        IsOne: { 'Fn::Equals': [{ Ref: 'Count' }, '1'] },
        IsEither: { 'Fn::Or': [{ Condition: 'IsLive' }, { Condition: 'IsOne' }] },
        IsBoth: { 'Fn::And': [{ Condition: 'IsLive' }, { Condition: 'IsOne' }] },
        IsNeither: {
          'Fn::And': [{ 'Fn::Not': [{ Condition: 'IsEither' }] }, { 'Fn::Not': [{ Condition: 'IsBoth' }] }],
        },
      },
    }),
    { ...environment, parameters: { Stage: 'test' } },
  ).all('Test::Probe');
  assert.deepEqual(
    {
      others,
      stage: probe?.get('stage').string(),
      list: probe?.get('list').strings(),
      record: probe?.get('record').record(),
    },
    { others: [], stage: 'test', list: ['a'], record: { kept: '1' } },
  );
});

test('says which condition there is not, depends on itself, or is none', () => {
  const readWith = (conditions: Readonly<Record<string, unknown>>) => () =>
    openTemplates(
      assemblyOf({ ...stackOf({ Probe: { Type: 'Test::Probe', Condition: 'Asked' } }), conditions }),
      environment,
    ).all('Test::Probe');
  for (const [conditions, message] of [
    [{}, 'stack Front has no condition Asked'],
    [
      { Asked: { Condition: 'Other' }, Other: { Condition: 'Asked' } },
      'condition Asked of stack Front depends on itself',
    ],
    [
      { Asked: { 'Fn::Contains': [] } },
      'condition Asked of stack Front is {"Fn::Contains":[]}; it must be Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition',
    ],
  ] as const) {
    assert.throws(readWith(conditions), { name: 'LocalChainError', message });
  }
});

test('says what depends on itself, and which condition depends on a resource', () => {
  const circular = open({
    Named: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: { 'Fn::Sub': '${Named}-more' } } },
  }).all('AWS::Lambda::Function');
  const [named] = circular;
  assert.throws(() => named?.get('FunctionName').string(), {
    name: 'LocalChainError',
    message: /resource Named \(AWS::Lambda::Function\) of stack Front.Ref depends on itself$/u,
  });
  const stack = {
    ...stackOf({ Probe: { Type: 'Test::Probe', Condition: 'Asked' } }),
    conditions: { Asked: { 'Fn::Equals': [{ Ref: 'Probe' }, 'a'] } },
  };
  assert.throws(() => openTemplates(assemblyOf(stack), environment).all('Test::Probe'), {
    name: 'LocalChainError',
    message: 'a condition of stack Front depends on a resource; it may on parameters only',
  });
});

test('waits with a condition for an SSM parameter of another stack', () => {
  const storing = {
    ...stackOf({ Stored: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/stage', Value: 'live' } } }),
    name: 'Storing',
  };
  const asking = {
    ...stackOf({ Probe: { Type: 'Test::Probe', Condition: 'IsLive' } }),
    parameters: { Stage: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/stage' } },
    conditions: { IsLive: { 'Fn::Equals': [{ Ref: 'Stage' }, 'live'] } },
  };
  assert.equal(openTemplates(assemblyOf(asking, storing), environment).all('Test::Probe').length, 1);
});

test('reads mappings, lists of parameters, and parameters that SSM has', () => {
  const [probe] = openTemplates(
    assemblyOf({
      ...stackOf({
        Stored: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/names', Type: 'StringList', Value: 'x,y' } },
        Probe: {
          Type: 'Test::Probe',
          Properties: {
            values: [
              { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'Memory'] },
              { 'Fn::FindInMap': ['Sizes', 'none', 'Memory', { DefaultValue: { Ref: 'Stage' } }] },
              { 'Fn::Select': [1, { Ref: 'Listed' }] },
              { 'Fn::Join': ['-', { Ref: 'FromStore' }] },
              { 'Fn::Base64': { Ref: 'Stage' } },
              { 'Fn::Length': { Ref: 'Listed' } },
              { 'Fn::ToJsonString': { stage: { Ref: 'Stage' }, list: [{ Ref: 'AWS::Region' }] } },
            ],
            missing: { 'Fn::FindInMap': ['Sizes', 'none', 'Memory'] },
            elsewhere: { Ref: 'Elsewhere' },
          },
        },
      }),
      parameters: {
        Stage: { Type: 'String', Default: 'live' },
        Listed: { Type: 'CommaDelimitedList', Default: 'a, b' },
        FromStore: { Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: '/names' },
        Elsewhere: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/elsewhere' },
      },
      mappings: { Sizes: { live: { Memory: 1024 } } },
    }),
    environment,
  ).all('Test::Probe');
  assert.deepEqual(probe?.get('values').strings(), [
    '1024',
    'live',
    'b',
    'x-y',
    'bGl2ZQ==',
    '2',
    '{"stage":"live","list":["eu-west-1"]}',
  ]);
  const owner = 'resource Probe (Test::Probe) of stack Front: property';
  assert.throws(() => probe?.get('missing').string(), {
    message: `${owner} missing: mapping Sizes of stack Front has no none.Memory`,
  });
  assert.throws(() => probe?.get('elsewhere').string(), {
    message: `${owner} elsewhere: parameter Elsewhere of stack Front has the value of the SSM parameter "/elsewhere", which no stack deploys`,
  });
});

test('passes parameters into a nested stack and outputs out of it, and leaves it out with its condition', () => {
  const inner: StackTemplate = {
    ...stackOf({
      Inner: { Type: 'Test::Inner', Properties: { given: { Ref: 'Given' }, stack: { Ref: 'AWS::StackName' } } },
    }),
    name: 'Inner',
    parameters: { Given: { Type: 'String' } },
    outputs: { Out: { Value: { 'Fn::Sub': '${Given}, and back' } } },
  };
  const outer = (stage: string) =>
    openTemplates(
      assemblyOf({
        ...stackOf({
          Nested: {
            Type: 'AWS::CloudFormation::Stack',
            Condition: 'IsLive',
            Properties: { Parameters: { Given: { 'Fn::Sub': 'from ${AWS::StackName}' } } },
          },
          Probe: { Type: 'Test::Probe', Properties: { out: { 'Fn::GetAtt': ['Nested', 'Outputs.Out'] } } },
        }),
        conditions: { IsLive: { 'Fn::Equals': ['live', { Ref: 'Stage' }] } },
        parameters: { Stage: { Type: 'String' } },
        nested: { Nested: inner },
      }),
      { ...environment, parameters: { Stage: stage } },
    );
  const templates = outer('live');
  const [nested] = templates.all('Test::Inner');
  assert.deepEqual(
    [
      nested?.get('given').string(),
      nested?.get('stack').string(),
      templates.all('Test::Probe')[0]?.get('out').string(),
    ],
    ['from Front', 'Front-Nested', 'from Front, and back'],
  );
  assert.deepEqual(outer('test').all('Test::Inner'), []);
});

test('makes up what a resource outside of the chain has, and says which one', () => {
  const templates = open({
    Table: { Type: 'AWS::DynamoDB::Table' },
    Probe: {
      Type: 'Test::Probe',
      Properties: { of: [{ Ref: 'Table' }, { 'Fn::GetAtt': 'Table.Arn' }, { 'Fn::GetAtt': ['Table', 'StreamArn'] }] },
    },
  });
  const [probe] = templates.all('Test::Probe');
  let values: readonly string[] = [];
  const invented = templates.inventedDuring(() => {
    values = probe?.get('of').strings() ?? [];
  });
  const [name = '', arn, stream] = values;
  assert.match(name, /^front-table-[a-z0-9]{12}$/u);
  assert.deepEqual(
    [arn, stream, invented.map((resource) => resource.logicalId), templates.inventedDuring(() => undefined)],
    [`arn:aws:dynamodb:eu-west-1:000000000000:table/${name}`, `${name}.StreamArn`, ['Table'], []],
  );
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
