import { RelayError } from '../errors.ts';

/** What a request shows for itself. */
export type Credentials =
  /** `Authorization: Bearer …` (RFC 6750): an API key, as OpenAI's clients send theirs, or a JWT. */
  | { readonly kind: 'bearer'; readonly token: string }
  /** `x-api-key: …`. */
  | { readonly kind: 'api-key'; readonly key: string }
  /** `Authorization: Basic …` (RFC 7617). */
  | { readonly kind: 'basic'; readonly id: string; readonly password: string }
  /** `Authorization` of any other scheme, for an authenticator of the user's own. */
  | { readonly kind: 'other'; readonly scheme: string };

/** Longest credentials that are looked at, in characters; no JWT that fits into a request's headers is longer. */
const maxLength = 16_384;

/** `token68` of RFC 9110, 11.2. It has no comma, so that two headers joined into one are none. */
const token68 = /^[A-Za-z0-9._~+/-]+=*$/u;

const scheme = /^([!#$%&'*+.^_`|~A-Za-z0-9-]+)(?: +|$)/u;

/**
 * Reads the credentials of a request.
 *
 * @throws RelayError `invalid_credentials` where they are malformed, or where there is more than one of them: to choose
 * one would be to choose who the caller is.
 */
export function readCredentials(headers: Readonly<Record<string, string | undefined>>): Credentials | undefined {
  const authorization = headers['authorization'];
  const key = headers['x-api-key'];
  if (authorization !== undefined && key !== undefined) {
    throw refuse('both "authorization" and "x-api-key" are set, one of them is allowed');
  }
  if (key !== undefined) {
    if (key.length > maxLength || !token68.test(key)) throw refuse('"x-api-key" is malformed');
    return { kind: 'api-key', key };
  }
  return authorization === undefined ? undefined : readAuthorization(authorization);
}

function readAuthorization(authorization: string): Credentials {
  const [prefix = '', name = ''] = scheme.exec(authorization) ?? [];
  const rest = authorization.slice(prefix.length);
  if (name === '' || authorization.length > maxLength) throw refuse('"authorization" is malformed');
  switch (name.toLowerCase()) {
    case 'bearer':
      if (!token68.test(rest)) throw refuse('"authorization" has no well-formed bearer token');
      return { kind: 'bearer', token: rest };
    case 'basic':
      return readBasic(rest);
    default:
      return { kind: 'other', scheme: name };
  }
}

/** The id ends at the first colon; a password may have more of them (RFC 7617, 2). UTF-8, as browsers send it. */
function readBasic(encoded: string): Credentials {
  const text = token68.test(encoded) ? decode(encoded) : undefined;
  const colonAt = text?.indexOf(':') ?? -1;
  if (text === undefined || colonAt === -1) throw refuse('"authorization" has no well-formed basic credentials');
  return { kind: 'basic', id: text.slice(0, colonAt), password: text.slice(colonAt + 1) };
}

function decode(encoded: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined;
  }
}

function refuse(message: string): RelayError {
  return new RelayError('invalid_credentials', { message, cause: message });
}
