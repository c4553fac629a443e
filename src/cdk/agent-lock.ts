import { Stack, Token } from 'aws-cdk-lib';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-bedrockagentcore';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { locateAgent } from './agent-location.ts';
import type { AgentRelayProps } from './agent-relay-props.ts';

/**
 * All that runs the agent, or anything beside it ("Resource-based policies for Amazon Bedrock AgentCore", Agent Runtime
 * actions). To stop a session, and to manage the runtime, stays with whoever may.
 */
const actions = [
  'bedrock-agentcore:InvokeAgentRuntime',
  'bedrock-agentcore:InvokeAgentRuntimeForUser',
  'bedrock-agentcore:InvokeAgentRuntimeCommand',
  'bedrock-agentcore:InvokeAgentRuntimeCommandShell',
  'bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream',
  'bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStreamForUser',
];

/**
 * Lets nobody but this role run the agent, whatever their own policies permit: neither people of the account nor tokens of
 * a JWT authorizer, which have no ARN at all. A call is checked against the policies of the runtime and of the endpoint; each
 * may name no resource but its own (the same page, "Hierarchical authorization"). That of the runtime closes its other
 * endpoints too.
 *
 * @throws Error where the runtime is in another region or another account than the stack.
 */
export function lockAgent(scope: Construct, props: AgentRelayProps, role: IRole): void {
  const { arn, region } = locateAgent(scope, props.agent);
  requireSamePlace(Stack.of(scope), arn, region);
  const resources = { RuntimeLock: arn, EndpointLock: `${arn}/runtime-endpoint/${props.qualifier ?? 'DEFAULT'}` };
  for (const [id, resourceArn] of Object.entries(resources)) {
    new CfnResourcePolicy(scope, id, {
      resourceArn,
      policy: Stack.of(scope).toJsonString({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'OnlyTheRelay',
            Effect: 'Deny',
            Principal: '*',
            Action: actions,
            Resource: resourceArn,
            Condition: { ArnNotEquals: { 'aws:PrincipalArn': role.roleArn } },
          },
        ],
      }),
    });
  }
}

function requireSamePlace(stack: Stack, arn: string, region: string): void {
  const refuse = (what: string): never => {
    throw new Error(
      `lockAgent cannot lock ${Token.isUnresolved(arn) ? 'the agent' : `"${arn}"`}: it is in another ${what} than the stack`,
    );
  };
  if (region !== stack.region) refuse('region');
  const account = Token.isUnresolved(arn) ? undefined : arn.split(':')[4];
  if (account !== undefined && !Token.isUnresolved(stack.account) && account !== stack.account) refuse('account');
}
