import type { TracedHeader } from './hop-trace.ts';

/** What stands in place of a secret. */
const masked = '(masked)';

/** Headers whose value is a credential, or opens somebody's conversation. Cookies and signatures are among them. */
const credentialNames: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-relay-authorization',
  'x-amz-security-token',
  'x-api-key',
  'cookie',
  'set-cookie',
  'x-amzn-bedrock-agentcore-runtime-session-id',
  'mcp-session-id',
]);

/** Words in a name that say so, whoever made the header up: also in the middle of another one, as in `x-accesstoken`. */
const credentialWords =
  /token|secret|api-?key|private-?key|passw(?:or)?d|passphrase|passcode|credential|signature|session|cookie|authoriz|jwt|csrf|xsrf|(?:^|[-_])(?:auth|authenticate|key|pass|pwd|pin|sid|otp|thread|conversation)(?:[-_]|$)/iu;

/** Headers that answer a viewer without credentials, or say how a browser is to treat some: nothing in them is one. */
const plainNames = /(?:^(?:.*-)?(?:www|proxy)-authenticate|^access-control-.*)$/iu;

/** Headers with long values that look drawn by lot and are no secret: ids of requests, hashes, hosts, policies. */
const openNames =
  /^(?:x-amz-cf-id|x-amz-content-sha256|x-amzn-trace-id|traceparent|tracestate|etag|if-none-match|if-match|host|via|user-agent|content-security-policy|x-amz-source-arn|x-amzn-tls-.*|.*request-?id|.*correlation-?id)$/iu;

/** What is a secret wherever it stands. */
const secretForms: readonly (readonly [form: RegExp, replacement: string])[] = [
  [/\b(Bearer|Basic|DPoP)\s+[^\s,;"]+/giu, `$1 ${masked}`],
  // JSON Web Tokens, signed or encrypted.
  [/\beyJ[\w-]*(?:\.[\w-]*){1,4}/gu, masked],
  [/\b(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{12,}/gu, masked],
  [/\b(?:relay|sk|pk|rk|gh[opsu]|github_pat|glpat|xox[abeprs])[-_][\w-]{10,}/gu, masked],
  // Names in a URL's query or fragment say something; their values may be prompts.
  [/([?&#][^=&#\s"'<>,]+)=[^&#\s"'<>,]*/gu, `$1=${masked}`],
  [/:\/\/[^/?#\s@]+@/gu, `://${masked}@`],
  // Members of a baggage, a path or a list, such as `session.id=…`, which AgentCore's tools write into `baggage`.
  [/([\w.-]*(?:session|token|secret|password)[\w.-]*)=(?!\(masked\))[^;,&\s"/]+/giu, `$1=${masked}`],
];

/** Long enough for 128 random bits, with letters and digits. */
const longRandom = /(?=[\w+/=~-]*[A-Za-z])(?=[\w+/=~-]*\d)[\w+/=~-]{22,}/gu;

/** A signature of version 4 without what signs: which headers it covers is what one who gets a 403 looks for. */
const signature =
  /^AWS4-HMAC-SHA256 Credential=[^/,\s]+(\/\d{8}\/[\w-]+\/[\w-]+\/aws4_request), ?SignedHeaders=([\w;-]+), ?Signature=[0-9a-f]+$/u;

/**
 * Masks what is or looks like a credential: values of headers that are known for it or named like it, and in all others
 * what has the form of a token, values of a URL's query, and long runs that look drawn by lot. The scheme of an
 * `authorization` stays, and of a signature its scope and the names of the headers that it covers.
 */
export function maskHeader({ name, value }: TracedHeader): TracedHeader {
  if (plainNames.test(name)) {
    return { name, value };
  }
  if (credentialNames.has(name.toLowerCase()) || credentialWords.test(name)) {
    return { name, value: maskCredential(value) };
  }
  const text = maskForms(value);
  return { name, value: openNames.test(name) ? text : text.replace(longRandom, masked) };
}

/** Masks in a URL's path what has the form of a token or looks drawn by lot: a link that was shared is a credential, too. */
export function maskPath(path: string): string {
  // A run that looks drawn by lot ends with its segment.
  return maskForms(path)
    .split('/')
    .map((segment) => segment.replace(longRandom, masked))
    .join('/');
}

/** Masks what has the form of a token, and the values of a URL's query. */
function maskForms(text: string): string {
  return secretForms.reduce((rest, [form, replacement]) => rest.replace(form, replacement), text);
}

function maskCredential(value: string): string {
  const [, scope, signedHeaders] = signature.exec(value) ?? [];
  if (scope !== undefined) {
    return `AWS4-HMAC-SHA256 Credential=${masked}${scope}, SignedHeaders=${signedHeaders}, Signature=${masked}`;
  }
  const [, scheme] = /^(Bearer|Basic|Digest|DPoP|Negotiate)\s/iu.exec(value) ?? [];
  return scheme === undefined ? masked : `${scheme} ${masked}`;
}
