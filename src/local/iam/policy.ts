import { isJsonObject } from '../../json.ts';
import type { JsonObject } from '../../json.ts';
import { LocalChainError } from '../local-chain-error.ts';
import type { Doubt } from './truth.ts';

/** A policy, read. */
export interface Policy {
  /** Whether `${…}` in it is a variable: since version 2012-10-17. */
  readonly hasVariables: boolean;
  readonly statements: readonly Statement[];
}

/** One statement of a policy. */
export interface Statement {
  /** How a sentence names it: its `Sid`, or its place. */
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  /** Whom it is about; undefined in a policy of an identity, which is about that identity. */
  readonly principals: Principals | undefined;
  readonly actions: Selection;
  /** Undefined in a trust policy, which is about its role. */
  readonly resources: Selection | undefined;
  /** A doubt stands for one of which not even the keys are known here. */
  readonly conditions: readonly (Condition | Doubt)[];
}

/** What an element names: `Action` is `only` these, `NotAction` all `except` these. */
export interface Selection {
  readonly kind: 'only' | 'except';
  readonly names: readonly Text[];
}

/** A text of a policy, or why it is not known here: an intrinsic of a template that only the deployment can resolve. */
export type Text = string | Doubt;

/** Whom a statement names: `Principal` is `only` these, `NotPrincipal` all `except` these. */
export interface Principals {
  readonly kind: 'only' | 'except';
  /** `AWS` or `Service` with one name each; `*` for everybody is of kind `AWS`. Those that are not known here are others. */
  readonly names: readonly { readonly kind: string; readonly name: string }[];
}

/** One key of a `Condition`. */
export interface Condition {
  /** Such as `StringEquals` or `ForAnyValue:ArnLikeIfExists`. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly Text[];
}

/** What a policy is attached to: it decides which elements its statements must have, and may not have. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/**
 * Reads a policy's document, in which a {@link LocalChainError} stands for a value that is not known here (IAM, Grammar of the IAM JSON policy language).
 *
 * @throws LocalChainError with half a sentence, such as `Statement[0].Effect is "allow"; …`, where AWS would refuse it as malformed.
 */
export function readPolicy(document: unknown, kind: PolicyKind): Policy {
  if (!isJsonObject(document)) {
    throw new LocalChainError('is no policy: it must be a JSON object');
  }
  const { Version: version, Statement: statements } = document;
  return {
    hasVariables: version === '2012-10-17',
    statements: (Array.isArray(statements) ? (statements as readonly unknown[]) : [statements]).map(
      (statement, index) => readStatement(statement, `Statement[${index}]`, kind),
    ),
  };
}

function readStatement(statement: unknown, path: string, kind: PolicyKind): Statement {
  if (!isJsonObject(statement)) {
    throw new LocalChainError(`${path} must be an object`);
  }
  const { Sid: sid, Effect: effect, Condition: conditions } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') {
    throw new LocalChainError(`${path}.Effect is ${JSON.stringify(effect)}; it must be "Allow" or "Deny"`);
  }
  requireElement(statement, path, 'Principal', kind !== 'identity');
  requireElement(statement, path, 'Resource', kind !== 'trust');
  return {
    name: typeof sid === 'string' && sid !== '' ? `statement ${sid}` : path,
    effect,
    principals: kind === 'identity' ? undefined : readPrincipals(statement, path),
    actions: readSelection(statement, path, 'Action'),
    resources: kind === 'trust' ? undefined : readSelection(statement, path, 'Resource'),
    conditions: readConditions(conditions, `${path}.Condition`),
  };
}

function requireElement(statement: JsonObject, path: string, element: string, isNeeded: boolean): void {
  const found = [element, `Not${element}`].filter((name) => statement[name] !== undefined);
  if (isNeeded && found.length !== 1) {
    throw new LocalChainError(`${path} must have one of ${element} and Not${element}`);
  }
  if (!isNeeded && found.length > 0) {
    throw new LocalChainError(`${path} must not have ${found.join(' and ')}`);
  }
}

function readSelection(statement: JsonObject, path: string, element: string): Selection {
  requireElement(statement, path, element, true);
  const only = statement[element];
  return only === undefined
    ? { kind: 'except', names: readTexts(statement[`Not${element}`], `${path}.Not${element}`) }
    : { kind: 'only', names: readTexts(only, `${path}.${element}`) };
}

function readPrincipals(statement: JsonObject, path: string): Principals {
  const { Principal: only, NotPrincipal: except } = statement;
  const [kind, value, element] =
    only === undefined ? (['except', except, 'NotPrincipal'] as const) : (['only', only, 'Principal'] as const);
  if (value === '*') {
    return { kind, names: [{ kind: 'AWS', name: '*' }] };
  }
  if (value instanceof LocalChainError) {
    return { kind, names: [] };
  }
  if (!isJsonObject(value)) {
    throw new LocalChainError(`${path}.${element} is ${JSON.stringify(value)}; it must be "*" or an object`);
  }
  return {
    kind,
    names: Object.entries(value).flatMap(([type, names]) =>
      readTexts(names, `${path}.${element}.${type}`).flatMap((name) =>
        typeof name === 'string' ? [{ kind: type, name }] : [],
      ),
    ),
  };
}

function readConditions(conditions: unknown, path: string): Statement['conditions'] {
  if (conditions === undefined) {
    return [];
  }
  if (conditions instanceof LocalChainError) {
    return [{ doubt: conditions.message }];
  }
  if (!isJsonObject(conditions)) {
    throw new LocalChainError(`${path} must be an object`);
  }
  return Object.entries(conditions).flatMap(([operator, keys]): Statement['conditions'] => {
    if (keys instanceof LocalChainError) {
      return [{ doubt: keys.message }];
    }
    if (!isJsonObject(keys)) {
      throw new LocalChainError(`${path}.${operator} must be an object`);
    }
    return Object.entries(keys).map(([key, values]) => ({
      operator,
      key,
      values: readTexts(values, `${path}.${operator}.${key}`),
    }));
  });
}

/** One value or a list of them; numbers and booleans are taken for their texts. */
function readTexts(value: unknown, path: string): readonly Text[] {
  return (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((member) => {
    if (member instanceof LocalChainError) {
      return { doubt: member.message };
    }
    switch (typeof member) {
      case 'string':
        return member;
      case 'number':
      case 'boolean':
        return String(member);
      default:
        throw new LocalChainError(`${path} must be a string or a list of strings`);
    }
  });
}
