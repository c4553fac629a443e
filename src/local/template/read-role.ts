import { decide } from '../iam/decide.ts';
import type { AttachedPolicy } from '../iam/decide.ts';
import { managedPolicies } from '../iam/managed-policies.ts';
import { readPolicy } from '../iam/policy.ts';
import { attributeOf } from './attributes.ts';
import type { DeployedDistribution, DeployedFunction, DeployedRole, Notice } from './deployment.ts';
import { readPolicyDocument } from './read-policy-document.ts';
import type { Property, TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/** A policy of AWS's own. */
const awsManagedPolicy = /^arn:[^:]+:iam::aws:policy\/(?<name>.+)$/u;

/**
 * Reads the role that a property names by its ARN, with what the template attaches to it: `Policies`, `ManagedPolicyArns` and
 * `PermissionsBoundary` of the role, and each AWS::IAM::Policy, RolePolicy and ManagedPolicy that names it.
 *
 * @throws LocalChainError that names the resource and the property, where a policy is malformed.
 */
export function readRole(property: Property, templates: Templates): DeployedRole {
  const arn = property.string();
  const [, , , , accountId = '', path = ''] = arn.split(':');
  const name = path.split('/').at(-1) ?? path;
  const role = templates.findBy('AWS::IAM::Role', 'Arn', arn);
  if (role === undefined) {
    return { arn, name, accountId, policies: undefined, boundary: undefined, trust: undefined, tags: {} };
  }
  const boundaryArn = role.get('PermissionsBoundary').optionalString();
  return {
    arn,
    name,
    accountId,
    policies: [
      ...role
        .get('Policies')
        .list()
        .map((policy) =>
          inline(policy.get('PolicyDocument'), `${policy.get('PolicyName').string()} of ${role.logicalId}`),
        ),
      ...attachedPolicies(templates, role, name),
      ...role
        .get('ManagedPolicyArns')
        .strings()
        .map((policyArn) => managedPolicy(policyArn, templates)),
    ],
    boundary: boundaryArn === undefined ? undefined : managedPolicy(boundaryArn, templates),
    trust: readPolicyDocument(role.get('AssumeRolePolicyDocument'), 'trust'),
    tags: Object.fromEntries(
      role
        .get('Tags')
        .list()
        .map((tag) => [tag.get('Key').string(), tag.get('Value').string()]),
    ),
  };
}

/** What of the functions' roles is not known here, and what that means; nothing where all of it is. */
export function readRoleNotices({ behaviours }: DeployedDistribution, templates: Templates): readonly Notice[] {
  const functions = behaviours.flatMap((behaviour): readonly (DeployedFunction | undefined)[] => [
    behaviour.origin.functionUrl?.function,
    behaviour.viewerRequestEdgeFunction?.function,
    behaviour.originRequestFunction?.function,
    behaviour.originResponseFunction?.function,
    behaviour.viewerResponseEdgeFunction?.function,
  ]);
  const roles = new Map(
    functions.flatMap((deployed) => (deployed === undefined ? [] : [[deployed.role.arn, deployed]])),
  );
  return [...roles].flatMap(([arn, { arn: functionArn }]) => {
    const role = templates.findBy('AWS::IAM::Role', 'Arn', arn);
    const owner = templates.findBy('AWS::Lambda::Function', 'Arn', functionArn);
    if (role === undefined) {
      const text = `is ${arn}, which is not of this assembly: its permissions are not checked`;
      return owner === undefined ? [] : [{ resource: owner.toString(), property: 'Role', text }];
    }
    return [
      ...unknownPolicies('ManagedPolicyArns', role.get('ManagedPolicyArns').strings(), role, templates),
      ...unknownPolicies('PermissionsBoundary', [role.get('PermissionsBoundary').optionalString()], role, templates),
    ];
  });
}

/**
 * Whether a service may assume a role, as Lambda and Lambda@Edge must: AWS would not take the function otherwise. What only AWS
 * knows is taken to be right.
 */
export function mayAssume(role: DeployedRole, service: string): boolean {
  const { trust, arn, accountId } = role;
  if (trust === undefined) {
    return true;
  }
  const decision = decide(
    {
      principal: { kind: 'service', name: service },
      action: 'sts:AssumeRole',
      resource: arn,
      context: { valuesOf: () => undefined },
    },
    {
      identity: [],
      boundary: undefined,
      resource: [{ name: 'AssumeRolePolicyDocument', arn: undefined, policy: trust }],
      resourceAccountId: accountId,
    },
  );
  return decision.kind === 'allowed' || decision.doubts.length > 0;
}

/** Policies that are resources of their own and name their roles. */
function attachedPolicies(templates: Templates, role: TemplateResource, roleName: string): readonly AttachedPolicy[] {
  const inAccount = (type: string): readonly TemplateResource[] =>
    templates.all(type).filter(({ stack }) => stack.accountId === role.stack.accountId);
  return [
    ...inAccount('AWS::IAM::Policy')
      .filter((policy) => policy.get('Roles').strings().includes(roleName))
      .map((policy) => inline(policy.get('PolicyDocument'), policy.logicalId)),
    ...inAccount('AWS::IAM::RolePolicy')
      .filter((policy) => policy.get('RoleName').string() === roleName)
      .map((policy) => inline(policy.get('PolicyDocument'), policy.logicalId)),
    ...inAccount('AWS::IAM::ManagedPolicy')
      .filter((policy) => policy.get('Roles').strings().includes(roleName))
      .map(ownManagedPolicy),
  ];
}

function inline(document: Property, name: string): AttachedPolicy {
  return { name: `policy ${name}`, arn: undefined, policy: readPolicyDocument(document, 'identity') };
}

function ownManagedPolicy(policy: TemplateResource): AttachedPolicy {
  return {
    name: `policy ${policy.logicalId}`,
    arn: attributeOf(policy, 'PolicyArn'),
    policy: readPolicyDocument(policy.get('PolicyDocument'), 'identity'),
  };
}

/** One that is not known allows nothing; {@link readRoleNotices} says so. */
function managedPolicy(arn: string, templates: Templates): AttachedPolicy {
  const own = templates.findBy('AWS::IAM::ManagedPolicy', 'PolicyArn', arn);
  if (own !== undefined) {
    return ownManagedPolicy(own);
  }
  const name = awsManagedPolicy.exec(arn)?.groups?.['name'] ?? arn;
  const statements = managedPolicies.get(name) ?? [];
  return { name: `policy ${name}`, arn, policy: readPolicy({ Statement: statements }, 'identity') };
}

function unknownPolicies(
  property: string,
  arns: readonly (string | undefined)[],
  role: TemplateResource,
  templates: Templates,
): readonly Notice[] {
  return arns
    .filter((arn) => arn !== undefined)
    .filter(
      (arn) =>
        !managedPolicies.has(awsManagedPolicy.exec(arn)?.groups?.['name'] ?? '') &&
        templates.findBy('AWS::IAM::ManagedPolicy', 'PolicyArn', arn) === undefined,
    )
    .map((arn) => ({
      resource: role.toString(),
      property,
      text: `names ${arn}, which is not known here: it is taken to allow nothing`,
    }));
}
