import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { App, Fn, Stack } from 'aws-cdk-lib';
import { AgentRuntimeArtifact, Runtime } from 'aws-cdk-lib/aws-bedrockagentcore';
import { AgentRelay } from '../../src/cdk.ts';
import type { AgentRelayProps } from '../../src/cdk.ts';
import {
  emptyStack,
  relayProps,
  resource,
  resourcesOf,
  synthesizeApp,
  synthesizeRelay,
  synthesizeStack,
  templateOf,
} from './synthesize.ts';
import type { StackTemplate } from './synthesize.ts';

const here = 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/my_agent-abc1234567';
const relayRole = '<RelayRole>';

describe('the lock of the agent', () => {
  it('is not put on without being asked for', () => {
    assert.deepEqual(locksOf(templateOf(synthesizeApp({}), 'AgentcoreRelay')), []);
    assert.deepEqual(locksOf(synthesizeRelay({ agent: here, lockAgent: false })), []);
  });

  it('denies everybody but the relay what runs the agent, at the runtime and at the endpoint', () => {
    const template = synthesizeRelay({ agent: here, lockAgent: true });
    assert.deepEqual(locksOf(template), [lockOf(here), lockOf(`${here}/runtime-endpoint/DEFAULT`)]);
    const { Statement: statements } = resource(template, 'RelayRoleDefaultPolicyA4E9778C').Properties[
      'PolicyDocument'
    ] as { readonly Statement: readonly { readonly Action: string; readonly Resource: unknown }[] };
    assert.deepEqual(
      statements.find(({ Action }) => Action === 'bedrock-agentcore:InvokeAgentRuntime')?.Resource,
      locksOf(template).map(({ ResourceArn }) => ResourceArn),
    );
  });

  it('permits the relay what its own role does: where there is a policy, AgentCore may ask for its word', () => {
    const forUser = 'bedrock-agentcore:InvokeAgentRuntimeForUser';
    assert.deepEqual(locksOf(synthesizeRelay({ agent: here, lockAgent: true, passUserId: true })), [
      lockOf(here, forUser),
      lockOf(`${here}/runtime-endpoint/DEFAULT`, forUser),
    ]);
  });

  it('comes after the relay, whose role has to be known to AWS before a policy can name it', () => {
    const template = synthesizeRelay({ agent: here, lockAgent: true });
    for (const { DependsOn: before } of resourcesOf(template, 'AWS::BedrockAgentCore::ResourcePolicy')) {
      assert.ok(before?.includes('RelayFunctionE902C34E'), String(before));
    }
  });

  it('is on the endpoint that the relay invokes', () => {
    const [, endpoint] = locksOf(synthesizeRelay({ agent: here, qualifier: 'live', lockAgent: true }));
    assert.deepEqual(endpoint, lockOf(`${here}/runtime-endpoint/live`));
  });

  it('takes the ARN of an agent that is deployed with it', () => {
    const arn = '<DemoAgentRuntimeE259F455.AgentRuntimeArn>';
    assert.deepEqual(locksOf(templateOf(synthesizeApp({}, { lockAgent: 'true' }), 'AgentcoreRelay')), [
      lockOf(arn),
      lockOf(`${arn}/runtime-endpoint/DEFAULT`),
    ]);
  });

  it('takes an agent whose account nobody knows yet', () => {
    const arn = Fn.importValue('Agent');
    assert.equal(locksOf(synthesizeRelay({ agent: arn, lockAgent: true })).length, 2);
    assert.equal(locksOf(synthesizeRelay({ agent: here, lockAgent: true })).length, 2);
  });

  for (const [place, arn] of [
    ['region', here.replace('us-east-1', 'us-west-2')],
    ['account', here.replace('123456789012', '210987654321')],
  ] as const) {
    it(`cannot be put on an agent of another ${place}`, () => {
      const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1', account: '123456789012' } });
      assert.throws(() => new AgentRelay(stack, 'Relay', { ...relayProps, agent: arn, lockAgent: true }), {
        message: `lockAgent cannot lock "${arn}": it is in another ${place} than the stack`,
      });
    });
  }

  it('cannot be put on an agent of the same app in another region', () => {
    const app = new App();
    const [there, stack] = ['us-west-2', 'us-east-1'].map((region) => new Stack(app, region, { env: { region } }));
    assert.ok(there);
    assert.ok(stack);
    const agent = new Runtime(there, 'Agent', {
      agentRuntimeArtifact: AgentRuntimeArtifact.fromImageUri('123456789012.dkr.ecr.us-west-2.amazonaws.com/agent:1'),
    });
    const props: AgentRelayProps = { ...relayProps, agent, lockAgent: true };
    assert.throws(() => new AgentRelay(stack, 'Relay', props), {
      message: 'lockAgent cannot lock the agent: it is in another region than the stack',
    });
  });

  it('says on the command line what it may be', () => {
    assert.throws(() => synthesizeApp({}, { lockAgent: 'yes' }), {
      message: 'lockAgent is "yes"; it must be one of true, false',
    });
    assert.throws(() => synthesizeApp({}, { firewall: 'no' }), {
      message: 'firewall is "no"; it must be one of on, off',
    });
  });

  it('cannot be put on an agent that has a resource policy already', () => {
    const stack = emptyStack();
    const props: AgentRelayProps = { ...relayProps, agent: here, lockAgent: true };
    new AgentRelay(stack, 'First', props);
    assert.throws(() => new AgentRelay(stack, 'Second', props), {
      message: `lockAgent cannot lock "${here}": it has a resource policy already, Test/First/RuntimeLock`,
    });
  });

  it('leaves two relays of one stack apart', () => {
    const stack = emptyStack();
    for (const id of ['First', 'Second']) {
      new AgentRelay(stack, id, { ...relayProps, agent: `${here}${id}`, lockAgent: true });
    }
    assert.equal(locksOf(synthesizeStack(stack)).length, 4);
  });
});

