import { RelayError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json.ts';
import type { JsonObject } from '../json.ts';

/** Most entries of one document. */
const maxEntries = 10_000;

/** Longest document, in UTF-16 units. */
export const maxDocumentLength = 4_194_304;

/** One entry, and where it stands in the document, for what is said of it. */
export interface DocumentEntry {
  /** Such as `keys[3]`. */
  readonly place: string;
  readonly members: JsonObject;
}

/** No control characters: an id is logged, and may become a header. */
// oxlint-disable-next-line no-control-regex
const idForm = /^[^\u0000-\u001f\u007f-\u009f]{1,128}$/u;

/**
 * Reads a document of credentials: `{"<list>": [{…}, …]}` and nothing else.
 *
 * @throws RelayError `internal_error` whose cause says what is wrong, and never holds anything of the document.
 */
export function readEntries(text: string, list: string, allowedMembers: readonly string[]): readonly DocumentEntry[] {
  if (text.length > maxDocumentLength) throw refuse(list, `has more than ${maxDocumentLength} characters`);
  const document = parseJson(text);
  const entries = isJsonObject(document) ? document[list] : undefined;
  if (!isJsonObject(document) || !Array.isArray(entries) || Object.keys(document).length !== 1) {
    throw refuse(list, `must be a JSON object with the one member "${list}", a list`);
  }
  if (entries.length > maxEntries) throw refuse(list, `has more than ${maxEntries} entries`);
  return entries.map((members: unknown, index) => {
    const place = `${list}[${index}]`;
    if (!isJsonObject(members)) throw refuse(list, `has no JSON object at ${place}`);
    // A member whose name is misspelt may be a limit that would not hold, such as a date.
    if (!Object.keys(members).every((name) => allowedMembers.includes(name))) {
      throw refuse(list, `has at ${place} a member that is none of ${allowedMembers.join(', ')}`);
    }
    return { place, members };
  });
}

/**
 * Reads the id of an entry.
 *
 * @throws RelayError as {@link readEntries}.
 */
export function readId({ place, members }: DocumentEntry, list: string): string {
  const id = members['id'];
  if (typeof id === 'string' && idForm.test(id) && id.isWellFormed()) return id;
  throw refuse(list, `needs at ${place}.id a string of 1 to 128 characters without control characters`);
}

/** Makes the error of a document that cannot be used; `fault` must not hold anything of it. */
export function refuse(list: string, fault: string): RelayError {
  return new RelayError('internal_error', { cause: `the document of ${list} ${fault}` });
}
