import { RelayError } from './errors.ts';
import { isJsonObject, parseJson } from './json.ts';
import type { JsonObject } from './json.ts';
import { environmentNames } from './settings.ts';
import type { Environment } from './settings.ts';

/** Where the hashes of keys or passwords are: never in the environment itself. */
export type CredentialStore =
  /** In AWS Secrets Manager, under this ARN. */
  | { readonly secretArn: string }
  /** In a file, for a Node server of one's own and for development. */
  | { readonly file: string };

/** Who may call, as {@link environmentNames.auth} says it in JSON. */
export type AuthSettings =
  /** Everybody. */
  | { readonly kind: 'anonymous' }
  /** Whoever has one of the keys. */
  | ({ readonly kind: 'api-keys' } & CredentialStore)
  /** Whoever has an id and its password. */
  | ({ readonly kind: 'basic' } & CredentialStore)
  /** Whoever has a token of this issuer. */
  | ({ readonly kind: 'jwt' } & JwtSettings)
  /** Whom the user's own module recognizes: `./identity.mjs` beside the relay's bundle. */
  | { readonly kind: 'handler' }
  /** Whom one of these recognizes. No kind but `jwt` twice, and no `any-of`. */
  | { readonly kind: 'any-of'; readonly of: readonly AuthSettings[] };

/** Which tokens are taken. */
export interface JwtSettings {
  /** `iss` of the tokens, exactly, an https URL without query and fragment; where {@link JwtSettings.jwksUri} is not given, its keys are found by OpenID Connect Discovery. */
  readonly issuer: string;
  /**
   * What the tokens must be meant for: one of these in `aud`, or in `client_id` where a token has no `aud`, as Amazon
   * Cognito's access tokens. Never empty: a token for another service of the same issuer would do.
   */
  readonly audience: readonly string[];
  /** URL of the issuer's key set. Default: what `<issuer>/.well-known/openid-configuration` says. */
  readonly jwksUri?: string | undefined;
  /** Scopes that a token must have in `scope` or `scp`, all of them; without one the answer is 403. Default: none. */
  readonly scopes?: readonly string[] | undefined;
  /** Amazon Cognito's `token_use`. Default: either. */
  readonly tokenUse?: 'access' | 'id' | undefined;
  /** Signature algorithms, asymmetric ones only. Default: RS256, PS256, ES256, ES384, EdDSA. */
  readonly algorithms?: readonly JwtAlgorithm[] | undefined;
  /** How far the issuer's clock may be from this one, in seconds. Default 30, at most 300. */
  readonly clockToleranceSeconds?: number | undefined;
}

/** The asymmetric signature algorithms that may be named; a shared secret or none at all is never taken. */
export const jwtAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** One of {@link jwtAlgorithms}. */
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/**
 * Reads from the environment who may call. That everybody may has to be said: `{"kind":"anonymous"}`.
 *
 * @throws RelayError `internal_error` whose cause names what is missing or wrong, and what is allowed.
 */
export function readAuthSettings(environment: Environment): AuthSettings {
  const text = environment[environmentNames.auth] ?? '';
  if (text === '') throw refuse('is not set; it must say who may call, such as {"kind":"anonymous"} for everybody');
  return checkAuthSettings(parseJson(text));
}

/**
 * Checks settings that were read from somewhere.
 *
 * @throws RelayError `internal_error` whose cause says what is wrong and what is allowed.
 */
export function checkAuthSettings(value: unknown): AuthSettings {
  if (!isJsonObject(value)) throw refuse('must be a JSON object with a "kind"');
  const kind = value['kind'];
  switch (kind) {
    case 'anonymous':
    case 'handler':
      checkMembers(value, []);
      return { kind };
    case 'api-keys':
      return { kind, ...checkStore(value) };
    case 'basic':
      return { kind, ...checkStore(value) };
    case 'jwt':
      return { kind, ...checkJwt(value) };
    case 'any-of':
      return { kind, of: checkKinds(value) };
    default:
      throw refuse(
        `has the kind ${JSON.stringify(kind)}; allowed are anonymous, api-keys, basic, jwt, handler and any-of`,
      );
  }
}

