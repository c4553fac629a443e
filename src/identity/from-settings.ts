import { RelayError } from '../errors.ts';
import type { AuthSettings, CredentialStore } from '../auth-settings.ts';
import type { Authenticator } from './authenticator.ts';
import type { RandomBytes } from './new-key.ts';

/** A document of hashes that can be read again and again. */
export interface OpenStore {
  /** Reads the whole text. Must settle within seconds; rejects where it cannot be read. */
  read(): Promise<string>;
}

/** What authentication needs of the world. */
export interface AuthenticatorSources {
  /** Opens a store; nothing is read yet. */
  openStore(store: CredentialStore): OpenStore;
  /** Loads the user's own module, whose export `recognize` is a `Recognize`. */
  loadHandler(): Promise<unknown>;
  /** Is told what goes wrong behind a caller who got in all the same, such as a list of keys that could not be refreshed. */
  readonly report?: ((fault: unknown) => void) | undefined;
  /** The clock, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Gets a JSON document by https. Default: Node's `fetch`, at most 5 s and 1 MiB. */
  readonly fetchJson?: ((url: string) => Promise<unknown>) | undefined;
  /** Default: Node's. */
  readonly random?: RandomBytes | undefined;
}

/** Creates the authenticator that the settings describe. What it needs is loaded in the background, beginning now. */
export function createAuthenticator(settings: AuthSettings, _sources: AuthenticatorSources): Authenticator {
  throw new RelayError('internal_error', { cause: `authentication of the kind ${settings.kind} is not built yet` });
}
