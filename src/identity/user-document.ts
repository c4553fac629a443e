import { readEntries, readId, refuse } from './credential-document.ts';
import type { DocumentEntry } from './credential-document.ts';
import { parsePasswordHash, passwordHashForm } from './password-hash.ts';

/** Someone who may come in with a password. */
export interface UserEntry {
  /** What is typed as the user's name; no colon (RFC 7617, section 2), and nobody else's. */
  readonly id: string;
  /** `scrypt:<N>:<r>:<p>:<base64url salt>:<base64url hash>`. */
  readonly hash: string;
}

/** The document of users, as its JSON is. */
export interface UserDocument {
  readonly users: readonly UserEntry[];
}

/**
 * Reads a document of users, at most 10,000 of them.
 *
 * @throws RelayError `internal_error` whose cause says what is wrong and where, and never holds anything of the document.
 */
export function parseUserDocument(text: string): UserDocument {
  const users = readEntries(text, 'users', ['id', 'hash']).map(readUser);
  if (new Set(users.map(({ id }) => id)).size !== users.length) throw refuse('users', 'has the same id twice');
  return { users };
}

function readUser(entry: DocumentEntry): UserEntry {
  const { place, members } = entry;
  const { hash } = members;
  const id = readId(entry, 'users');
  if (id.includes(':')) throw refuse('users', `has at ${place}.id a colon, which ends an id`);
  if (typeof hash !== 'string' || parsePasswordHash(hash) === undefined) {
    throw refuse('users', `needs at ${place}.hash ${passwordHashForm}`);
  }
  return { id, hash };
}
