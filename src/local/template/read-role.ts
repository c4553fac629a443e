import { decide } from '../iam/decide.ts';
import type { AttachedPolicy } from '../iam/decide.ts';
import { managedPolicies } from '../iam/managed-policies.ts';
import { readPolicy } from '../iam/policy.ts';
import { attempt } from './attempt.ts';
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
  const boundary = role.get('PermissionsBoundary');
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
      ...membersOf(role.get('ManagedPolicyArns')).map((managed) => managedPolicy(managed, templates)),
    ],
    boundary: isSet(boundary) ? managedPolicy(boundary, templates) : undefined,
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
      return owner === undefined ? [] : [owner.get('Role').notice(text)];
    }
    const boundary = role.get('PermissionsBoundary');
    const named = [...membersOf(role.get('ManagedPolicyArns')), ...(isSet(boundary) ? [boundary] : [])];
    return named
      .filter((property) => !isKnown(textOf(property), templates))
      .map((property) => {
        const policyArn = textOf(property) ?? 'what only the deployment knows';
        return property.notice(`is ${policyArn}: nobody here knows what it allows, and it is taken to allow nothing`);
      });
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

/** Policies that are resources of their own and name their roles. What cannot be read names none of these roles. */
function attachedPolicies(templates: Templates, role: TemplateResource, roleName: string): readonly AttachedPolicy[] {
  const naming = (type: string, property: string): readonly TemplateResource[] =>
    templates
      .all(type)
      .filter(({ stack }) => stack.accountId === role.stack.accountId)
      .filter((policy) => membersOf(policy.get(property)).some((named) => textOf(named) === roleName));
  return [
    ...[...naming('AWS::IAM::Policy', 'Roles'), ...naming('AWS::IAM::RolePolicy', 'RoleName')].map((policy) =>
      inline(policy.get('PolicyDocument'), policy.logicalId),
    ),
    ...naming('AWS::IAM::ManagedPolicy', 'Roles').map(ownManagedPolicy),
  ];
}

/** The members of a list; the property itself where it is none, or cannot be had. */
function membersOf(property: Property): readonly Property[] {
  return attempt(() => property.list()) ?? [property];
}

/** Undefined where the property is missing, or its value cannot be had. */
function textOf(property: Property): string | undefined {
  return attempt(() => property.optionalString());
}

function isSet(property: Property): boolean {
  return attempt(() => property.isMissing) !== true;
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
function managedPolicy(property: Property, templates: Templates): AttachedPolicy {
  const arn = textOf(property);
  const own = arn === undefined ? undefined : templates.findBy('AWS::IAM::ManagedPolicy', 'PolicyArn', arn);
  if (own !== undefined) {
    return ownManagedPolicy(own);
  }
  const statements = managedPolicies.get(nameOf(arn)) ?? [];
  return {
    name: `policy ${nameOf(arn ?? 'that only the deployment knows')}`,
    arn,
    policy: readPolicy({ Statement: statements }, 'identity'),
  };
}

function isKnown(arn: string | undefined, templates: Templates): boolean {
  return (
    managedPolicies.has(nameOf(arn)) ||
    (arn !== undefined && templates.findBy('AWS::IAM::ManagedPolicy', 'PolicyArn', arn) !== undefined)
  );
}

/** Path and name of a policy of AWS's own; of another one its ARN. */
function nameOf(arn = ''): string {
  return awsManagedPolicy.exec(arn)?.groups?.['name'] ?? arn;
}
