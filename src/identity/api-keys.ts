import { crypto } from '../builtin-crypto.ts';
import { RelayError } from '../errors.ts';
import type { Authenticator } from './authenticator.ts';
import { bearerChallenge, invalidTokenChallenge } from './challenges.ts';
import { keepDocument } from './document-store.ts';
import type { KeptDocumentOptions, OpenStore } from './document-store.ts';
import { parseKeyDocument } from './key-document.ts';
import { refuseBy } from './unavailable.ts';

/** A key as it is compared. */
interface HeldKey {
  readonly id: string;
  readonly digest: Buffer;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Lets in who has one of the keys of a document, as `Authorization: Bearer …` or `x-api-key: …`; the principal is
 * `api-key:<id>`. The document is read from now on. A key that is not in it makes it read again, every ten seconds at most, so
 * that a new one is good soon.
 */
export function apiKeys(store: OpenStore, options: KeptDocumentOptions = {}): Authenticator {
  const { now = Date.now } = options;
  const document = keepDocument('the keys cannot be had', store, readKeys, options);
  return {
    name: 'api-keys',
    challenge: bearerChallenge,
    async identify({ credentials }) {
      if (credentials?.kind !== 'api-key' && credentials?.kind !== 'bearer') return { kind: 'absent' };
      const key = credentials.kind === 'bearer' ? credentials.token : credentials.key;
      const digest = crypto.createHash('sha256').update(key, 'utf8').digest();
      try {
        const isGood = (held: HeldKey | undefined) => held !== undefined && now() < held.expiresAt;
        let held = findKey(await document.get(), digest);
        if (!isGood(held)) held = findKey(await document.reload(), digest);
        if (held !== undefined && isGood(held)) return { kind: 'principal', principal: { id: `api-key:${held.id}` } };
        return {
          kind: 'refused',
          error: new RelayError('invalid_credentials', {
            challenge: credentials.kind === 'bearer' ? invalidTokenChallenge : bearerChallenge,
            cause: held === undefined ? 'unknown key' : `expired key of "${held.id}"`,
          }),
        };
      } catch (thrown) {
        return refuseBy(thrown);
      }
    },
  };
}

/**
 * Finds a key by its digest. All of them are compared, each to its last byte: the time says nothing about how much of a hash
 * was right, nor whose it was.
 */
export function findKey<Key extends { readonly digest: Buffer }>(
  keys: readonly Key[],
  digest: Buffer,
  isEqual: (one: Buffer, other: Buffer) => boolean = crypto.timingSafeEqual,
): Key | undefined {
  let found: Key | undefined;
  for (const key of keys) {
    if (isEqual(key.digest, digest)) found = key;
  }
  return found;
}

function readKeys(text: string): readonly HeldKey[] {
  return parseKeyDocument(text).keys.map(({ id, hash, expiresAt }) => ({
    id,
    digest: Buffer.from(hash.slice('sha256:'.length), 'hex'),
    expiresAt: expiresAt === undefined ? Infinity : Date.parse(expiresAt),
  }));
}
