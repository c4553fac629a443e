import { crypto } from '../builtin-crypto.ts';
import { defaultScryptParameters, deriveByScrypt, formatPasswordHash, hashLength } from './password-hash.ts';

/** Draws so many bytes that nobody can foresee. */
export type RandomBytes = (length: number) => Buffer;

/** A key, for its owner alone, and what the relay needs to know it again. */
export interface NewApiKey {
  /** `relay_` and 43 characters of base64url. To be shown once and stored nowhere. */
  readonly key: string;
  /** `sha256:` and 64 hex digits, for the document of keys. */
  readonly hash: string;
}

/** Makes an API key of 256 random bits. `randomBytes` defaults to Node's. */
export function createApiKey(randomBytes: RandomBytes = crypto.randomBytes): NewApiKey {
  const key = `relay_${randomBytes(32).toString('base64url')}`;
  return { key, hash: hashApiKey(key) };
}

/**
 * Hashes an API key for the document of keys. A fast hash, because a key of 256 random bits cannot be guessed; a key that a
 * person made up can be, and belongs into a document of users.
 */
export function hashApiKey(key: string): string {
  return `sha256:${crypto.createHash('sha256').update(key, 'utf8').digest('hex')}`;
}

/** Makes a password of 144 random bits, 24 characters of base64url. `randomBytes` defaults to Node's. */
export function createPassword(randomBytes: RandomBytes = crypto.randomBytes): string {
  return randomBytes(18).toString('base64url');
}

/** Hashes a password for the document of users. `salt` defaults to 16 random bytes; it must be drawn anew for each password. */
export async function hashPassword(password: string, salt: Buffer = crypto.randomBytes(16)): Promise<string> {
  const parameters = defaultScryptParameters;
  return formatPasswordHash({ parameters, salt, hash: await deriveByScrypt(password, salt, parameters, hashLength) });
}
