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
    fields.push({ name: rawHeaders[index] ?? '', value: fromWire(rawHeaders[index + 1] ?? '') });
  }
  return fields;
}

/** The flat list that Node writes. */
export function toRawHeaders(headers: HeaderList): string[] {
  return headers.flatMap(({ name, value }) => [name, toWire(value)]);
}

/**
 * What was sent, of which Node makes one character per byte: CloudFront takes it for UTF-8, and for ISO-8859-1 where it is
 * not (CloudFront, Restrictions on all edge functions, "URI, query string, and headers encoding").
 */
function fromWire(text: string): string {
  if (isAscii(text)) {
    return text;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

/** The bytes of the text in UTF-8, one character each, as Node writes them. */
export function toWire(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7F]/u.test(text);
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
