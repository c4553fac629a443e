import { BlockList, isIP } from 'node:net';
import { equals, isArnLike, isLike, readPattern } from './pattern.ts';
import type { Condition, Text } from './policy.ts';
import type { RequestContext } from './request-context.ts';
import { every, not, some } from './truth.ts';
import type { Truth } from './truth.ts';

/** Whether a value of the request and one of the policy belong together. */
type Comparison = (value: string, expected: Text, variables: RequestContext | undefined) => Truth;

/** The operators by their names in lower case, without those that say the opposite (IAM, Condition operators). */
const comparisons: Readonly<Record<string, Comparison>> = {
  stringequals: (value, expected, variables) => equals(readPattern(expected, variables), value),
  stringequalsignorecase: (value, expected, variables) =>
    equals(readPattern(expected, variables), value, (text) => text.toLowerCase()),
  stringlike: (value, expected, variables) => isLike(readPattern(expected, variables), value),
  arnequals: compareArns,
  arnlike: compareArns,
  bool: literally((value, expected) => value.toLowerCase() === expected.toLowerCase()),
  numericequals: compareNumbers((value, expected) => value === expected),
  numericlessthan: compareNumbers((value, expected) => value < expected),
  numericlessthanequals: compareNumbers((value, expected) => value <= expected),
  numericgreaterthan: compareNumbers((value, expected) => value > expected),
  numericgreaterthanequals: compareNumbers((value, expected) => value >= expected),
  dateequals: compareDates((value, expected) => value === expected),
  datelessthan: compareDates((value, expected) => value < expected),
  datelessthanequals: compareDates((value, expected) => value <= expected),
  dategreaterthan: compareDates((value, expected) => value > expected),
  dategreaterthanequals: compareDates((value, expected) => value >= expected),
  ipaddress: literally(isInRange),
};

/** The operators that say the opposite of another. */
const opposites: Readonly<Record<string, string>> = {
  stringnotequals: 'stringequals',
  stringnotequalsignorecase: 'stringequalsignorecase',
  stringnotlike: 'stringlike',
  arnnotequals: 'arnequals',
  arnnotlike: 'arnlike',
  numericnotequals: 'numericequals',
  datenotequals: 'dateequals',
  notipaddress: 'ipaddress',
};

/**
 * Whether a condition holds for a request. In doubt it is where only AWS knows the key, or the operator is none that is
 * known here.
 *
 * @param variables undefined where the policy is of a version that has none.
 */
export function holds(condition: Condition, context: RequestContext, variables: RequestContext | undefined): Truth {
  const [, set, name, ifExists] = /^(?:(forallvalues|foranyvalue):)?(.+?)(ifexists)?$/u.exec(
    condition.operator.toLowerCase(),
  ) ?? ['', undefined, '', undefined];
  const opposite = opposites[name ?? ''];
  const comparison = comparisons[opposite ?? name ?? ''];
  if (comparison === undefined && name !== 'null') {
    return { doubt: `the operator ${condition.operator} is not known here` };
  }
  const values = context.valuesOf(condition.key);
  if (values === undefined) {
    return { doubt: `nobody here knows ${condition.key}` };
  }
  if (comparison === undefined) {
    return some(condition.values.map((expected) => isAbsent(values, expected)));
  }
  if (values.length === 0) {
    return ifExists !== undefined || (set === undefined ? opposite !== undefined : set === 'forallvalues');
  }
  const truths = values.map((value) => {
    const truth = some(condition.values.map((expected) => comparison(value, expected, variables)));
    return opposite === undefined ? truth : not(truth);
  });
  return set === 'forallvalues' ? every(truths) : some(truths);
}

/** `Null`: `true` asks for a key that the request has not. */
function isAbsent(values: readonly string[], expected: Text): Truth {
  return typeof expected === 'string' ? (expected.toLowerCase() === 'true') === (values.length === 0) : expected;
}

/** Of the operators that take no variables. */
function literally(compare: (value: string, expected: string) => boolean): Comparison {
  return (value, expected) => (typeof expected === 'string' ? compare(value, expected) : expected);
}

function compareArns(value: string, expected: Text, variables: RequestContext | undefined): Truth {
  return isArnLike(readPattern(expected, variables), value);
}

function compareNumbers(compare: (value: number, expected: number) => boolean): Comparison {
  return literally((value, expected) => value.trim() !== '' && compare(Number(value), Number(expected)));
}

function compareDates(compare: (value: number, expected: number) => boolean): Comparison {
  return literally((value, expected) => compare(readDate(value), readDate(expected)));
}

/** ISO 8601, or seconds since 1970. */
function readDate(text: string): number {
  return /^\d+(?:\.\d+)?$/u.test(text) && text.length > 4 ? Number(text) * 1000 : Date.parse(text);
}

/** An address, or a range such as `203.0.113.0/24`. */
function isInRange(value: string, expected: string): boolean {
  const [address = '', prefix] = expected.split('/');
  const family = familyOf(address);
  const widest = family === 'ipv4' ? 32 : 128;
  const bits = prefix === undefined ? widest : Number(prefix);
  if (family === undefined || familyOf(value) === undefined || !Number.isInteger(bits) || bits < 0 || bits > widest) {
    return false;
  }
  const range = new BlockList();
  range.addSubnet(address, bits, family);
  return range.check(value, familyOf(value));
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  switch (isIP(address)) {
    case 4:
      return 'ipv4';
    case 6:
      return 'ipv6';
    default:
      return undefined;
  }
}
