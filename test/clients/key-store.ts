import { apiKeys } from '../../src/identity/api-keys.ts';
import type { Authenticator } from '../../src/identity/authenticator.ts';
import type { OpenStore } from '../../src/identity/document-store.ts';
import { createApiKey, hashApiKey } from '../../src/identity/new-key.ts';

/** Keys as `agentcore-relay key create` makes them: two of Alice's, one of Bob's, one of Alice's that is over, one of nobody's. */
export const keys: Readonly<Record<'alice' | 'aliceAgain' | 'bob' | 'expired' | 'unknown', string>> = {
  alice: createApiKey().key,
  aliceAgain: createApiKey().key,
  bob: createApiKey().key,
  expired: createApiKey().key,
  unknown: createApiKey().key,
};

const document = JSON.stringify({
  keys: [
    { id: 'alice', hash: hashApiKey(keys.alice) },
    { id: 'alice', hash: hashApiKey(keys.aliceAgain), note: 'the next one' },
    { id: 'bob', hash: hashApiKey(keys.bob) },
    { id: 'alice', hash: hashApiKey(keys.expired), expiresAt: '2026-01-01T00:00:00Z' },
  ],
});

/** A store of {@link keys}, in memory. */
export const keyStore: OpenStore = { read: async () => document };

/** Lets in who has one of {@link keys}. */
export function letInKeys(): Authenticator {
  return apiKeys(keyStore);
}
