import type { Text } from './policy.ts';
import type { RequestContext } from './request-context.ts';
import type { Doubt, Truth } from './truth.ts';

/** One character of a policy's text. */
interface Character {
  readonly text: string;
  /** Stands for itself, also where it is `*`, `?` or `:`. */
  readonly isLiteral: boolean;
}

/** A text of a policy once its variables are replaced; undefined where one has no value, and it is like nothing. */
export type Pattern = readonly Character[] | Doubt | undefined;

/** `arn:partition:service:region:account:resource`. */
const arnParts = 6;

/** `${*}`, `${?}` and `${$}` are the characters themselves (IAM, Policy variables, "Special characters"). */
const specialCharacters: readonly string[] = ['*', '?', '$'];

/**
 * Replaces `${key}` and `${key, 'default'}` by values of the request (IAM, Policy variables). What a value holds has no
 * further meaning: a `*` in it is no wildcard.
 *
 * @param context undefined where the policy is of a version that has no variables.
 */
export function readPattern(text: Text, context: RequestContext | undefined): Pattern {
  if (typeof text !== 'string') {
    return text;
  }
  if (context === undefined) {
    return charactersOf(text, false);
  }
  const characters: Character[] = [];
  for (const [part = '', , variable] of text.matchAll(/([^$]+)|\$\{([^}]+)\}|\$/gu)) {
    const value = variable === undefined ? part : valueOf(variable, context);
    if (typeof value !== 'string') {
      return value;
    }
    characters.push(...charactersOf(value, variable !== undefined));
  }
  return characters;
}

/** Whether a text is exactly the pattern, whose wildcards are none, with each letter as `fold` has it. */
export function equals(pattern: Pattern, text: string, fold: (text: string) => string = (same) => same): Truth {
  return isPlain(pattern)
    ? fold(pattern.map((character) => character.text).join('')) === fold(text)
    : (pattern ?? false);
}

/** Whether a text is like the pattern: `*` is any number of characters, `?` is one. */
export function isLike(pattern: Pattern, text: string): Truth {
  return isPlain(pattern) ? matches(pattern, Array.from(text)) : (pattern ?? false);
}

/**
 * Whether an ARN is like the pattern: each of its six parts is compared by itself, so that a wildcard does not reach over
 * a colon before the last (IAM, Condition operators, "ARN condition operators").
 */
export function isArnLike(pattern: Pattern, arn: string): Truth {
  return isPlain(pattern) ? matchesParts(splitPattern(pattern), splitArn(arn)) : (pattern ?? false);
}

/**
 * Whether a policy's `Resource` covers a resource: as ARNs are compared, where parts that are missing at the end are any
 * (IAM, IAM identifiers, "incomplete ARN"). What is no ARN, such as the name of a secret that does not exist, is one text.
 */
export function coversResource(pattern: Pattern, resource: string): Truth {
  const parts = splitArn(resource);
  if (!isPlain(pattern) || parts.length < arnParts) {
    return isLike(pattern, resource);
  }
  const patterns = splitPattern(pattern);
  const missing = Array.from({ length: arnParts - patterns.length }, () => charactersOf('*', false));
  return matchesParts([...patterns, ...missing], parts);
}

function isPlain(pattern: Pattern): pattern is readonly Character[] {
  return Array.isArray(pattern);
}

function charactersOf(text: string, isLiteral: boolean): readonly Character[] {
  return Array.from(text, (character) => ({ text: character, isLiteral }));
}

function valueOf(variable: string, context: RequestContext): string | Doubt | undefined {
  if (specialCharacters.includes(variable)) {
    return variable;
  }
  const [, key = variable, otherwise] = /^\s*([^,]+?)\s*(?:,\s*'(.*)')?\s*$/u.exec(variable) ?? [];
  const values = context.valuesOf(key);
  return values === undefined ? { doubt: `nobody here knows \${${key}}` } : (values[0] ?? otherwise);
}

/** The usual comparison with one point to go back to: the last `*`. */
function matches(pattern: readonly Character[], text: readonly string[]): boolean {
  let [at, from] = [0, 0];
  let retry: { readonly at: number; from: number } | undefined;
  while (from < text.length) {
    const character = pattern[at];
    if (isWildcard(character, '*')) {
      retry = { at: at + 1, from };
      at += 1;
    } else if (character !== undefined && (isWildcard(character, '?') || character.text === text[from])) {
      at += 1;
      from += 1;
    } else if (retry !== undefined) {
      retry.from += 1;
      at = retry.at;
      from = retry.from;
    } else {
      return false;
    }
  }
  return pattern.slice(at).every((character) => isWildcard(character, '*'));
}

function isWildcard(character: Character | undefined, wildcard: '*' | '?'): boolean {
  return character?.text === wildcard && !character.isLiteral;
}

function matchesParts(patterns: readonly (readonly Character[])[], parts: readonly string[]): boolean {
  return (
    parts.length === patterns.length && patterns.every((part, index) => matches(part, Array.from(parts[index] ?? '')))
  );
}

/** The last part may hold colons. */
function splitArn(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length < arnParts ? parts : [...parts.slice(0, arnParts - 1), parts.slice(arnParts - 1).join(':')];
}

function splitPattern(pattern: readonly Character[]): readonly (readonly Character[])[] {
  const parts: Character[][] = [[]];
  for (const character of pattern) {
    if (character.text === ':' && !character.isLiteral && parts.length < arnParts) {
      parts.push([]);
    } else {
      parts.at(-1)?.push(character);
    }
  }
  return parts;
}
