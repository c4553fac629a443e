import type { JwtSettings } from '../auth-settings.ts';
import type { JsonObject } from '../json.ts';

/** RFC 7519, section 5.1, and RFC 9068, section 2.1; the prefix may be left out (RFC 7515, section 4.1.9). */
const types: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt']);

/**
 * Headers that bring a key, or say where one is (RFC 7515, sections 4.1.2 to 4.1.6), or must be understood (4.1.11). The
 * only keys are the issuer's, and nothing is understood but what is checked here.
 */
const forbiddenHeaders = ['jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64', 'zip'];

/** Finds what is wrong with a token's header before its signature is looked at; undefined where nothing is. */
export function findHeaderFault(header: JsonObject, algorithms: readonly string[]): string | undefined {
  const { alg, typ } = header;
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return 'an algorithm that is not taken';
  if (typ !== undefined && (typeof typ !== 'string' || !types.has(typ.toLowerCase()))) return 'another type of token';
  const forbidden = forbiddenHeaders.find((name) => Object.hasOwn(header, name));
  return forbidden === undefined ? undefined : `a header "${forbidden}"`;
}

/**
 * Finds what is wrong with the claims of a token whose signature, issuer and time are good; undefined where nothing is.
 *
 * @param latestIssueAt Up to when it may have been issued, in seconds since the epoch.
 */
export function findClaimFault(
  claims: JsonObject,
  { audience, tokenUse }: Pick<JwtSettings, 'audience' | 'tokenUse'>,
  latestIssueAt: number,
): string | undefined {
  const { sub, iat, cnf } = claims;
  if (typeof sub !== 'string' || sub === '' || !sub.isWellFormed()) return 'no subject';
  if (iat !== undefined && (typeof iat !== 'number' || iat > latestIssueAt)) return 'an issue in the future';
  if (!isMeantFor(claims, audience)) return 'another audience';
  if (tokenUse !== undefined && claims['token_use'] !== tokenUse) return 'another use';
  // Bound to a key of its owner (RFC 7800; RFC 8705 and RFC 9449): without a proof of that key it may be a stolen one.
  if (cnf !== undefined) return 'a confirmation key, of which a bearer gives no proof';
  return undefined;
}

/** RFC 7519, section 4.1.3; access tokens of Amazon Cognito have `client_id` instead. */
function isMeantFor({ aud, client_id: clientId }: JsonObject, audience: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud === undefined ? clientId : aud];
  return named.some((name) => typeof name === 'string' && audience.includes(name));
}

/** Tells whether a token has all of these scopes: in `scope` (RFC 8693, section 4.2) or in `scp`, as Microsoft Entra and Okta say it. */
export function hasScopes({ scope, scp }: JsonObject, required: readonly string[]): boolean {
  const granted = [scope, scp].flatMap((value: unknown): readonly unknown[] => {
    if (Array.isArray(value)) return value;
    return typeof value === 'string' ? value.split(' ') : [];
  });
  return required.every((name) => granted.includes(name));
}
