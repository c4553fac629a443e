import { readAuthSettings } from '../auth-settings.ts';
import type { CredentialStore } from '../auth-settings.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import { createAuthenticator } from '../identity/from-settings.ts';
import type { AuthenticatorSources, OpenStore } from '../identity/from-settings.ts';
import type { Environment } from '../settings.ts';

/** Not by `import.meta`, which a bundle in CommonJS has not; `import()` resolves it from the bundle's file in either. */
const besideBundle = './identity.mjs';

/** What {@link createEnvironmentAuthenticator} may be told besides the environment. */
export interface EnvironmentAuthenticatorOptions extends Pick<AuthenticatorSources, 'now' | 'report'> {
  /** The user's own module, for the kind `handler`. Default: `identity.mjs` in the folder of the running bundle. */
  readonly handlerModule?: URL | undefined;
}

/**
 * The authenticator that `RELAY_AUTH` describes. Keys and passwords are read from Secrets Manager, with the credentials of
 * the environment, or from a file.
 *
 * @throws RelayError `internal_error` whose cause says what is missing or wrong in `RELAY_AUTH`, and what is allowed.
 */
export function createEnvironmentAuthenticator(
  environment: Environment,
  options: EnvironmentAuthenticatorOptions = {},
): Authenticator {
  const { handlerModule, now, report } = options;
  return createAuthenticator(readAuthSettings(environment), {
    openStore: (store) => openStore(store, environment),
    loadHandler: () => import(handlerModule?.href ?? besideBundle) as Promise<unknown>,
    now,
    report,
  });
}

/** What reads them is loaded for the first read: a relay that authenticates by tokens, or not at all, never has one. */
function openStore(store: CredentialStore, environment: Environment): OpenStore {
  return {
    async read() {
      if ('file' in store) {
        const { readCredentialFile } = await import('./credential-file.ts');
        return readCredentialFile(store.file);
      }
      const { createEnvironmentSecretReader } = await import('../secrets-manager/environment-secret-reader.ts');
      return createEnvironmentSecretReader(store.secretArn, environment).read();
    },
  };
}
