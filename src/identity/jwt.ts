import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { JOSEError, JWKSNoMatchingKey, JWSSignatureVerificationFailed, JWTExpired } from 'jose/errors';
import type { LocalJWKSet } from 'jose/jwks/local';
import { jwtVerify } from 'jose/jwt/verify';
import { checkAuthSettings } from '../auth-settings.ts';
import type { JwtSettings } from '../auth-settings.ts';
import { RelayError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Authenticator } from './authenticator.ts';
import { bearerChallenge, insufficientScopeChallenge, invalidTokenChallenge } from './challenges.ts';
import { keepKeySet } from './key-set.ts';
import type { KeySetOptions } from './key-set.ts';
import { findClaimFault, findHeaderFault, hasScopes } from './token-checks.ts';
import { refuseBy } from './unavailable.ts';

const defaultAlgorithms = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];

/** Longest token, in characters; none that fits into a request's headers is longer. */
const maxTokenLength = 16_384;

/**
 * Lets in who has a token of an issuer, as `Authorization: Bearer …`; the principal is `jwt:<iss>#<sub>`. The issuer's keys are
 * got from now on, and each token is verified with them on this machine.
 *
 * @throws RelayError `internal_error` whose cause says what is wrong with the settings.
 */
export function jwt(settings: JwtSettings, options: KeySetOptions = {}): Authenticator {
  checkAuthSettings({ ...settings, kind: 'jwt' });
  const { issuer, scopes = [], algorithms = defaultAlgorithms, clockToleranceSeconds = 30 } = settings;
  const { now = Date.now } = options;
  const keySet = keepKeySet(settings, options);

  async function verify(token: string, keys: LocalJWKSet): Promise<JsonObject> {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...algorithms],
      issuer,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now()),
    });
    return payload;
  }

  /** Verifies with the keys that are known, and where they do not do, with new ones. */
  async function readClaims(token: string, header: JsonObject): Promise<JsonObject> {
    const known = await keySet.get();
    try {
      return await verify(token, known);
    } catch (thrown) {
      if (!mayBeNewKey(thrown, header)) throw thrown;
      const newer = await keySet.reload();
      if (newer === known) throw thrown;
      return await verify(token, newer);
    }
  }

  return {
    name: 'jwt',
    challenge: bearerChallenge,
    async identify({ credentials }) {
      if (credentials?.kind !== 'bearer') return { kind: 'absent' };
      try {
        const { token } = credentials;
        const header = readHeader(token);
        const headerFault = findHeaderFault(header, algorithms);
        if (headerFault !== undefined) throw refuse(`a token with ${headerFault}`);
        const claims = await readClaims(token, header).catch(describeRefusal);
        const claimFault = findClaimFault(claims, settings, now() / 1_000 + clockToleranceSeconds);
        if (claimFault !== undefined) throw refuse(`a token with ${claimFault}`);
        if (!hasScopes(claims, scopes)) {
          throw new RelayError('forbidden', {
            message: 'the token lacks a scope that is needed here',
            cause: 'a token without a scope that is needed',
            challenge: insufficientScopeChallenge(scopes),
          });
        }
        // An issuer has no "#" in it, so that no other issuer and subject give the same text.
        return { kind: 'principal', principal: { id: `jwt:${issuer}#${String(claims['sub'])}` } };
      } catch (thrown) {
        return refuseBy(thrown);
      }
    },
  };
}

function readHeader(token: string): JsonObject {
  if (token.length > maxTokenLength || token.split('.').length !== 3) throw refuse('what is no signed JWT');
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw refuse('what is no signed JWT');
  }
}

/** An issuer with a single key may leave out its name (OpenID Connect Core 1.0, section 10.1.1). */
function mayBeNewKey(thrown: unknown, { kid }: JsonObject): boolean {
  return thrown instanceof JWKSNoMatchingKey || (kid === undefined && thrown instanceof JWSSignatureVerificationFailed);
}

/**
 * Turns what the verification threw into a refusal. Of its own errors only the code is taken: the error that is behind one may
 * quote the token. What is not its own comes from the issuer's key, such as one that is too short.
 */
function describeRefusal(thrown: unknown): never {
  if (thrown instanceof RelayError) throw thrown;
  if (thrown instanceof JWTExpired) throw refuse('an expired token', 'the token has expired');
  if (!(thrown instanceof JOSEError)) throw refuse(`a token whose key cannot be used: ${String(thrown)}`);
  const { code, claim } = thrown as JOSEError & { readonly claim?: string };
  throw refuse(`a token that is not good: ${code}${claim === undefined ? '' : ` of "${claim}"`}`);
}

function refuse(cause: string, message?: string): RelayError {
  return new RelayError('invalid_credentials', { cause, message, challenge: invalidTokenChallenge });
}
