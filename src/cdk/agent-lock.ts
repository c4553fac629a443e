import { Stack, Token } from 'aws-cdk-lib';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-bedrockagentcore';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct, IDependable } from 'constructs';
import { locateAgent } from './agent-location.ts';
import type { AgentRelayProps } from './agent-relay-props.ts';

/**
 * All that runs the agent, or anything beside it ("Resource-based policies for Amazon Bedrock AgentCore", Agent Runtime
 * actions). To stop a session, and to manage the runtime, stays with whoever may.
 */
const everyInvocation = [
  'bedrock-agentcore:InvokeAgentRuntime',
  'bedrock-agentcore:InvokeAgentRuntimeForUser',
  'bedrock-agentcore:InvokeAgentRuntimeCommand',
  'bedrock-agentcore:InvokeAgentRuntimeCommandShell',
  'bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream',
  'bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStreamForUser',
];

/** Who may go on running the agent. */
export interface LockException {
  /** The relay's function. */
  readonly relay: IDependable;
  /** The function's role. */
  readonly role: IRole;
  /** What the role may do to the agent. */
  readonly actions: readonly string[];
}

/**
 * Lets nobody but this role run the agent, whatever their own policies permit. A call is checked against the policies of the
 * runtime and of the endpoint; each may name no resource but its own (the same page, "Hierarchical authorization"). That of
 * the runtime closes its other endpoints too. That the role may is said in them as well: the page wants it permitted "if a
 * policy exists", although its table takes a silent policy for enough, and AWS's own lock says both ("Restrict IAM (SigV4)
 * inbound invocation to your gateway").
 *
 * @throws Error where the runtime is in another region or another account than the stack, and where the app has a resource policy for
 * it already.
 */
export function lockAgent(scope: Construct, props: AgentRelayProps, exception: LockException): void {
  const { arn, region } = locateAgent(scope, props.agent);
  requireSamePlace(Stack.of(scope), arn, region);
  const resources = { RuntimeLock: arn, EndpointLock: `${arn}/runtime-endpoint/${props.qualifier ?? 'DEFAULT'}` };
  for (const [id, resourceArn] of Object.entries(resources)) {
    requireUnlocked(scope, resourceArn);
    const lock = new CfnResourcePolicy(scope, id, {
      resourceArn,
      policy: Stack.of(scope).toJsonString({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'TheRelay',
            Effect: 'Allow',
            Principal: { AWS: exception.role.roleArn },
            Action: exception.actions,
            Resource: resourceArn,
          },
          {
            Sid: 'NobodyElse',
            Effect: 'Deny',
            Principal: '*',
            Action: everyInvocation,
            Resource: resourceArn,
            Condition: { ArnNotEquals: { 'aws:PrincipalArn': exception.role.roleArn } },
          },
        ],
      }),
    });
    // A role that AWS does not know everywhere yet is no valid principal. The function waits for the same.
    lock.node.addDependency(exception.relay);
  }
}

/** CloudFormation would find out in the middle of a deployment, or lock one of the two relays out. */
function requireUnlocked(scope: Construct, resourceArn: string): void {
  const policy = scope.node.root.node
    .findAll()
    .find((construct) => construct instanceof CfnResourcePolicy && construct.resourceArn === resourceArn);
  if (policy === undefined) return;
  const what = Token.isUnresolved(resourceArn) ? 'the agent' : `"${resourceArn}"`;
  throw new Error(`lockAgent cannot lock ${what}: it has a resource policy already, ${policy.node.path}`);
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
