import type { Access } from '../iam/service-caller.ts';
import { sessionIdHeader } from './service-request.ts';
import type { Operation, ServiceTarget } from './service-request.ts';

const userIdHeader = 'x-amzn-bedrock-agentcore-runtime-user-id';

/** What each operation is called as an action (Service Authorization Reference, "Amazon Bedrock Agentcore"). */
const actions: Readonly<Record<Operation, string>> = {
  invocations: 'bedrock-agentcore:InvokeAgentRuntime',
  agentcard: 'bedrock-agentcore:GetAgentCard',
  stopruntimesession: 'bedrock-agentcore:StopRuntimeSession',
};

/**
 * What a request needs: each action on the runtime and on the endpoint that it names, in this order ("Resource-based policies
 * for Amazon Bedrock AgentCore", "Hierarchical authorization for agent runtime and endpoint"). An invocation in the name of a
 * user needs a second action (API reference, InvokeAgentRuntime).
 */
export function requiredAccess(
  { operation, runtime, accountId, qualifier }: ServiceTarget,
  headers: Readonly<Record<string, string>>,
  agentRuntimeArn: string,
): readonly Access[] {
  const runtimeArn = runtime.startsWith('arn:') ? runtime : siblingOf(agentRuntimeArn, accountId, runtime);
  const context = {
    'bedrock-agentcore:userid': headers[userIdHeader],
    'bedrock-agentcore:runtimeSessionId': headers[sessionIdHeader],
  };
  return [
    actions[operation],
    ...(operation === 'invocations' && headers[userIdHeader] !== undefined
      ? ['bedrock-agentcore:InvokeAgentRuntimeForUser']
      : []),
  ].flatMap((action) =>
    [runtimeArn, `${runtimeArn}/runtime-endpoint/${qualifier}`].map((resource) => ({ action, resource, context })),
  );
}

/** The ARN of the runtime that a request names by its id. */
function siblingOf(agentRuntimeArn: string, accountId: string | undefined, id: string): string {
  const [arn, partition, service, region, ownAccountId] = agentRuntimeArn.split(':');
  return [arn, partition, service, region, accountId ?? ownAccountId, `runtime/${id}`].join(':');
}