/** OpenID Connect Discovery 1.0, section 3; so that what follows a `#` cannot be taken for a part of it. */
const issuerForm = /^[^\s?#]+$/u;

/** `scope-token` of RFC 6749, section 3.3: fit for a quoted string in a header. */
const scopeForm = /^[\x21\x23-\x5b\x5d-\x7e]+$/u;

function checkStore(value: JsonObject): CredentialStore {
  checkMembers(value, ['secretArn', 'file']);
  const { secretArn, file } = value;
  if (typeof secretArn === 'string' && secretArn !== '' && file === undefined) return { secretArn };
  if (typeof file === 'string' && file !== '' && secretArn === undefined) return { file };
  throw refuse(`with the kind ${String(value['kind'])} needs either "secretArn" or "file", a string`);
}

function checkJwt(value: JsonObject): JwtSettings {
  const optional = ['jwksUri', 'scopes', 'tokenUse', 'algorithms', 'clockToleranceSeconds'];
  checkMembers(value, ['issuer', 'audience', ...optional]);
  const { issuer, audience, jwksUri, scopes, tokenUse, algorithms, clockToleranceSeconds } = value;
  if (!isSecureUrl(issuer) || !issuerForm.test(issuer)) {
    throw refuse(`has the issuer ${JSON.stringify(issuer)}; it must be an https URL without query and fragment`);
  }
  if (!isTextList(audience) || audience.length === 0) throw refuse('needs "audience", a list of at least one string');
  if (jwksUri !== undefined && !isSecureUrl(jwksUri)) throw refuse('has a "jwksUri" that is not an https URL');
  if (scopes !== undefined && (!isTextList(scopes) || !scopes.every((scope) => scopeForm.test(scope)))) {
    throw refuse('has "scopes" that are not a list of strings without spaces, quotes and backslashes');
  }
  if (tokenUse !== undefined && tokenUse !== 'access' && tokenUse !== 'id') {
    throw refuse('has a "tokenUse" that is neither "access" nor "id"');
  }
  if (algorithms !== undefined && !isAlgorithmList(algorithms)) {
    throw refuse(`has "algorithms" of which one is not known; allowed are ${jwtAlgorithms.join(', ')}`);
  }
  if (clockToleranceSeconds !== undefined && !isTolerance(clockToleranceSeconds)) {
    throw refuse('has a "clockToleranceSeconds" that is not a number from 0 to 300');
  }
  return { issuer, audience, jwksUri, scopes, tokenUse, algorithms, clockToleranceSeconds };
}

function checkKinds(value: JsonObject): readonly AuthSettings[] {
  checkMembers(value, ['of']);
  const { of } = value;
  if (!Array.isArray(of) || of.length === 0) throw refuse('with the kind any-of needs "of", a list of at least one');
  const kinds = of.map(checkAuthSettings);
  if (kinds.some(({ kind }) => kind === 'any-of')) throw refuse('has an any-of within an any-of');
  // The ids of two documents may be the same and mean two people; an issuer is part of its principals' ids.
  const once = kinds.map(({ kind }) => kind).filter((kind) => kind !== 'jwt');
  const twice = once.find((kind, index) => once.indexOf(kind) !== index);
  if (twice !== undefined)
    throw refuse(`has an any-of with the kind ${twice} twice; only jwt may be there more than once`);
  return kinds;
}

/** A member whose name is misspelt would otherwise be a check that is left out. */
function checkMembers(value: JsonObject, allowed: readonly string[]): void {
  const unknown = Object.keys(value).find((name) => name !== 'kind' && !allowed.includes(name));
  if (unknown !== undefined) {
    throw refuse(`with the kind ${String(value['kind'])} has "${unknown}", which is none of ${allowed.join(', ')}`);
  }
}

/** Whoever can answer for the issuer can let anyone in, so that it has to be https; on this machine nobody else can. */
export function isSecureUrl(value: unknown): value is string {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname));
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');
}

function isAlgorithmList(value: unknown): value is readonly JwtAlgorithm[] {
  return isTextList(value) && value.length > 0 && value.every((name) => jwtAlgorithms.some((known) => known === name));
}

function isTolerance(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 300;
}

function refuse(fault: string): RelayError {
  return new RelayError('internal_error', { cause: `${environmentNames.auth} ${fault}` });
}
