import { asObject } from '../template/json.ts';
import { capitalize, groupByName } from './header-list.ts';
import type { HeaderList } from './header-list.ts';

/** A header, a cookie or a query parameter; `multiValue` only where the name occurs more than once. */
export interface ViewerFunctionValue {
  readonly value: string;
  /** Of a cookie that a response sets, such as `Secure; Path=/`. */
  readonly attributes?: string;
  readonly multiValue?: readonly Omit<ViewerFunctionValue, 'multiValue'>[];
}

/** All of one kind, by their names (CloudFront Functions event structure, "Query string, header, and cookie structure"). */
export type ViewerFunctionValues = Readonly<Record<string, ViewerFunctionValue>>;

/** One of them. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
  readonly attributes?: string | undefined;
}

/** Splits a query (`&`) or a `cookie` header (`;`); nothing is decoded. */
export function splitPairs(text: string, separator: '&' | ';'): readonly NamedValue[] {
  return text
    .split(separator)
    .map((pair) => (separator === ';' ? pair.trim() : pair))
    .filter((pair) => pair !== '')
    .map(splitPair);
}

/** The name and the value of `name=value`. */
export function splitPair(pair: string): NamedValue {
  const equals = pair.indexOf('=');
  return equals === -1 ? { name: pair, value: '' } : { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
}

/** Collapses those of one name into one field. */
export function collapse(values: readonly NamedValue[]): ViewerFunctionValues {
  const groups = new Map<string, Omit<ViewerFunctionValue, 'multiValue'>[]>();
  for (const { name, value, attributes } of values) {
    const group = groups.get(name) ?? [];
    group.push({ value, ...(attributes !== undefined && { attributes }) });
    groups.set(name, group);
  }
  return Object.fromEntries(
    [...groups].map(([name, [first = { value: '' }, ...more]]) => [
      name,
      more.length === 0 ? first : { ...first, multiValue: [first, ...more] },
    ]),
  );
}

/** Headers as functions see them, by their names in lower case. */
export function collapseHeaders(headers: HeaderList): ViewerFunctionValues {
  return collapse([...groupByName(headers)].flatMap(([name, fields]) => fields.map(({ value }) => ({ name, value }))));
}

/**
 * The lines of a map of values; undefined where it has the wrong form. A changed `multiValue` counts before `value`;
 * otherwise a changed `value` replaces the first (CloudFront Functions event structure, multiValue array).
 */
export function expand(values: unknown, before: ViewerFunctionValues): readonly NamedValue[] | undefined {
  const object = asObject(values);
  if (object === undefined) {
    return undefined;
  }
  const lines: NamedValue[] = [];
  for (const [name, entry] of Object.entries(object)) {
    const multiValue = asObject(entry)?.['multiValue'];
    const several: readonly unknown[] = Array.isArray(multiValue) ? multiValue : [entry];
    const isReplaced = Array.isArray(multiValue) && isSame(multiValue, before[name]?.multiValue);
    for (const line of (isReplaced ? [entry, ...several.slice(1)] : several).map(asObject)) {
      const { value, attributes } = line ?? {};
      if (typeof value !== 'string' || (attributes !== undefined && typeof attributes !== 'string')) {
        return undefined;
      }
      lines.push({ name, value, attributes });
    }
  }
  return lines;
}

/** The viewer's own spelling where the name was there before, capitalized where the function added it. */
export function restoreCase(lines: readonly NamedValue[], original: HeaderList): HeaderList {
  const spelling = new Map(original.map((field) => [field.name.toLowerCase(), field.name]));
  return lines.map(({ name, value }) => ({ name: spelling.get(name) ?? capitalize(name), value }));
}

/** Tells whether a function left something as it was. */
export function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
