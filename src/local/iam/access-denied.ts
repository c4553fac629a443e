import type { Denied } from './decide.ts';
import type { AccessRequest, Principal } from './statement.ts';

/**
 * What AWS says to whom it denies something (IAM, Troubleshoot access denied error messages). Since 2026 it names the policy
 * with the Deny by its ARN, where that is one of the principal's and has one.
 */
export function describeDenial({ principal, action, resource }: AccessRequest, denied: Denied): string {
  const user = `User: ${nameOf(principal)} is not authorized to perform: ${action} on resource: ${resource}`;
  const { how, policyType, by } = denied;
  if (how === 'implicit') {
    return `${user} because no ${policyType} allows the ${action} action`;
  }
  const article = policyType === 'identity-based policy' ? 'an' : 'a';
  const arn = policyType === 'resource-based policy' || by?.arn === undefined ? '' : `: ${by.arn}`;
  return `${user} with an explicit deny in ${article} ${policyType}${arn}`;
}

/** The same for the developer: what is missing, or in the way. */
export function explainDenial({ principal, action, resource }: AccessRequest, denied: Denied): string {
  const { how, policyType, by } = denied;
  const who = principal.kind === 'role' ? `the role ${principal.roleArn.split('/').at(-1) ?? ''}` : nameOf(principal);
  const reason = how === 'explicit' ? `${by?.name ?? `a ${policyType}`} denies it` : `no ${policyType} allows it`;
  return `${who} may not ${action} on ${resource}: ${reason}`;
}

function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'role':
      return principal.sessionArn;
    case 'service':
      return principal.name;
    case 'anonymous':
      return 'anonymous';
    default:
      return principal satisfies never;
  }
}
