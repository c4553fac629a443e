import { RelayError } from '../errors.ts';
import type { RelayErrorCode } from '../errors.ts';

/** What AgentCore, or something on the way to it, answered instead of the agent's answer. */
export interface AgentRefusal {
  /** HTTP status, not 2xx. */
  readonly status: number;
  /** Name of the exception as it was sent, such as `ThrottlingException`; absent where none was. */
  readonly errorName?: string | undefined;
  /** The upstream's own words, for logs only. */
  readonly text?: string | undefined;
  /** Seconds that the upstream asked to wait; absent where it did not. */
  readonly retryAfterSeconds?: number | undefined;
}

/** An attempt that failed, with what the retry loop needs to know about it. */
export interface AgentFailure {
  readonly error: RelayError;
  /** Seconds that the upstream asked to wait; absent where it did not. */
  readonly upstreamRetryAfterSeconds?: number | undefined;
  /** Whether the agent itself refused: to ask again would reach it again. */
  readonly isFromAgent?: boolean | undefined;
}

/** Longest piece of the upstream's own words that is kept for the log, in UTF-16 units. */
const maxCauseLength = 1_024;

/** What a viewer is told to wait where AgentCore names no time. */
const defaultRetryAfterSeconds = 1;

/**
 * The exceptions of InvokeAgentRuntime (`@aws-sdk/client-bedrock-agentcore`) and those that any AWS service may answer
 * before it comes to the operation (Common Errors, AWS API references).
 */
const codesByName: ReadonlyMap<string, RelayErrorCode> = new Map<string, RelayErrorCode>([
  ['ValidationException', 'agent_refused'],
  ['AccessDeniedException', 'agent_access_denied'],
  ['ExpiredToken', 'agent_access_denied'],
  ['ExpiredTokenException', 'agent_access_denied'],
  ['IncompleteSignatureException', 'agent_access_denied'],
  ['InvalidClientTokenId', 'agent_access_denied'],
  ['InvalidSignatureException', 'agent_access_denied'],
  ['MissingAuthenticationTokenException', 'agent_access_denied'],
  ['RequestExpired', 'agent_access_denied'],
  ['SignatureDoesNotMatch', 'agent_access_denied'],
  ['SubscriptionRequiredException', 'agent_access_denied'],
  ['UnauthorizedException', 'agent_access_denied'],
  ['UnrecognizedClientException', 'agent_access_denied'],
  ['ResourceNotFoundException', 'agent_not_found'],
  ['ServiceQuotaExceededException', 'agent_quota_exceeded'],
  ['ConflictException', 'agent_busy'],
  ['RetryableConflictException', 'agent_busy'],
  ['RuntimeClientError', 'agent_failed'],
  ['ThrottledException', 'agent_throttled'],
  ['ThrottlingException', 'agent_throttled'],
  ['TooManyRequestsException', 'agent_throttled'],
  ['InternalServerException', 'agent_unavailable'],
  ['ServiceException', 'agent_unavailable'],
]);

const codesByStatus: ReadonlyMap<number, RelayErrorCode> = new Map<number, RelayErrorCode>([
  [400, 'agent_refused'],
  [401, 'agent_access_denied'],
  [402, 'agent_quota_exceeded'],
  [403, 'agent_access_denied'],
  [404, 'agent_not_found'],
  [409, 'agent_busy'],
  [424, 'agent_failed'],
  [429, 'agent_throttled'],
  [504, 'agent_timeout'],
]);

/** The names under which a connection fails before anything was sent over it: the agent cannot have begun. */
const neverConnected: ReadonlySet<string> = new Set([
  'EACCES',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EMFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
]);

/** A certificate that was not accepted (Node.js, TLS, "X509 certificate error codes"). */
const certificateRefused = /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_|SELF_SIGNED_CERT_|UNABLE_TO_)/u;

