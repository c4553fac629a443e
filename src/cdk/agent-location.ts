import { Stack, Token } from 'aws-cdk-lib';
import { CfnRuntime } from 'aws-cdk-lib/aws-bedrockagentcore';
import type { IRuntimeRef } from 'aws-cdk-lib/aws-bedrockagentcore';
import type { Construct } from 'constructs';
import { agentRuntimeArnPattern } from '../settings.ts';
import type { AgentProtocol } from '../settings.ts';

/** Where a runtime is. */
export interface AgentLocation {
  readonly arn: string;
  readonly region: string;
}

/**
 * Finds the runtime's ARN and region. A token in place of an ARN is taken to be in the stack's own region.
 *
 * @throws Error for an ARN that is not a runtime's.
 */
export function locateAgent(scope: Construct, agent: IRuntimeRef | string): AgentLocation {
  const [arn, region] =
    typeof agent === 'string' ? [agent, Stack.of(scope).region] : [agent.runtimeRef.agentRuntimeArn, agent.env.region];
  if (Token.isUnresolved(arn)) {
    return { arn, region };
  }
  // The CDK takes what is imported to be in the stack's region; the ARN knows better.
  const statedRegion = agentRuntimeArnPattern.exec(arn)?.[2];
  if (statedRegion === undefined) {
    throw new Error(
      `agent is "${arn}"; it must be a runtime, or the ARN of one, arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>`,
    );
  }
  return { arn, region: statedRegion };
}

/** What the agent speaks. A runtime of this app says it in its template, by a token; of any other, nothing is known. */
export function findAgentProtocol(agent: IRuntimeRef | string): AgentProtocol {
  const resource = typeof agent === 'string' ? undefined : agent.node.defaultChild;
  if (!(resource instanceof CfnRuntime)) return 'HTTP';
  return Stack.of(resource).resolve(resource.protocolConfiguration) === 'AGUI' ? 'AGUI' : 'HTTP';
}
