import { createLocalJWKSet } from 'jose/jwks/local';
import type { LocalJWKSet } from 'jose/jwks/local';
import { isSecureUrl } from '../auth-settings.ts';
import type { JwtSettings } from '../auth-settings.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { KeptDocumentOptions } from './document-store.ts';
import { createFetchJson } from './fetch-json.ts';
import type { FetchJson } from './fetch-json.ts';
import { createRefreshed } from './refreshed.ts';
import type { Refreshed } from './refreshed.ts';
import { unavailable } from './unavailable.ts';

/** What keeping an issuer's keys needs of the world. */
export interface KeySetOptions extends KeptDocumentOptions {
  /** Default: Node's `fetch`, at most 5 s and 1 MiB for each document, no redirect. */
  readonly fetchJson?: FetchJson | undefined;
}

/** Most keys of an issuer. */
const maxKeys = 100;

/** RFC 7518, section 6.1, and RFC 8037, section 2, without `oct`: a key that is in a public document is no secret. */
const keyTypes: readonly unknown[] = ['RSA', 'EC', 'OKP'];

/**
 * Gets an issuer's public keys now, and again when they may have changed: every ten minutes, at once where a token names a key
 * that is not among them, but that every thirty seconds at most. Where they cannot be had those that are known stay good for a day.
 *
 * @throws RelayError `identity_unavailable`, from `get` and `reload`, where they cannot be had.
 */
export function keepKeySet(
  { issuer, jwksUri }: Pick<JwtSettings, 'issuer' | 'jwksUri'>,
  { fetchJson = createFetchJson(), now = Date.now, report = () => {} }: KeySetOptions,
): Refreshed<LocalJWKSet> {
  const keySet = createRefreshed<LocalJWKSet>({
    async load() {
      try {
        const document = await fetchJson(jwksUri ?? (await discover(issuer, fetchJson)));
        return createLocalJWKSet({ keys: readKeys(document) });
      } catch (thrown) {
        throw unavailable(`the keys of ${issuer} cannot be had`, thrown);
      }
    },
    freshMs: 600_000,
    staleMs: 3_600_000,
    usableMs: 86_400_000,
    retryMs: 2_000,
    reloadMs: 30_000,
    now,
    report,
  });
  keySet.get().catch(() => {});
  return keySet;
}

/** OpenID Connect Discovery 1.0, section 4: where the document is, and that its `issuer` must be the one that was asked for. */
async function discover(issuer: string, fetchJson: FetchJson): Promise<string> {
  const document = await fetchJson(`${issuer.replace(/\/$/u, '')}/.well-known/openid-configuration`);
  if (!isJsonObject(document) || document['issuer'] !== issuer) {
    throw new Error('its discovery document is not that of this issuer');
  }
  const uri = document['jwks_uri'];
  // Another address on this machine, such as that of Lambda's runtime, is not an issuer's to name.
  if (!isSecureUrl(uri) || (uri.startsWith('http:') && !issuer.startsWith('http:'))) {
    throw new Error('the "jwks_uri" of its discovery document is not an https URL');
  }
  return uri;
}

/** A set without keys would lock out everybody whose key is known. */
function readKeys(document: unknown): JsonKey[] {
  const keys = isJsonObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length > maxKeys) throw new Error(`its key set is not a list of up to ${maxKeys}`);
  const usable = keys.filter(isKey);
  if (usable.length === 0) throw new Error('its key set has no public key');
  return usable;
}

type JsonKey = JsonObject & { readonly kty: string };

function isKey(key: unknown): key is JsonKey {
  return isJsonObject(key) && keyTypes.includes(key['kty']);
}