/** Errors of sockets and of Node's HTTP parser, as against mistakes in the program. */
const brokenConnection = /^(?:E[A-Z]+|HPE_[A-Z_]+|ERR_SSL_.+|ERR_STREAM_PREMATURE_CLOSE)$/u;

/**
 * Says in the relay's words what AgentCore refused.
 *
 * The name goes before the status: services answer 400 with `ThrottlingException` too. Of the upstream's own words only
 * a piece is kept, and only in `cause`.
 */
export function describeRefusal(refusal: AgentRefusal): AgentFailure {
  const { status, errorName, text = '', retryAfterSeconds } = refusal;
  const code =
    (errorName === undefined ? undefined : codesByName.get(errorName)) ??
    codesByStatus.get(status) ??
    'agent_unavailable';
  const agentCode = code === 'agent_failed' ? readAgentCode(text) : undefined;
  if (agentCode !== undefined) {
    return { ...describeRefusal({ ...refusal, errorName: undefined, status: agentCode }), isFromAgent: true };
  }
  const isPassing = code === 'agent_busy' || code === 'agent_throttled';
  const error = new RelayError(code, {
    cause: `${status} ${errorName ?? 'without a name'}: ${text}`.slice(0, maxCauseLength),
    upstreamName: errorName,
    retryAfterSeconds: retryAfterSeconds ?? (isPassing ? defaultRetryAfterSeconds : undefined),
  });
  return { error, upstreamRetryAfterSeconds: retryAfterSeconds };
}

/**
 * Reads the status of the agent's own container where it says something that the viewer can act on. AgentCore makes a 424
 * of all of them and quotes it: `Received error (409) from runtime` (AgentCore Runtime, "Troubleshooting").
 */
function readAgentCode(text: string): 409 | 429 | undefined {
  const [, status] = /^Received error \((409|429)\) from runtime/u.exec(text) ?? [];
  if (status === undefined) return undefined;
  return status === '409' ? 409 : 429;
}

/**
 * Says in the relay's words why there is no answer, or no more of it.
 *
 * `agent_unreachable` promises that nothing of the request was sent; everything after that is `agent_interrupted`,
 * because the agent may have begun. What is no network error at all is `internal_error`.
 */
export function describeBreak(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const { code, syscall, name } = readFields(thrown);
  if (neverConnected.has(code) || certificateRefused.test(code) || (code === 'ETIMEDOUT' && syscall === 'connect')) {
    return new RelayError('agent_unreachable', { cause: thrown, upstreamName: code });
  }
  if (brokenConnection.test(code)) return new RelayError('agent_interrupted', { cause: thrown, upstreamName: code });
  if (name === 'TimeoutError') return new RelayError('agent_timeout', { cause: thrown, upstreamName: name });
  return new RelayError('internal_error', { cause: thrown });
}

/** The error of a call that the relay itself has ended. */
export function describeAbort(signal: AbortSignal): RelayError {
  return new RelayError('cancelled', { cause: signal.reason });
}

/**
 * Brings the forms in which AWS services name an exception down to the bare name: `aws.example#Name`,
 * `Name:http://…` (AWS restJson1 protocol, "Operation error serialization").
 */
export function readErrorName(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return undefined;
  const [bare = ''] = raw.split(/[,:]/u);
  const name = bare.slice(bare.indexOf('#') + 1).trim();
  return /^[A-Za-z][A-Za-z0-9_]{0,127}$/u.test(name) ? name : undefined;
}

/** Reads `Retry-After` in either of its forms (RFC 9110, 10.2.3) as seconds, rounded up. */
export function readRetryAfter(value: string | undefined, now: () => number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/u.test(value)) return Number(value);
  const at = /^[A-Z][a-z]+, /u.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now()) / 1_000));
}

function readFields(thrown: unknown): { code: string; syscall: string; name: string } {
  const { code, syscall, name } = Object(thrown) as Record<string, unknown>;
  return {
    code: typeof code === 'string' ? code : '',
    syscall: typeof syscall === 'string' ? syscall : '',
    name: typeof name === 'string' ? name : '',
  };
}
