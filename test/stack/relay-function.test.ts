import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Duration } from 'aws-cdk-lib';
import { AgentRuntimeArtifact, ProtocolType, Runtime } from 'aws-cdk-lib/aws-bedrockagentcore';
import { AgentRelay } from '../../src/cdk.ts';
import type { AgentRelayProps } from '../../src/cdk.ts';
import { listErrorKinds } from '../../src/errors.ts';
import { environmentNames, readAgentRuntimeSettings } from '../../src/settings.ts';
import type { ProtocolName } from '../../src/settings.ts';
import { findBundle } from '../../src/cdk/bundles.ts';
import {
  emptyStack,
  onlyResource,
  relayProps,
  resource,
  resourcesOf,
  runtimeArn,
  synthesizeApp,
  synthesizeRelay,
  synthesizeStack,
  templateOf,
} from './synthesize.ts';
import type { StackTemplate } from './synthesize.ts';

const assembly = synthesizeApp({});
const template = templateOf(assembly, 'AgentcoreRelay');

test('lets the relay invoke one agent through one endpoint, write its own log, read one secret, and nothing else', () => {
  assert.deepEqual(resource(template, 'RelayRoleDB2B1DF8').Properties, {
    AssumeRolePolicyDocument: {
      Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } }],
      Version: '2012-10-17',
    },
  });
  const agentArn = { 'Fn::GetAtt': ['DemoAgentRuntimeE259F455', 'AgentRuntimeArn'] };
  assert.deepEqual(resource(template, 'RelayRoleDefaultPolicyA4E9778C').Properties, {
    PolicyDocument: {
      Statement: [
        {
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Effect: 'Allow',
          Resource: { 'Fn::GetAtt': ['RelayLogGroupD2A8E2E0', 'Arn'] },
        },
        {
          Action: 'bedrock-agentcore:InvokeAgentRuntime',
          Effect: 'Allow',
          Resource: [agentArn, { 'Fn::Join': ['', [agentArn, '/runtime-endpoint/DEFAULT']] }],
        },
        { Action: 'secretsmanager:GetSecretValue', Effect: 'Allow', Resource: { Ref: 'AuthKeys51F9A478' } },
      ],
      Version: '2012-10-17',
    },
    PolicyName: 'RelayRoleDefaultPolicyA4E9778C',
    Roles: [{ Ref: 'RelayRoleDB2B1DF8' }],
  });
});

test('permits no other endpoint than the one that it is told to invoke', () => {
  const policy = resource(synthesizeRelay({ qualifier: 'live' }), 'RelayRoleDefaultPolicyA4E9778C');
  assert.deepEqual(invokeStatementOf(policy.Properties), {
    Action: 'bedrock-agentcore:InvokeAgentRuntime',
    Effect: 'Allow',
    Resource: [runtimeArn, `${runtimeArn}/runtime-endpoint/live`],
  });
});

test('gives no other policy to the role of the relay', () => {
  const attached = resourcesOf(template, 'AWS::IAM::Policy').filter((policy) =>
    JSON.stringify(policy.Properties['Roles']).includes('RelayRole'),
  );
  assert.equal(attached.length, 1);
  assert.deepEqual(resourcesOf(template, 'AWS::IAM::ManagedPolicy'), []);
});

test('holds no wildcard in the policy of the relay', () => {
  assert.doesNotMatch(JSON.stringify(resource(template, 'RelayRoleDefaultPolicyA4E9778C').Properties), /\*/u);
});

test('runs the built relay on arm64 and Node 24, with a log of its own and no secrets', () => {
  const { Code: code, ...properties } = resource(template, 'RelayFunctionE902C34E').Properties;
  assert.deepEqual(properties, {
    Architectures: ['arm64'],
    Description: 'Relays requests to an AgentCore agent and streams its answers',
    Environment: {
      Variables: {
        AGENT_RUNTIME_ARN: { 'Fn::GetAtt': ['DemoAgentRuntimeE259F455', 'AgentRuntimeArn'] },
        RELAY_AUTH: {
          'Fn::Join': ['', ['{"kind":"api-keys","secretArn":"', { Ref: 'AuthKeys51F9A478' }, '"}']],
        },
      },
    },
    Handler: 'index.handler',
    LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: 'RelayLogGroupD2A8E2E0' } },
    MemorySize: 512,
    Role: { 'Fn::GetAtt': ['RelayRoleDB2B1DF8', 'Arn'] },
    Runtime: 'nodejs24.x',
    Timeout: 900,
  });
  const built = readFileSync(`${findBundle('relay').directory}/index.mjs`, 'utf8');
  assert.equal(assembly.readAsset((code as { S3Key: string }).S3Key, 'index.mjs'), built);
});

