/** What a request shows for itself. */
export type Credentials =
  /** `Authorization: Bearer …` (RFC 6750): an API key, as OpenAI's clients send theirs, or a JWT. */
  | { readonly kind: 'bearer'; readonly token: string }
  /** `x-api-key: …`. */
  | { readonly kind: 'api-key'; readonly key: string }
  /** `Authorization: Basic …` (RFC 7617). */
  | { readonly kind: 'basic'; readonly id: string; readonly password: string }
  /** `Authorization` of any other scheme, for an authenticator of the user's own. */
  | { readonly kind: 'other'; readonly scheme: string }
  /**
   * What cannot be read, or is more than one: to choose one would be to choose who the caller is. `fault` says what is wrong and
   * holds nothing of it.
   */
  | { readonly kind: 'malformed'; readonly fault: string };

/** Longest credentials that are looked at, in characters; no JWT that fits into a request's headers is longer. */
const maxLength = 16_384;

/** `token68` of RFC 9110, 11.2. It has no comma, so that two headers joined into one are none. */
const token68 = /^[A-Za-z0-9._~+/-]+=*$/u;

const scheme = /^([!#$%&'*+.^_`|~A-Za-z0-9-]+)(?: +|$)/u;

/** Base64 (RFC 4648, section 4) with or without its padding; Node would skip all other characters. */
const base64 = /^[A-Za-z0-9+/]+={0,2}$/u;

/** What an id and a password must not have (RFC 7617, section 2). */
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f]/u;

/** Reads the credentials of a request; undefined where it has none. */
export function readCredentials(headers: Readonly<Record<string, string | undefined>>): Credentials | undefined {
  const { authorization, 'x-api-key': key } = headers;
  if (authorization !== undefined && key !== undefined) {
    return malformed('both "authorization" and "x-api-key" are set, one of them is allowed');
  }
  if (authorization !== undefined) return readAuthorization(authorization);
  if (key === undefined) return undefined;
  return key.length <= maxLength && token68.test(key)
    ? { kind: 'api-key', key }
    : malformed('"x-api-key" is malformed');
}

function readAuthorization(authorization: string): Credentials {
  const [prefix = '', name = ''] = scheme.exec(authorization) ?? [];
  const rest = authorization.slice(prefix.length);
  if (name === '' || authorization.length > maxLength) return malformed('"authorization" is malformed');
  switch (name.toLowerCase()) {
    case 'bearer':
      if (!token68.test(rest)) return malformed('"authorization" has no well-formed bearer token');
      return { kind: 'bearer', token: rest };
    case 'basic':
      return readBasic(rest);
    default:
      return { kind: 'other', scheme: name };
  }
}

/** The id ends at the first colon; a password may have more of them (RFC 7617, section 2). UTF-8, as browsers send it. */
function readBasic(encoded: string): Credentials {
  const text = base64.test(encoded) ? decode(encoded) : undefined;
  const colonAt = text?.indexOf(':') ?? -1;
  if (text === undefined || colonAt === -1 || controlCharacter.test(text)) {
    return malformed('"authorization" has no well-formed basic credentials');
  }
  return { kind: 'basic', id: text.slice(0, colonAt), password: text.slice(colonAt + 1) };
}

function decode(encoded: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined;
  }
}

function malformed(fault: string): Credentials {
  return { kind: 'malformed', fault };
}
