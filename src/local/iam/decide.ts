import type { Policy, Statement } from './policy.ts';
import { concerns, namingOf } from './statement.ts';
import type { AccessRequest, Naming } from './statement.ts';
import { isDoubt } from './truth.ts';

/** The kinds of policies, as AWS's messages name them. */
export type PolicyType = 'identity-based policy' | 'permissions boundary' | 'resource-based policy';

/** A policy, and where it comes from. */
export interface AttachedPolicy {
  /** How a sentence names it. */
  readonly name: string;
  /** Undefined where it is part of its role. */
  readonly arn: string | undefined;
  readonly policy: Policy;
}

/** What decides about a request. */
export interface ApplicablePolicies {
  /** Those of the principal; undefined where nobody here knows them, and it is taken to be allowed. */
  readonly identity: readonly AttachedPolicy[] | undefined;
  /** What limits the principal; undefined where nothing does. */
  readonly boundary: AttachedPolicy | undefined;
  /** Those of the resource. */
  readonly resource: readonly AttachedPolicy[];
  /** The account that the resource is in. */
  readonly resourceAccountId: string;
}

/** What comes of it. */
export type Decision = (Allowed | Denied) & {
  /** Sentences about statements of which only AWS knows whether they apply: a Deny is taken to, an Allow is not. */
  readonly doubts: readonly string[];
};

interface Allowed {
  readonly kind: 'allowed';
}

/** Why not. */
export interface Denied {
  readonly kind: 'denied';
  /** `explicit`: a Deny applies. `implicit`: no Allow does. */
  readonly how: 'explicit' | 'implicit';
  readonly policyType: PolicyType;
  /** The policy with the Deny that applies. */
  readonly by?: AttachedPolicy | undefined;
}

/**
 * Decides about a request (IAM, Policy evaluation logic; Cross-account policy evaluation logic).
 *
 * An explicit Deny settles it. Within an account one Allow is enough, of the principal or of the resource; across accounts both
 * are needed. A boundary limits what the principal's own policies allow, and what a resource allows its role, though not what
 * it allows its session or everybody. Of services, and of whoever is not known, only the resource's policies decide. There are no policies of an
 * organization here, and no session policies: Lambda passes none.
 */
export function decide(request: AccessRequest, policies: ApplicablePolicies): Decision {
  const doubts: string[] = [];
  const applies = (attached: AttachedPolicy, statement: Statement): boolean => {
    const truth = concerns(statement, attached.policy, request);
    if (!isDoubt(truth)) {
      return truth;
    }
    const taken = statement.effect === 'Deny' ? 'to apply' : 'not to apply';
    doubts.push(`${statement.name} of ${attached.name} is taken ${taken}: ${truth.doubt}`);
    return statement.effect === 'Deny';
  };
  const decision = denyExplicitly(request, policies, applies) ?? lookForAllow(request, policies, applies);
  return { ...decision, doubts };
}

type Applies = (attached: AttachedPolicy, statement: Statement) => boolean;

function denyExplicitly(
  { principal }: AccessRequest,
  { identity = [], boundary, resource }: ApplicablePolicies,
  applies: Applies,
): Denied | undefined {
  const candidates: readonly (readonly [PolicyType, readonly AttachedPolicy[]])[] = [
    ['identity-based policy', identity],
    ['permissions boundary', boundary === undefined ? [] : [boundary]],
    ['resource-based policy', resource],
  ];
  for (const [policyType, attached] of candidates) {
    const by = attached.find((candidate) =>
      candidate.policy.statements.some(
        (statement) =>
          statement.effect === 'Deny' &&
          (policyType !== 'resource-based policy' || namingOf(statement, principal) !== undefined) &&
          applies(candidate, statement),
      ),
    );
    if (by !== undefined) {
      return { kind: 'denied', how: 'explicit', policyType, by };
    }
  }
  return undefined;
}

function lookForAllow(
  { principal }: AccessRequest,
  { identity, boundary, resource, resourceAccountId }: ApplicablePolicies,
  applies: Applies,
): Allowed | Denied {
  const grants = grantsOf(resource, principal, applies);
  if (principal.kind !== 'role') {
    return grants.length > 0 ? { kind: 'allowed' } : implicitly('resource-based policy');
  }
  const isSameAccount = principal.accountId === resourceAccountId;
  if (isSameAccount && (grants.includes('session') || grants.includes('everybody'))) {
    return { kind: 'allowed' };
  }
  const isGrantedToRole = isSameAccount && grants.includes('role');
  if (!isGrantedToRole && identity !== undefined && !identity.some((attached) => allows(attached, applies))) {
    return implicitly('identity-based policy');
  }
  if (boundary !== undefined && !allows(boundary, applies)) {
    return implicitly('permissions boundary');
  }
  return isSameAccount || grants.length > 0 ? { kind: 'allowed' } : implicitly('resource-based policy');
}

/** As what the resource's policies allow it to who asks. */
function grantsOf(
  resource: readonly AttachedPolicy[],
  principal: AccessRequest['principal'],
  applies: Applies,
): readonly Naming[] {
  return resource.flatMap((attached) =>
    attached.policy.statements.flatMap((statement) => {
      const naming = statement.effect === 'Allow' ? namingOf(statement, principal) : undefined;
      return naming !== undefined && applies(attached, statement) ? [naming] : [];
    }),
  );
}

function allows(attached: AttachedPolicy, applies: Applies): boolean {
  return attached.policy.statements.some((statement) => statement.effect === 'Allow' && applies(attached, statement));
}

function implicitly(policyType: PolicyType): Denied {
  return { kind: 'denied', how: 'implicit', policyType };
}
