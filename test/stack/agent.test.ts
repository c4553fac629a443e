import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { allowModel } from '../../infra/model-permission.ts';
import { AgentRelay } from '../../src/cdk.ts';
import { findBundle } from '../../src/cdk/bundles.ts';
import {
  onlyResource,
  relayProps,
  resource,
  resourcesOf,
  runtimeArn,
  synthesizeApp,
  templateOf,
} from './synthesize.ts';

const account = '123456789012';
const assembly = synthesizeApp({ CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: 'us-east-1' });
const template = templateOf(assembly, 'AgentcoreRelay');
const profileArn = `arn:aws:bedrock:us-east-1:${account}:inference-profile/global.amazon.nova-2-lite-v1:0`;

test('deploys the built agent from a zip, on Node 22 and a stated platform, with stated lifetimes', () => {
  const properties = onlyResource(template, 'AWS::BedrockAgentCore::Runtime').Properties;
  const { AgentRuntimeArtifact: artifact, ...rest } = properties;
  const { Code: code, ...configuration } = (artifact as { CodeConfiguration: { Code: { S3: { Prefix: string } } } })
    .CodeConfiguration;
  assert.deepEqual(configuration, { EntryPoint: ['main.mjs'], Runtime: 'NODE_22' });
  assert.deepEqual(rest, {
    AgentRuntimeName: 'AgentcoreRelayDemoAgentRuntimeC8B49293',
    Description: 'The demo agent of agentcore-relay',
    EnvironmentVariables: { BEDROCK_MODEL_ID: 'global.amazon.nova-2-lite-v1:0' },
    LifecycleConfiguration: { IdleRuntimeSessionTimeout: 900, MaxLifetime: 28_800 },
    NetworkConfiguration: { NetworkMode: 'PUBLIC' },
    PlatformVersion: 'V1',
    ProtocolConfiguration: 'HTTP',
    RoleArn: { 'Fn::GetAtt': ['DemoAgentRuntimeExecutionRoleEB3A71D2', 'Arn'] },
  });
  const built = readFileSync(`${findBundle('agent').directory}/main.mjs`, 'utf8');
  assert.equal(assembly.readAsset(code.S3.Prefix, 'main.mjs'), built);
});

test('lets the agent call the configured model and no other', () => {
  const { Statement: statements } = resource(template, 'DemoAgentRuntimeExecutionRoleDefaultPolicyD93A20E2').Properties[
    'PolicyDocument'
  ] as { readonly Statement: readonly { readonly Action: string | readonly string[] }[] };
  const ofBedrock = statements.filter(({ Action }) => [Action].flat().some((action) => /^bedrock:|^\*/u.test(action)));
  assert.deepEqual(ofBedrock, [
    { Action: 'bedrock:InvokeModelWithResponseStream', Effect: 'Allow', Resource: profileArn },
    {
      Action: 'bedrock:InvokeModelWithResponseStream',
      Condition: { StringEquals: { 'bedrock:InferenceProfileArn': profileArn } },
      Effect: 'Allow',
      Resource: 'arn:aws:bedrock:*::foundation-model/amazon.nova-2-lite-v1:0',
    },
  ]);
});

test('narrows the permission for a model of one region to that region', () => {
  const stack = new Stack(new App(), 'Test', { env: { region: 'eu-central-1', account } });
  const statements = allowModel(stack, 'amazon.nova-lite-v1:0').map((statement) => statement.toStatementJson());
  const ending = ':bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0';
  assert.deepEqual(stack.resolve(statements), [
    {
      Action: 'bedrock:InvokeModelWithResponseStream',
      Effect: 'Allow',
      Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ending]] },
    },
  ]);
});

test('passes the model of the context on to the agent', () => {
  const claude = synthesizeApp({}, { modelId: 'eu.anthropic.claude-sonnet-4-6' });
  const { EnvironmentVariables: variables } = onlyResource(
    templateOf(claude, 'AgentcoreRelay'),
    'AWS::BedrockAgentCore::Runtime',
  ).Properties;
  assert.deepEqual(variables, { BEDROCK_MODEL_ID: 'eu.anthropic.claude-sonnet-4-6' });
});

for (const modelId of ['arn:aws:bedrock:us-east-1::foundation-model/x', 'claude', '*', 'amazon.*', '']) {
  test(`fails at synth for the model "${modelId}"`, () => {
    assert.throws(() => allowModel(new Stack(), modelId), {
      message: `modelId is "${modelId}"; it must be the id of a Bedrock model or inference profile, such as amazon.nova-lite-v1:0 or global.amazon.nova-2-lite-v1:0`,
    });
  });
}

test('deploys no agent in front of one that runs already', () => {
  const existing = templateOf(synthesizeApp({}, { agentRuntimeArn: runtimeArn }), 'AgentcoreRelay');
  assert.deepEqual(resourcesOf(existing, 'AWS::BedrockAgentCore::Runtime'), []);
  assert.deepEqual(
    Object.keys(existing.Resources).filter((id) => id.startsWith('DemoAgent')),
    [],
  );
  const { Environment: environment } = resource(existing, 'RelayFunctionE902C34E').Properties;
  const { RELAY_AUTH: _, ...variables } = (environment as { readonly Variables: Record<string, unknown> }).Variables;
  assert.deepEqual(variables, { AGENT_RUNTIME_ARN: runtimeArn, AGENT_RUNTIME_REGION: 'us-west-2' });
});

for (const agent of [
  'my_agent-abc1234567',
  `${runtimeArn}/runtime-endpoint/DEFAULT`,
  'arn:aws:lambda:us-east-1:123456789012:function:x',
  '',
]) {
  test(`fails at synth for the agent "${agent}"`, () => {
    const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
    assert.throws(() => new AgentRelay(stack, 'Relay', { ...relayProps, agent }), {
      message: `agent is "${agent}"; it must be a runtime, or the ARN of one, arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>`,
    });
  });
}

test('tells where it is, in a line to copy, without a word about the account', () => {
  const open = templateOf(synthesizeApp({}, { auth: 'anonymous' }), 'AgentcoreRelay');
  const domainName = { 'Fn::GetAtt': ['RelayDistributionF48850AF', 'DomainName'] };
  assert.deepEqual(open.Outputs, {
    Url: { Value: { 'Fn::Join': ['', ['https://', domainName]] } },
    Curl: {
      Value: {
        'Fn::Join': [
          '',
          ['curl --no-buffer https://', domainName, ` -d '{"prompt":"What is 6 times 7?","response":"transformed"}'`],
        ],
      },
    },
  });
  const seenByViewers = [
    onlyResource(open, 'AWS::CloudFront::ResponseHeadersPolicy'),
    onlyResource(open, 'AWS::CloudFront::Function'),
    open.Outputs,
  ];
  assert.doesNotMatch(JSON.stringify(seenByViewers), /\d{12}|AccountId|arn:/u);
});
