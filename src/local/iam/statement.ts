import { holds } from './condition.ts';
import { coversResource, isLike, readPattern } from './pattern.ts';
import type { Policy, Principals, Selection, Statement, Text } from './policy.ts';
import type { RequestContext } from './request-context.ts';
import { every, not, some } from './truth.ts';
import type { Truth } from './truth.ts';

/** Who asks. */
export type Principal =
  | {
      /** A session of a role: what a function's credentials are. */
      readonly kind: 'role';
      readonly accountId: string;
      /** `arn:aws:iam::<account>:role/<path><name>` */
      readonly roleArn: string;
      /** `arn:aws:sts::<account>:assumed-role/<name>/<session>` */
      readonly sessionArn: string;
    }
  | {
      readonly kind: 'service';
      /** Such as `cloudfront.amazonaws.com`. */
      readonly name: string;
    }
  | {
      /** Whoever sends a request that is not signed. */
      readonly kind: 'anonymous';
    };

/** What is asked for. */
export interface AccessRequest {
  readonly principal: Principal;
  /** Such as `secretsmanager:GetSecretValue`. */
  readonly action: string;
  /** ARN, or the name under which a resource is asked for that does not exist. */
  readonly resource: string;
  readonly context: RequestContext;
}

/** As what a statement of a resource's policy names who asks. */
export type Naming = 'session' | 'role' | 'account' | 'everybody' | 'service';

/** Whether a statement is about a request, but for whom it names. */
export function concerns(statement: Statement, { hasVariables }: Policy, request: AccessRequest): Truth {
  const { action, resource, context } = request;
  const variables = hasVariables ? context : undefined;
  return every([
    // Actions are the same in any case, resources are not (IAM, Action; Resource). Only the latter have variables.
    selects(statement.actions, (name) => isLike(readPattern(lowerCase(name), undefined), action.toLowerCase())),
    statement.resources === undefined ||
      selects(statement.resources, (name) => coversResource(readPattern(name, variables), resource)),
    ...statement.conditions.map((condition) =>
      'doubt' in condition ? condition : holds(condition, context, variables),
    ),
  ]);
}

/** As what a statement of a resource's policy names who asks, as that which gives most; undefined where it does not. */
export function namingOf(statement: Statement, principal: Principal): Naming | undefined {
  const { principals } = statement;
  if (principals === undefined) {
    return undefined;
  }
  const namings = namingsIn(principals, principal);
  if (principals.kind === 'only') {
    return namings[0];
  }
  return isExcepted(statement, principal, namings) ? undefined : 'everybody';
}

function selects({ kind, names }: Selection, matches: (name: Text) => Truth): Truth {
  const truth = some(names.map(matches));
  return kind === 'only' ? truth : not(truth);
}

function lowerCase(name: Text): Text {
  return typeof name === 'string' ? name.toLowerCase() : name;
}

function namingsIn({ names }: Principals, principal: Principal): readonly Naming[] {
  const has = (kind: string, ...candidates: readonly string[]): boolean =>
    names.some((named) => named.kind === kind && candidates.includes(named.name));
  const isEverybody = has('AWS', '*');
  switch (principal.kind) {
    case 'role': {
      const { accountId, roleArn, sessionArn } = principal;
      const [, partition = ''] = roleArn.split(':');
      const namings: readonly (readonly [Naming, boolean])[] = [
        ['session', has('AWS', sessionArn)],
        ['everybody', isEverybody],
        ['role', has('AWS', roleArn)],
        ['account', has('AWS', accountId, `arn:${partition}:iam::${accountId}:root`)],
      ];
      return namings.flatMap(([naming, isSo]) => (isSo ? [naming] : []));
    }
    case 'service':
      return has('Service', principal.name) || isEverybody || has('Service', '*') ? ['service'] : [];
    case 'anonymous':
      return isEverybody ? ['everybody'] : [];
    default:
      return principal satisfies never;
  }
}

/**
 * A Deny spares a role only where the session, the role and the account are all excepted (IAM, NotPrincipal: AWS "might
 * validate the account first, then the role, and then the assumed-role user").
 */
function isExcepted({ effect }: Statement, principal: Principal, namings: readonly Naming[]): boolean {
  if (effect === 'Allow' || principal.kind !== 'role' || namings.includes('everybody')) {
    return namings.length > 0;
  }
  return (['session', 'role', 'account'] as const).every((naming) => namings.includes(naming));
}
