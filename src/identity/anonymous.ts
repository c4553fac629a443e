import type { Authenticator } from './authenticator.ts';

/**
 * Lets everybody in, as nobody in particular. On its own it looks at no credentials at all: OpenAI's clients always send a
 * key, also where none is needed. Within {@link anyOf} it is for those who show none.
 */
export function anonymous(): Authenticator {
  return {
    name: 'anonymous',
    challenge: undefined,
    identify: () => Promise.resolve({ kind: 'principal', principal: { id: 'anonymous', isAnonymous: true } }),
  };
}
