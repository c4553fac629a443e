import type { AttachedPolicy } from '../iam/decide.ts';
import { attempt } from './attempt.ts';
import { attributeOf } from './attributes.ts';
import type { DeployedResourcePolicy } from './deployment.ts';
import { readPolicyDocument } from './read-policy-document.ts';
import type { TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/**
 * Reads the policies of the agent's runtime and its endpoints, and of the secrets: AWS::BedrockAgentCore::ResourcePolicy and
 * AWS::SecretsManager::ResourcePolicy. One of what cannot be read is none of theirs.
 *
 * @throws LocalChainError that names the resource and the property, where AWS would refuse the policy.
 */
export function readResourcePolicies(
  templates: Templates,
  agentRuntimeArn: string | undefined,
  secretArns: readonly string[],
): readonly DeployedResourcePolicy[] {
  const ofAgent = templates.all('AWS::BedrockAgentCore::ResourcePolicy').flatMap((resource) => {
    const resourceArn = attempt(() => resource.get('ResourceArn').string()) ?? '';
    return agentRuntimeArn !== undefined && `${resourceArn}/`.startsWith(`${agentRuntimeArn}/`)
      ? [{ resourceArn, policy: readAgentPolicy(resource, resourceArn) }]
      : [];
  });
  const ofSecrets = templates.all('AWS::SecretsManager::ResourcePolicy').flatMap((resource) => {
    const resourceArn = secretArnOf(attempt(() => resource.get('SecretId').string()) ?? '', templates);
    return secretArns.includes(resourceArn) ? [{ resourceArn, policy: attach(resource, 'ResourcePolicy') }] : [];
  });
  return [...ofAgent, ...ofSecrets];
}

/** AgentCore takes no policy that names another resource than its own (Resource-based policies, "Policy structure"). */
function readAgentPolicy(resource: TemplateResource, resourceArn: string): AttachedPolicy {
  const attached = attach(resource, 'Policy');
  const names = attached.policy.statements.flatMap(({ resources }) => resources?.names ?? []);
  const other = names.find((name) => name !== resourceArn);
  if (typeof other === 'string') {
    throw resource
      .get('Policy')
      .fault(`names the resource "${other}"; AgentCore takes only the one that it is attached to, "${resourceArn}"`);
  }
  return attached;
}

function attach(resource: TemplateResource, property: string): AttachedPolicy {
  return {
    name: `resource policy ${resource.logicalId}`,
    arn: undefined,
    policy: readPolicyDocument(resource.get(property), 'resource'),
  };
}

/** A secret is named by its ARN, or by its name. */
function secretArnOf(id: string, templates: Templates): string {
  const named = templates
    .all('AWS::SecretsManager::Secret')
    .find((secret) => id !== '' && attempt(() => secret.get('Name').optionalString()) === id);
  return (named === undefined ? undefined : attributeOf(named, 'Ref')) ?? id;
}
