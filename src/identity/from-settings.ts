import type { AuthSettings, CredentialStore } from '../auth-settings.ts';
import { isJsonObject } from '../json.ts';
import { anonymous } from './anonymous.ts';
import { anyOf } from './any-of.ts';
import type { Authenticator } from './authenticator.ts';
import { basicChallenge, bearerChallenge } from './challenges.ts';
import { createDeferred } from './deferred.ts';
import type { OpenStore } from './document-store.ts';
import type { FetchJson } from './fetch-json.ts';
import type { Recognize } from './handler.ts';
import type { RandomBytes } from './new-key.ts';

export type { OpenStore } from './document-store.ts';

/** What authentication needs of the world. */
export interface AuthenticatorSources {
  /** Opens a store; nothing is read yet. */
  openStore(store: CredentialStore): OpenStore;
  /**
   * Loads the user's own module. It exports `identify`, a `Recognize`, and may export `challenge`, an element of
   * `WWW-Authenticate`.
   */
  loadHandler(): Promise<unknown>;
  /** Is told what goes wrong behind callers who got in all the same, such as a list of keys that could not be read again. */
  readonly report?: ((fault: unknown) => void) | undefined;
  /** The clock, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Gets a JSON document by https. Default: Node's `fetch`, at most 5 s and 1 MiB. */
  readonly fetchJson?: FetchJson | undefined;
  /** Default: Node's. */
  readonly random?: RandomBytes | undefined;
}

/**
 * Creates the authenticator that the settings describe. But for `anonymous`, which needs nothing, its code and what it knows are
 * loaded in the background, beginning now.
 */
export function createAuthenticator(settings: AuthSettings, sources: AuthenticatorSources): Authenticator {
  const { report = () => {} } = sources;
  switch (settings.kind) {
    case 'anonymous':
      return anonymous();
    case 'any-of':
      return anyOf(settings.of.map((kind) => createAuthenticator(kind, sources)));
    case 'api-keys':
      return createDeferred({
        name: 'api-keys',
        challenge: bearerChallenge,
        takes: ['api-key', 'bearer'],
        load: async () => (await import('./api-keys.ts')).apiKeys(sources.openStore(settings), sources),
        report,
      });
    case 'basic':
      return createDeferred({
        name: 'basic',
        challenge: basicChallenge,
        takes: ['basic'],
        load: async () => (await import('./basic.ts')).basic(sources.openStore(settings), sources),
        report,
      });
    case 'jwt':
      return createDeferred({
        name: 'jwt',
        challenge: bearerChallenge,
        takes: ['bearer'],
        load: async () => (await import('./jwt.ts')).jwt(settings, sources),
        report,
      });
    default:
      settings satisfies { readonly kind: 'handler' };
      return createDeferred({ name: 'handler', load: () => loadHandler(sources), report });
  }
}

async function loadHandler(sources: AuthenticatorSources): Promise<Authenticator> {
  const [{ authenticator }, module] = await Promise.all([import('./handler.ts'), sources.loadHandler()]);
  const { identify, challenge } = readHandler(module);
  return authenticator(identify, { challenge });
}

/** A function without types: what it gives is checked each time. */
function readHandler(module: unknown): { readonly identify: Recognize; readonly challenge: string | undefined } {
  const { identify, challenge } = isJsonObject(module) ? module : {};
  if (typeof identify !== 'function') throw new Error('it must export a function "identify"');
  if (challenge !== undefined && (typeof challenge !== 'string' || !/^[\x20-\x7e]+$/u.test(challenge))) {
    throw new Error('its export "challenge" must be a line of ASCII characters');
  }
  return { identify: identify as Recognize, challenge };
}
