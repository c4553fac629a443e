import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { JwtSettings } from '../../src/auth-settings.ts';
import { RelayError } from '../../src/errors.ts';
import { authenticate } from '../../src/identity/authenticate.ts';
import { createFetchJson } from '../../src/identity/fetch-json.ts';
import { jwt } from '../../src/identity/jwt.ts';
import type { Issuer } from './issuer.ts';

/** What the relay's clock says at first, in seconds since the epoch. */
export const startedAt = 1_800_000_000;

/** Someone who shows tokens to a relay that takes those of an issuer. */
export interface TokenCaller {
  /** Who is let in with this token, or why nobody is. */
  ask(token: string): Promise<unknown>;
  /** Moves the relay's clock. */
  pass(seconds: number): void;
  /** Waits until nothing is being fetched. */
  settle(): Promise<void>;
  /** What was reported. */
  readonly faults: unknown[];
}

/** Creates a caller; the relay gets the issuer's documents by HTTP, each within `timeoutMs`. */
export function createTokenCaller(
  issuer: Issuer,
  settings: Partial<JwtSettings> = {},
  timeoutMs?: number,
): TokenCaller {
  let time = startedAt;
  const fetching = new Set<Promise<unknown>>();
  const fetchJson = createFetchJson({ timeoutMs });
  const faults: unknown[] = [];
  const authenticator = jwt(
    { issuer: issuer.url, audience: ['chat'], ...settings },
    {
      now: () => time * 1_000,
      fetchJson(url) {
        const document = fetchJson(url);
        const settled = document.then(
          () => {},
          () => {},
        );
        fetching.add(settled);
        void settled.then(() => fetching.delete(settled));
        return document;
      },
      report: (fault) => faults.push(fault),
    },
  );
  return {
    async ask(token) {
      const headers = { authorization: `Bearer ${token}` };
      try {
        return await authenticate(authenticator, { method: 'POST', path: '/', headers });
      } catch (thrown) {
        if (!(thrown instanceof RelayError)) throw thrown;
        // What a viewer or the log may read holds nothing of the token but the names in it.
        for (const part of token.split('.')) assert(part.length < 8 || !inspect(thrown).includes(part));
        const { code, message, cause, challenge, retryAfterSeconds } = thrown;
        return { code, message, cause, challenge, retryAfterSeconds };
      }
    },
    pass(seconds) {
      time += seconds;
    },
    async settle() {
      do {
        await Promise.all(fetching);
        await new Promise<void>((resolve) => void setImmediate(resolve));
      } while (fetching.size > 0);
    },
    faults,
  };
}

/** What a caller reads whose token is not good. */
export function refusal(cause: string, message = 'the credentials are not valid'): unknown {
  return {
    code: 'invalid_credentials',
    message,
    cause,
    challenge: 'Bearer realm="agent", error="invalid_token"',
    retryAfterSeconds: undefined,
  };
}

/** What a caller reads where the keys cannot be had. */
export function unavailable(cause: string): unknown {
  return {
    code: 'identity_unavailable',
    message: 'it cannot be found out at the moment who is calling',
    cause,
    challenge: undefined,
    retryAfterSeconds: 5,
  };
}

/** Of a token that names a key which is not the issuer's. */
export const noKey: unknown = refusal('a token that is not good: ERR_JWKS_NO_MATCHING_KEY');
/** Of a token that the key has not signed. */
export const badSignature: unknown = refusal('a token that is not good: ERR_JWS_SIGNATURE_VERIFICATION_FAILED');

/** The claims of a token that is good for an hour. */
export function goodClaims(of: Issuer): Readonly<Record<string, unknown>> {
  return { iss: of.url, sub: 'alice', aud: 'chat', iat: startedAt, exp: startedAt + 3_600 };
}

/** Whose token it is. */
export function principal(of: Issuer): unknown {
  return { id: `jwt:${of.url}#alice` };
}
