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
  const missing = actions.find(
    (action) =>
      !permissions.some(
        (permission) =>
          isFor(permission, action, authType) &&
          (authType === 'NONE' ? isForEverybody(permission) : isForDistribution(permission, reading)),
      ),
  );
  if (missing === undefined) {
    return undefined;
  }
  return authType === 'NONE'
    ? `no AWS::Lambda::Permission gives ${missing} to everybody, Principal "*"`
    : `no AWS::Lambda::Permission gives ${missing} to cloudfront.amazonaws.com with this distribution as its SourceArn`;
}

function isFor(permission: TemplateResource, action: string, authType: string): boolean {
  const viaUrl = permission.get('InvokedViaFunctionUrl').optionalString();
  return (
    [action, 'lambda:*', '*'].includes(permission.get('Action').string()) &&
    [undefined, authType].includes(permission.get('FunctionUrlAuthType').optionalString()) &&
    [undefined, 'true'].includes(viaUrl)
  );
}

/** Nobody is known where nothing is signed, so that a condition on who asks is never met. */
function isForEverybody(permission: TemplateResource): boolean {
  const conditions = ['SourceArn', 'SourceAccount', 'PrincipalOrgID'];
  return (
    permission.get('Principal').string() === '*' && conditions.every((condition) => permission.get(condition).isMissing)
  );
}

function isForDistribution(permission: TemplateResource, { distributionArn, stack }: DistributionReading): boolean {
  const sourceArn = permission.get('SourceArn').optionalString();
  return (
    ['cloudfront.amazonaws.com', '*'].includes(permission.get('Principal').string()) &&
    (sourceArn === undefined || matches(sourceArn, distributionArn)) &&
    [undefined, stack.accountId].includes(permission.get('SourceAccount').optionalString()) &&
    permission.get('PrincipalOrgID').isMissing
  );
}

/** `SourceArn` is an `ArnLike` condition: `*` and `?` are wildcards. */
function matches(pattern: string, arn: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/gu, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'u').test(arn);
}