test('writes the environment names that the relay reads', () => {
  const variables = environmentOf(
    synthesizeRelay({
      qualifier: 'live',
      agentProtocol: 'AGUI',
      protocols: ['ui-message', 'ndjson'],
      sessions: 'as-given',
      cors: { origins: ['https://app.example.com'], credentials: true, maxAge: Duration.hours(1) },
      passUserId: true,
      scrubAgentErrors: true,
    }),
  );
  assert.deepEqual(variables, {
    [environmentNames.agentRuntimeArn]: runtimeArn,
    [environmentNames.agentRuntimeQualifier]: 'live',
    [environmentNames.agentRuntimeRegion]: 'us-west-2',
    [environmentNames.agentRuntimeProtocol]: 'AGUI',
    [environmentNames.protocols]: 'ui-message,ndjson',
    [environmentNames.auth]: '{"kind":"anonymous"}',
    [environmentNames.sessions]: 'as-given',
    [environmentNames.cors]: '{"origins":["https://app.example.com"],"credentials":true,"maxAgeSeconds":3600}',
    [environmentNames.passUserId]: 'true',
    [environmentNames.scrubAgentErrors]: 'true',
  });
  assert.deepEqual(Object.keys(variables).toSorted(), Object.values(environmentNames).toSorted());
});

test('sets no more than what differs from the default', () => {
  assert.deepEqual(environmentOf(synthesizeRelay({ passUserId: false, scrubAgentErrors: false })), {
    AGENT_RUNTIME_ARN: runtimeArn,
    AGENT_RUNTIME_REGION: 'us-west-2',
    RELAY_AUTH: '{"kind":"anonymous"}',
  });
});

test('permits to name a user to AgentCore only where that is asked for', () => {
  const policy = resource(synthesizeRelay({ passUserId: true }), 'RelayRoleDefaultPolicyA4E9778C').Properties;
  assert.deepEqual((policy['PolicyDocument'] as { readonly Statement: readonly unknown[] }).Statement.slice(1), [
    {
      Action: ['bedrock-agentcore:InvokeAgentRuntime', 'bedrock-agentcore:InvokeAgentRuntimeForUser'],
      Effect: 'Allow',
      Resource: [runtimeArn, `${runtimeArn}/runtime-endpoint/DEFAULT`],
    },
  ]);
});

test('counts those who are refused, as Lambda writes what the relay logs of them', () => {
  const { FilterPattern: pattern, ...filter } = onlyResource(template, 'AWS::Logs::MetricFilter').Properties;
  assert.deepEqual(filter, {
    LogGroupName: { Ref: 'RelayLogGroupD2A8E2E0' },
    MetricTransformations: [{ MetricName: 'RefusedCallers', MetricNamespace: 'AgentcoreRelay', MetricValue: '1' }],
  });
  const counted = listErrorKinds().filter(({ status }) => [401, 403].includes(status));
  assert.equal(pattern, `{ ${counted.map(({ code }) => `($.message.errorCode = "${code}")`).join(' || ')} }`);
});

test('finds the region of an imported runtime in its ARN', () => {
  const stack = emptyStack();
  const agent = Runtime.fromAgentRuntimeAttributes(stack, 'Agent', {
    agentRuntimeArn: runtimeArn,
    agentRuntimeId: 'my_agent-abc1234567',
    agentRuntimeName: 'my_agent',
    roleArn: 'arn:aws:iam::123456789012:role/agent',
  });
  new AgentRelay(stack, 'Relay', { ...relayProps, agent });
  assert.deepEqual(environmentOf(synthesizeStack(stack)), {
    AGENT_RUNTIME_ARN: runtimeArn,
    AGENT_RUNTIME_REGION: 'us-west-2',
    RELAY_AUTH: '{"kind":"anonymous"}',
  });
});

