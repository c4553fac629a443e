import { crypto } from '../builtin-crypto.ts';

/** How much work one hash is (RFC 7914, section 2). */
export interface ScryptParameters {
  /** N, a power of two. */
  readonly cost: number;
  /** r. */
  readonly blockSize: number;
  /** p. */
  readonly parallelization: number;
}

/** A password's hash, as a document of users has it. */
export interface PasswordHash {
  readonly parameters: ScryptParameters;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Derives the hash of a password; gives as many bytes as `length` says. */
export type DerivePasswordHash = (
  password: string,
  salt: Buffer,
  parameters: ScryptParameters,
  length: number,
) => Promise<Buffer>;

/**
 * What new hashes are made with: of the equivalent choices of OWASP's Password Storage Cheat Sheet the one with the least
 * work and a memory, 16 MiB, of which several fit into a Lambda of 512 MB. About 160 ms of a CPU, and so half a second of
 * such a Lambda, once in a few minutes for each caller.
 */
export const defaultScryptParameters: ScryptParameters = { cost: 2 ** 14, blockSize: 8, parallelization: 5 };

/** Bytes of a new hash. */
export const hashLength = 32;

/**
 * Longest password, in UTF-16 units. To normalize one takes time that grows with the square of its length where it is made of
 * combining marks: 40 ms of the process for as many as fit into a header (Node 24).
 */
export const maxPasswordLength = 1_024;

/** N · r · p: at least Node's own default, at most twice what OWASP asks for. */
const leastWork = 2 ** 17;
const mostWork = 2 ** 21;

/** 128 · N · r, in bytes: so much memory one hash takes. */
const mostMemory = 128 * 2 ** 20;

const form = /^scrypt:(\d{1,7}):(\d{1,3}):(\d{1,3}):([A-Za-z0-9_-]{22,86}):([A-Za-z0-9_-]{43,86})$/u;

/** The form of {@link parsePasswordHash}, in words. */
export const passwordHashForm =
  '"scrypt:<N>:<r>:<p>:<salt>:<hash>", salt and hash in base64url of 16 to 64 and 32 to 64 bytes, N a power of two, r at least 8, N·r·p from 2^17 to 2^21, 128·N·r at most 128 MiB';

/** Reads `scrypt:<N>:<r>:<p>:<base64url salt>:<base64url hash>`; gives undefined where it is none, too weak or too costly. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  const [, n = '', r = '', p = '', salt = '', hash = ''] = form.exec(text) ?? [];
  const parameters = { cost: Number(n), blockSize: Number(r), parallelization: Number(p) };
  const { cost, blockSize, parallelization } = parameters;
  const work = cost * blockSize * parallelization;
  if (work < leastWork || work > mostWork || 128 * cost * blockSize > mostMemory) return undefined;
  if (blockSize < 8 || !Number.isInteger(Math.log2(cost))) return undefined;
  const parsed = { parameters, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') };
  // Node decodes base64url of any length, and numbers may begin with zeros.
  return formatPasswordHash(parsed) === text ? parsed : undefined;
}

/** Writes what {@link parsePasswordHash} reads. */
export function formatPasswordHash({ parameters, salt, hash }: PasswordHash): string {
  const { cost, blockSize, parallelization } = parameters;
  return `scrypt:${cost}:${blockSize}:${parallelization}:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/**
 * Derives a hash by scrypt, in Node's thread pool. The password is normalized first: one system types é as one character,
 * another as two (NFC, as OpaqueString of RFC 8265, section 4.2).
 */
export const deriveByScrypt: DerivePasswordHash = (password, salt, parameters, length) => {
  const { cost, blockSize, parallelization } = parameters;
  // What OpenSSL counts: V, B and its scratch block (crypto/evp/p_scrypt, `Vlen`, `Blen`).
  const maxmem = 128 * blockSize * (cost + parallelization + 2);
  return new Promise((resolve, reject) => {
    crypto.scrypt(
      password.normalize('NFC'),
      salt,
      length,
      { cost, blockSize, parallelization, maxmem },
      (error: Error | null, hash: Buffer) => (error === null ? resolve(hash) : reject(error)),
    );
  });
};
