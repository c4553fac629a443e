import { crypto } from '../builtin-crypto.ts';

/** How {@link createVerifiedPairs} remembers. */
export interface VerifiedPairsOptions {
  /** The key of the HMAC, drawn for this process: what is remembered must be worth nothing elsewhere. */
  readonly secret: Buffer;
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** How long a pair is remembered, in milliseconds. */
  readonly durationMs: number;
  /** Most pairs; the one that was not used for longest is forgotten. */
  readonly maxPairs: number;
}

/** Remembers which passwords were right, and not which were wrong. */
export interface VerifiedPairs {
  /**
   * Tells whether a password is right for a hash: from memory, or by `verify`, which those who ask for the same at the same time
   * share. Another hash is another pair: with a changed password the old one is forgotten.
   */
  check(id: string, password: string, hash: string, verify: () => Promise<boolean>): Promise<boolean>;
}

/** Creates an empty memory. */
export function createVerifiedPairs({ secret, now, durationMs, maxPairs }: VerifiedPairsOptions): VerifiedPairs {
  /** In the order of their last use. */
  const verifiedAt = new Map<string, number>();
  const underWay = new Map<string, Promise<boolean>>();

  async function verifyAndRemember(pair: string, verify: () => Promise<boolean>): Promise<boolean> {
    try {
      const isRight = await verify();
      if (isRight) keep(pair, now());
      return isRight;
    } finally {
      underWay.delete(pair);
    }
  }

  function keep(pair: string, time: number): void {
    verifiedAt.delete(pair);
    verifiedAt.set(pair, time);
    const [eldest] = verifiedAt.keys();
    if (verifiedAt.size > maxPairs && eldest !== undefined) verifiedAt.delete(eldest);
  }

  return {
    check(id, password, hash, verify) {
      const pair = crypto
        .createHmac('sha256', secret)
        .update(JSON.stringify([id, password, hash]), 'utf8')
        .digest('base64url');
      const time = verifiedAt.get(pair);
      const age = time === undefined ? Infinity : now() - time;
      if (time !== undefined && age >= 0 && age < durationMs) {
        keep(pair, time);
        return Promise.resolve(true);
      }
      const pending = underWay.get(pair) ?? verifyAndRemember(pair, verify);
      underWay.set(pair, pending);
      return pending;
    },
  };
}
