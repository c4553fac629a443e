import { readEntries, readId, refuse } from './credential-document.ts';
import type { DocumentEntry } from './credential-document.ts';

/** A key that lets in. */
export interface KeyEntry {
  /** Whose key it is; several keys may have the same id, so that a key can be replaced without losing its conversations. */
  readonly id: string;
  /** `sha256:` and 64 lower-case hex digits. */
  readonly hash: string;
  /** For people, at most 1,000 characters. */
  readonly note?: string | undefined;
  /** Point in time from which it lets nobody in, such as `2027-01-01T00:00:00Z`. Default: never. */
  readonly expiresAt?: string | undefined;
}

/** The document of keys, as its JSON is. */
export interface KeyDocument {
  readonly keys: readonly KeyEntry[];
}

const hashForm = /^sha256:[0-9a-f]{64}$/u;
const timeForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/u;

/**
 * Reads a document of keys, at most 10,000 of them.
 *
 * @throws RelayError `internal_error` whose cause says what is wrong and where, and never holds anything of the document.
 */
export function parseKeyDocument(text: string): KeyDocument {
  const keys = readEntries(text, 'keys', ['id', 'hash', 'note', 'expiresAt']).map(readKey);
  // Whose conversations would it open, if it were two people's?
  if (new Set(keys.map(({ hash }) => hash)).size !== keys.length) throw refuse('keys', 'has the same hash twice');
  return { keys };
}

function readKey(entry: DocumentEntry): KeyEntry {
  const { place, members } = entry;
  const { hash, note, expiresAt } = members;
  const id = readId(entry, 'keys');
  if (typeof hash !== 'string' || !hashForm.test(hash)) {
    throw refuse('keys', `needs at ${place}.hash "sha256:" and 64 lower-case hex digits`);
  }
  if (note !== undefined && (typeof note !== 'string' || note.length > 1_000)) {
    throw refuse('keys', `has at ${place}.note what is not a string of at most 1,000 characters`);
  }
  if (expiresAt !== undefined && !isTime(expiresAt)) {
    throw refuse('keys', `has at ${place}.expiresAt what is not a time such as 2027-01-01T00:00:00Z`);
  }
  return {
    id,
    hash,
    ...(note === undefined ? {} : { note }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** The 30th of February has the right form, and `Date` takes it for the 2nd of March. */
function isTime(value: unknown): value is string {
  if (typeof value !== 'string' || !timeForm.test(value)) return false;
  const time = Date.parse(value);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 19) === value.slice(0, 19);
}
