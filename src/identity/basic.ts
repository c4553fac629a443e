import { crypto } from '../builtin-crypto.ts';
import { RelayError } from '../errors.ts';
import type { Authenticator, Identification } from './authenticator.ts';
import { basicChallenge } from './challenges.ts';
import { keepDocument } from './document-store.ts';
import type { KeptDocumentOptions, OpenStore } from './document-store.ts';
import type { RandomBytes } from './new-key.ts';
import {
  defaultScryptParameters,
  deriveByScrypt,
  hashLength,
  maxPasswordLength,
  parsePasswordHash,
} from './password-hash.ts';
import type { DerivePasswordHash, PasswordHash } from './password-hash.ts';
import { refuseBy } from './unavailable.ts';
import { parseUserDocument } from './user-document.ts';
import { createVerifiedPairs } from './verified-pairs.ts';
import { createWorkQueue } from './work-queue.ts';

/** What {@link basic} needs of the world. */
export interface BasicOptions extends KeptDocumentOptions {
  /** Default: scrypt of Node. */
  readonly derive?: DerivePasswordHash | undefined;
  /** Default: Node's. */
  readonly random?: RandomBytes | undefined;
}

/** A user's hash as it is compared. */
interface HeldHash extends PasswordHash {
  /** As the document has it. */
  readonly text: string;
}

/** Half of Node's threads for such work, which DNS and files need too (libuv, `UV_THREADPOOL_SIZE`). */
const maxAtOnce = 2;

/** The last of them waits for about three seconds. */
const maxWaiting = 32;

/**
 * Lets in who has an id of a document and its password, as `Authorization: Basic …`; the principal is `basic:<id>`. The
 * document is read from now on; a pair that is not good makes it read again, every ten seconds at most. A pair that is good is
 * remembered for five minutes, or a chat would pay for scrypt with every request.
 */
export function basic(store: OpenStore, options: BasicOptions = {}): Authenticator {
  const { now = Date.now, random = crypto.randomBytes, derive = deriveByScrypt } = options;
  const document = keepDocument('the users cannot be had', store, readUsers, options);
  const queue = createWorkQueue(maxAtOnce, maxWaiting);
  const pairs = createVerifiedPairs({ secret: random(32), now, durationMs: 300_000, maxPairs: 1_000 });

  async function verify(hash: HeldHash, id: string, password: string): Promise<boolean> {
    return await pairs.check(id, password, hash.text, () =>
      queue.run(async () => {
        const derived = await derive(password, hash.salt, hash.parameters, hash.hash.byteLength);
        return crypto.timingSafeEqual(derived, hash.hash);
      }),
    );
  }

  return {
    name: 'basic',
    challenge: basicChallenge,
    async identify({ credentials }) {
      if (credentials?.kind !== 'basic') return { kind: 'absent' };
      const { id, password } = credentials;
      if (password.length > maxPasswordLength) return refuse(`a password of more than ${maxPasswordLength} characters`);
      try {
        const users = await document.get();
        let hash = users.get(id);
        // Without a user the same work is done: the time must not say who is one.
        const standIn = findStandIn(users, id);
        let isRight = await verify(hash ?? standIn, id, password);
        if (!isRight || hash === undefined) {
          const newer = (await document.reload()).get(id);
          if (newer?.text !== hash?.text) isRight = newer !== undefined && (await verify(newer, id, password));
          hash = newer;
        }
        if (isRight && hash !== undefined) return { kind: 'principal', principal: { id: `basic:${id}` } };
        // Not the id of nobody: people type their password into the wrong field.
        return refuse(hash === undefined ? 'unknown user' : `wrong password of "${id}"`);
      } catch (thrown) {
        return refuseBy(thrown);
      }
    },
  };
}

function refuse(cause: string): Identification {
  return { kind: 'refused', error: new RelayError('invalid_credentials', { cause, challenge: basicChallenge }) };
}

/**
 * Gives what the password of an unknown id is compared with. It costs what a user's hash costs; where they differ, what that
 * of one of them costs, and for the same id always the same one.
 */
function findStandIn(users: ReadonlyMap<string, HeldHash>, id: string): HeldHash {
  const hashes = [...users.values()];
  const digest = crypto
    .createHash('sha256')
    .update(`${hashes[0]?.text ?? ''} ${id}`, 'utf8')
    .digest();
  const model = hashes[digest.readUInt32BE() % Math.max(1, hashes.length)];
  return {
    parameters: model?.parameters ?? defaultScryptParameters,
    salt: Buffer.alloc(model?.salt.byteLength ?? 16),
    hash: Buffer.alloc(model?.hash.byteLength ?? hashLength),
    text: 'nobody',
  };
}

function readUsers(text: string): ReadonlyMap<string, HeldHash> {
  return new Map(
    parseUserDocument(text).users.flatMap(({ id, hash }) => {
      const parsed = parsePasswordHash(hash);
      return parsed === undefined ? [] : [[id, { ...parsed, text: hash }] as const];
    }),
  );
}