interface Lock {
  readonly ResourceArn: string;
  readonly Policy: unknown;
}

/** A lock that permits the relay these actions beside the invocation, and denies them all to everybody else. */
function lockOf(arn: string, ...others: readonly string[]): Lock {
  return {
    ResourceArn: arn,
    Policy: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'TheRelay',
          Effect: 'Allow',
          Principal: { AWS: relayRole },
          Action: ['bedrock-agentcore:InvokeAgentRuntime', ...others],
          Resource: arn,
        },
        {
          Sid: 'NobodyElse',
          Effect: 'Deny',
          Principal: '*',
          Action: [
            'bedrock-agentcore:InvokeAgentRuntime',
            'bedrock-agentcore:InvokeAgentRuntimeForUser',
            'bedrock-agentcore:InvokeAgentRuntimeCommand',
            'bedrock-agentcore:InvokeAgentRuntimeCommandShell',
            'bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream',
            'bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStreamForUser',
          ],
          Resource: arn,
          Condition: { ArnNotEquals: { 'aws:PrincipalArn': relayRole } },
        },
      ],
    },
  };
}

/** The locks of a template, with names in place of what CloudFormation puts there. */
function locksOf(template: StackTemplate): Lock[] {
  return resourcesOf(template, 'AWS::BedrockAgentCore::ResourcePolicy').map(({ Properties }) => ({
    ResourceArn: flatten(Properties['ResourceArn']),
    Policy: JSON.parse(flatten(Properties['Policy'])),
  }));
}

function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': joined, 'Fn::GetAtt': attribute } = value as {
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
    readonly 'Fn::GetAtt'?: readonly string[];
  };
  if (joined !== undefined) return joined[1].map(flatten).join(joined[0]);
  const name = attribute === undefined ? JSON.stringify(value).replaceAll('"', '') : attribute.join('.');
  return name === 'RelayRoleDB2B1DF8.Arn' ? relayRole : `<${name}>`;
}
