import { isDeepStrictEqual } from 'node:util';
import { LocalChainError } from '../local-chain-error.ts';
import { asObject } from './json.ts';
import type { Resolve } from './resource.ts';
import { nameOf, sectionOf } from './stack.ts';
import type { Stack } from './stack.ts';

/**
 * Tells whether a condition of a template holds (CloudFormation, Condition functions).
 *
 * @param resolve evaluates what is compared
 * @throws LocalChainError where the template has no such condition, or one that cannot be evaluated
 */
export function holds(stack: Stack, name: string, resolve: Resolve): boolean {
  return holdsWithin(stack, name, resolve, []);
}

function holdsWithin(stack: Stack, name: string, resolve: Resolve, within: readonly string[]): boolean {
  const condition = sectionOf(stack, 'conditions')[name];
  if (condition === undefined) {
    throw new LocalChainError(`stack ${stack.scope.name} has no condition ${name}`);
  }
  if (within.includes(name)) {
    throw new LocalChainError(`${nameOf(stack, 'condition', name)} depends on itself`);
  }
  const evaluate = (expression: unknown): boolean => {
    const entries = Object.entries(asObject(expression) ?? {});
    const [intrinsic, argument] = entries.length === 1 ? (entries[0] ?? ['', undefined]) : ['', undefined];
    const parts = Array.isArray(argument) ? argument : [];
    switch (intrinsic) {
      case 'Condition':
        return holdsWithin(stack, String(argument), resolve, [...within, name]);
      case 'Fn::And':
        return parts.every(evaluate);
      case 'Fn::Or':
        return parts.some(evaluate);
      case 'Fn::Not':
        return !evaluate(parts[0]);
      case 'Fn::Equals':
        return areEqual(resolve(parts[0]), resolve(parts[1]));
      default:
        throw new LocalChainError(
          `${nameOf(stack, 'condition', name)} is ${JSON.stringify(expression)}; it must be Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition`,
        );
    }
  };
  return evaluate(condition);
}

/** Numbers and booleans are compared as the strings that CloudFormation takes them for. */
function areEqual(left: unknown, right: unknown): boolean {
  const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);
  return isPlain(left) && isPlain(right) ? String(left) === String(right) : isDeepStrictEqual(left, right);
}
