import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ServiceError } from './service-error.ts';

/** Signing name of AgentCore's data plane (service reference). */
const agentCore = 'bedrock-agentcore';

const algorithm = 'AWS4-HMAC-SHA256';

/** How far a request's time may be from this machine's, in milliseconds. */
const maxSkewMs = 5 * 60 * 1000;

/** A request as it is on the wire. */
export interface SignableRequest {
  readonly method: string;
  /** Path and query, percent-encoded as they are sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Who signs. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** How a request is signed where it is not as the AWS SDKs call AgentCore. */
export interface SigningOptions {
  /** Signing name of the service. Default: AgentCore's. */
  readonly service?: string | undefined;
  /** SHA-256 of the body, in hex, as the signer takes it to be. Default: that of the body. */
  readonly contentSha256?: string | undefined;
  /** Whether a header is signed; its name is in lower case. Default: all but `x-amzn-trace-id`. */
  readonly signsHeader?: ((name: string) => boolean) | undefined;
}

/** What a signature is checked against. */
export interface Verification {
  readonly region: string;
  /** Signing name of the service. Default: AgentCore's. */
  readonly service?: string | undefined;
  /** The secret of an access key id, or undefined where the key is not known. */
  secretAccessKeyOf(accessKeyId: string): string | undefined;
  /** The time in milliseconds since 1970. */
  readonly nowMs: number;
}

/** Gives the headers with Signature Version 4's own: date, payload hash, token, authorization. */
export function signRequest(
  request: SignableRequest,
  credentials: SigningCredentials,
  region: string,
  nowMs: number,
  options: SigningOptions = {},
): Record<string, string> {
  // Proxies on the way may change the trace id: the AWS SDKs leave it out, too.
  const { service = agentCore, signsHeader = (name) => name !== 'x-amzn-trace-id' } = options;
  const contentSha256 = options.contentSha256 ?? sha256(request.body);
  const date = formatDate(nowMs);
  const headers = {
    ...request.headers,
    'x-amz-date': date,
    'x-amz-content-sha256': contentSha256,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const signedHeaders = Object.keys(headers).filter(signsHeader).sort();
  const signature = calculateSignature(
    { ...request, headers },
    { signedHeaders, contentSha256, date, region, service },
    credentials.secretAccessKey,
  );
  const credential = `${credentials.accessKeyId}/${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

/**
 * Checks a request's signature as the service does and gives the access key id that signed it.
 *
 * @throws ServiceError 403 where it is missing, malformed, of an unknown key, out of date or wrong.
 */
export function verifySignature(request: SignableRequest, verification: Verification): string {
  const authorization = request.headers['authorization'];
  if (authorization === undefined) {
    throw new ServiceError(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const { accessKeyId, day, region, serviceName, terminator, signedHeaders, signature } =
    parseAuthorization(authorization);
  const date = request.headers['x-amz-date'] ?? '';
  const { service = agentCore } = verification;
  checkScope({ day, region, serviceName, terminator, date }, verification.region, service);
  checkSignedHeaders(request.headers, signedHeaders);
  checkDate(date, verification.nowMs);
  const secret = verification.secretAccessKeyOf(accessKeyId);
  if (secret === undefined) {
    throw new ServiceError(
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  const contentSha256 = sha256(request.body);
  const expected = calculateSignature(request, { signedHeaders, contentSha256, date, region, service }, secret);
  if (expected.length !== signature.length || !timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) {
    throw invalidSignature(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  return accessKeyId;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly day: string;
  readonly region: string;
  readonly serviceName: string;
  readonly terminator: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function parseAuthorization(authorization: string): Authorization {
  const [, credential = '', signedHeaders = '', signature = ''] =
    /^AWS4-HMAC-SHA256 +Credential=([^ ,]+), *SignedHeaders=([^ ,]+), *Signature=([0-9a-f]{64})$/u.exec(
      authorization,
    ) ?? [];
  const [accessKeyId = '', day = '', region = '', serviceName = '', terminator = '', ...more] = credential.split('/');
  if (signature === '' || terminator === '' || more.length > 0) {
    throw new ServiceError(
      403,
      'IncompleteSignatureException',
      "Authorization header must be AWS4-HMAC-SHA256 with 'Credential' (of five parts), 'SignedHeaders' and 'Signature' parameters.",
    );
  }
  return { accessKeyId, day, region, serviceName, terminator, signedHeaders: signedHeaders.split(';'), signature };
}

interface Scope {
  readonly day: string;
  readonly region: string;
  readonly serviceName: string;
  readonly terminator: string;
  readonly date: string;
}

function checkScope(scope: Scope, region: string, service: string): void {
  if (scope.region !== region) {
    throw invalidSignature(`Credential should be scoped to a valid region, not '${scope.region}'.`);
  }
  if (scope.serviceName !== service) {
    throw invalidSignature(`Credential should be scoped to correct service: '${service}'.`);
  }
  if (scope.terminator !== 'aws4_request') {
    throw invalidSignature("Credential should be scoped with a valid terminator: 'aws4_request'.");
  }
  if (scope.day !== scope.date.slice(0, 8)) {
    throw invalidSignature('Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.');
  }
}

function checkSignedHeaders(headers: Readonly<Record<string, string>>, signedHeaders: readonly string[]): void {
  const owed = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const missing = owed.filter((name) => !signedHeaders.includes(name));
  if (missing.length > 0 || !signedHeaders.includes('host') || !signedHeaders.includes('x-amz-date')) {
    throw invalidSignature(`'Host' and every 'X-Amz-' header must be a signed header. (${missing.join(', ')})`);
  }
}

function checkDate(date: string, nowMs: number): void {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u.exec(date) ?? [];
  const requestMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const now = formatDate(nowMs);
  if (Number.isNaN(requestMs)) {
    throw invalidSignature(`Date must be in ISO-8601 'basic format'. Got '${date}'.`);
  }
  if (requestMs < nowMs - maxSkewMs) {
    throw invalidSignature(
      `Signature expired: ${date} is now earlier than ${formatDate(nowMs - maxSkewMs)} (${now} - 5 min.)`,
    );
  }
  if (requestMs > nowMs + maxSkewMs) {
    throw invalidSignature(
      `Signature not yet current: ${date} is still later than ${formatDate(nowMs + maxSkewMs)} (${now} + 5 min.)`,
    );
  }
}

/** What besides the request goes into a signature. */
interface SignatureScope {
  readonly signedHeaders: readonly string[];
  readonly contentSha256: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** Signature Version 4 (IAM user guide, "create a signed AWS API request"). */
function calculateSignature(
  request: Omit<SignableRequest, 'body'>,
  { signedHeaders, contentSha256, date, region, service }: SignatureScope,
  secretAccessKey: string,
): string {
  const day = date.slice(0, 8);
  const [path = '', query = ''] = request.target.split(/\?(.*)/su);
  const canonicalHeaders = signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? '').trim().replaceAll(/\s+/gu, ' ')}\n`,
  );
  const canonicalRequest = [
    request.method,
    canonicalPath(path),
    canonicalQuery(query),
    canonicalHeaders.join(''),
    signedHeaders.join(';'),
    contentSha256,
  ].join('\n');
  const text = [algorithm, date, `${day}/${region}/${service}/aws4_request`, sha256(canonicalRequest)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, text).toString('hex');
}

/** Empty segments and dots are resolved, and what is left is encoded once more than it is sent, as for every service but S3. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') {
      segments.pop();
    } else if (segment !== '' && segment !== '.') {
      segments.push(encode(segment));
    }
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

/** In the order of the names, and of the values where a name occurs twice. */
function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query.replaceAll('+', '%2B'))]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([name, value], [otherName, otherValue]) =>
      name === otherName ? compare(value, otherValue) : compare(name, otherName),
    )
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(left: string, right: string): number {
  if (left === right) {
    return 0;
  }
  return left < right ? -1 : 1;
}

/** RFC 3986: what `encodeURIComponent` leaves, and is not unreserved, too. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function formatDate(timeMs: number): string {
  return new Date(timeMs).toISOString().replaceAll(/[-:]|\.\d{3}/gu, '');
}

function invalidSignature(message: string): ServiceError {
  return new ServiceError(403, 'InvalidSignatureException', message);
}
