import { decide } from '../iam/decide.ts';
import type { AttachedPolicy } from '../iam/decide.ts';
import { readPolicy } from '../iam/policy.ts';
import { createRequestContext } from '../iam/request-context.ts';
import type { Principal } from '../iam/statement.ts';
import { qualified } from './attributes.ts';
import type { DeployedFunctionUrl } from './deployment.ts';
import type { DistributionReading } from './reading.ts';
import type { TemplateResource } from './resource.ts';

/** Both are needed since October 2025 (Lambda, Control access to function URLs). */
const actions = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'];

/**
 * Finds out whether the function's policy lets CloudFront's requests to its URL in.
 *
 * @param invokedArn the function's ARN, with the alias that the URL is for
 * @returns what is missing in the policy, or undefined where nothing is
 */
export function findRefusal(
  invokedArn: string,
  authType: DeployedFunctionUrl['authType'],
  reading: DistributionReading,
): string | undefined {
  const permissions = reading.templates
    .all('AWS::Lambda::Permission')
    .filter((permission) => qualified(permission.get('FunctionName').string(), permission.stack) === invokedArn);
  for (const permission of permissions) {
    reading.notices.inspect(permission);
  }
  const policies = {
    identity: [],
    boundary: undefined,
    resource: permissions.map((permission) => policyOf(permission, invokedArn)),
    resourceAccountId: '',
  };
  const asked = { principal: principalOf(authType), resource: invokedArn, context: contextOf(authType, reading) };
  const missing = actions.find((action) => decide({ ...asked, action }, policies).kind === 'denied');
  if (missing === undefined) {
    return undefined;
  }
  return authType === 'NONE'
    ? `no AWS::Lambda::Permission gives ${missing} to everybody, Principal "*"`
    : `no AWS::Lambda::Permission gives ${missing} to cloudfront.amazonaws.com with this distribution as its SourceArn`;
}

/** Nobody is known where nothing is signed. */
function principalOf(authType: DeployedFunctionUrl['authType']): Principal {
  return authType === 'NONE' ? { kind: 'anonymous' } : { kind: 'service', name: 'cloudfront.amazonaws.com' };
}

/** CloudFront signs on behalf of its distribution, and is in no organization. */
function contextOf(
  authType: DeployedFunctionUrl['authType'],
  { distributionArn, stack }: DistributionReading,
): ReturnType<typeof createRequestContext> {
  return createRequestContext({
    'lambda:FunctionUrlAuthType': authType,
    'lambda:InvokedViaFunctionUrl': 'true',
    'lambda:EventSourceToken': undefined,
    'aws:PrincipalOrgID': undefined,
    ...(authType === 'AWS_IAM' && { 'aws:SourceArn': distributionArn, 'aws:SourceAccount': stack.accountId }),
  });
}

/** What Lambda puts into the function's policy for a permission (Lambda API reference, AddPermission). */
function policyOf(permission: TemplateResource, invokedArn: string): AttachedPolicy {
  const principal = permission.get('Principal').string();
  const conditions = (
    [
      ['ArnLike', 'aws:SourceArn', 'SourceArn'],
      ['StringEquals', 'aws:SourceAccount', 'SourceAccount'],
      ['StringEquals', 'aws:PrincipalOrgID', 'PrincipalOrgID'],
      ['StringEquals', 'lambda:EventSourceToken', 'EventSourceToken'],
      ['StringEquals', 'lambda:FunctionUrlAuthType', 'FunctionUrlAuthType'],
      ['Bool', 'lambda:InvokedViaFunctionUrl', 'InvokedViaFunctionUrl'],
    ] as const
  ).map(([operator, key, name]) => [operator, key, permission.get(name).optionalString()] as const);
  const operators = [...new Set(conditions.map(([operator]) => operator))];
  const statement = {
    Effect: 'Allow',
    Principal: principal === '*' ? '*' : { [/^(?:\d{12}$|arn:)/u.test(principal) ? 'AWS' : 'Service']: principal },
    Action: permission.get('Action').string(),
    Resource: invokedArn,
    Condition: Object.fromEntries(
      operators.map((operator) => [
        operator,
        Object.fromEntries(
          conditions.flatMap(([of, key, value]) => (of === operator && value !== undefined ? [[key, value]] : [])),
        ),
      ]),
    ),
  };
  return { name: permission.logicalId, arn: undefined, policy: readPolicy({ Statement: statement }, 'resource') };
}