test('knows what a runtime of the same app speaks, and believes what it is told', () => {
  const protocolOf = (protocolConfiguration: ProtocolType, props: Partial<AgentRelayProps> = {}) => {
    const stack = emptyStack();
    const agent = new Runtime(stack, 'Agent', {
      agentRuntimeArtifact: AgentRuntimeArtifact.fromImageUri('123456789012.dkr.ecr.us-east-1.amazonaws.com/agent:1'),
      protocolConfiguration,
    });
    new AgentRelay(stack, 'Relay', { ...relayProps, agent, ...props });
    return environmentOf(synthesizeStack(stack))['AGENT_RUNTIME_PROTOCOL'];
  };
  assert.deepEqual(
    [
      protocolOf(ProtocolType.HTTP),
      protocolOf(ProtocolType.AGUI),
      protocolOf(ProtocolType.AGUI, { agentProtocol: 'HTTP' }),
    ],
    [undefined, 'AGUI', undefined],
  );
});

test('refuses a relay that speaks nothing, or what the relay does not know', () => {
  const allowed = 'original, transformed, ndjson, ui-message, ag-ui, openai-chat, openai-responses';
  const untyped = ['ndjson', 'graphql'] as unknown as ProtocolName[];
  assert.throws(() => synthesizeRelay({ protocols: [] }), { message: `protocols is empty; allowed are ${allowed}` });
  assert.throws(() => synthesizeRelay({ protocols: untyped }), {
    message: `protocols has "graphql"; allowed are ${allowed}`,
  });
});

test('calls an agent of another region there and not in its own', () => {
  const lambdaEnvironment = { ...environmentOf(synthesizeRelay()), AWS_REGION: 'us-east-1' };
  assert.deepEqual(readAgentRuntimeSettings(lambdaEnvironment), {
    agentRuntimeArn: runtimeArn,
    qualifier: 'DEFAULT',
    region: 'us-west-2',
    endpoint: 'https://bedrock-agentcore.us-west-2.amazonaws.com',
  });
});

test('streams, and refuses whoever does not sign', () => {
  assert.deepEqual(onlyResource(template, 'AWS::Lambda::Url').Properties, {
    AuthType: 'AWS_IAM',
    InvokeMode: 'RESPONSE_STREAM',
    TargetFunctionArn: { 'Fn::GetAtt': ['RelayFunctionE902C34E', 'Arn'] },
  });
});

test('lets this distribution alone call the relay, with both permissions that Lambda asks for', () => {
  const common = {
    FunctionName: { 'Fn::GetAtt': ['RelayFunctionFunctionUrl9D5D7496', 'FunctionArn'] },
    Principal: 'cloudfront.amazonaws.com',
    SourceArn: {
      'Fn::Join': [
        '',
        [
          'arn:',
          { Ref: 'AWS::Partition' },
          ':cloudfront::',
          { Ref: 'AWS::AccountId' },
          ':distribution/',
          { Ref: 'RelayDistributionF48850AF' },
        ],
      ],
    },
  };
  assert.deepEqual(
    resourcesOf(template, 'AWS::Lambda::Permission').map(({ Properties }) => Properties),
    [
      { ...common, Action: 'lambda:InvokeFunctionUrl' },
      { ...common, Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
    ],
  );
});

test('keeps the log for a month, and not beyond the stack', () => {
  const { Properties, DeletionPolicy } = resource(template, 'RelayLogGroupD2A8E2E0');
  assert.deepEqual({ Properties, DeletionPolicy }, { Properties: { RetentionInDays: 30 }, DeletionPolicy: 'Delete' });
});

function environmentOf(relay: StackTemplate): Record<string, string> {
  const { Environment: environment } = resource(relay, 'RelayFunctionE902C34E').Properties;
  return (environment as { readonly Variables: Record<string, string> }).Variables;
}

function invokeStatementOf(policy: Readonly<Record<string, unknown>>): unknown {
  const { Statement: statements } = policy['PolicyDocument'] as { readonly Statement: readonly { Action: unknown }[] };
  return statements.find(({ Action }) => Action === 'bedrock-agentcore:InvokeAgentRuntime');
}
