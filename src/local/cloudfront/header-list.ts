/** One header line. */
export interface HeaderField {
  /** As it was sent. */
  readonly name: string;
  readonly value: string;
}

/** Header lines in their order; a name may occur several times. */
export type HeaderList = readonly HeaderField[];

/** Reads Node's flat list of names and values. */
export function fromRawHeaders(rawHeaders: readonly string[]): HeaderList {
  const fields: HeaderField[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    fields.push({ name: rawHeaders[index] ?? '', value: rawHeaders[index + 1] ?? '' });
  }
  return fields;
}

/** All values of a name, whatever its case. */
export function valuesOf(headers: HeaderList, name: string): readonly string[] {
  return headers.filter((field) => field.name.toLowerCase() === name.toLowerCase()).map((field) => field.value);
}

/** The first value of a name, whatever its case. */
export function valueOf(headers: HeaderList, name: string): string | undefined {
  return valuesOf(headers, name)[0];
}

/** The list without the names, which are in lower case. */
export function without(headers: HeaderList, ...names: readonly string[]): HeaderList {
  return headers.filter((field) => !names.includes(field.name.toLowerCase()));
}

/** The list with one value for the name, in place of any that it had. */
export function withHeader(headers: HeaderList, name: string, value: string): HeaderList {
  return [...without(headers, name.toLowerCase()), { name, value }];
}

/** The lines by name in lower case, in the order in which the names occur first. */
export function groupByName(headers: HeaderList): ReadonlyMap<string, readonly HeaderField[]> {
  const groups = new Map<string, HeaderField[]>();
  for (const field of headers) {
    const name = field.name.toLowerCase();
    const group = groups.get(name) ?? [];
    group.push(field);
    groups.set(name, group);
  }
  return groups;
}

/** The values by name in lower case, several of one name joined by `,`. */
export function joinByName(headers: HeaderList): Record<string, string> {
  return Object.fromEntries(
    [...groupByName(headers)].map(([name, fields]) => [name, fields.map(({ value }) => value).join(',')]),
  );
}

/** `x-relay-authorization` as CloudFront writes it: `X-Relay-Authorization` (CloudFront Functions event structure). */
export function capitalize(name: string): string {
  return name.replace(/(^|-)([a-z])/gu, (_whole, before: string, letter: string) => `${before}${letter.toUpperCase()}`);
}
