/** What the viewer did: the request can be mended. */
export type CallerErrorCode =
  | 'invalid_json'
  | 'invalid_request'
  | 'invalid_prompt'
  | 'invalid_session_id'
  | 'invalid_response_format'
  | 'unsupported_content'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'too_many_streams';

/** What says who the viewer is: the credentials can be mended, the request need not be. */
export type IdentityErrorCode =
  | 'unauthenticated'
  | 'invalid_credentials'
  | 'forbidden'
  | 'origin_not_allowed'
  | 'identity_unavailable';

/** What happened behind the relay: AgentCore or the agent. */
export type AgentErrorCode =
  | 'agent_access_denied'
  | 'agent_not_found'
  | 'agent_refused'
  | 'agent_quota_exceeded'
  | 'agent_busy'
  | 'agent_throttled'
  | 'agent_failed'
  | 'agent_unavailable'
  | 'agent_unreachable'
  | 'agent_timeout'
  | 'agent_error'
  | 'agent_interrupted'
  | 'agent_silent'
  | 'agent_answer_too_large';

/** What the relay itself decided or got wrong. */
export type RelayFaultCode = 'deadline_exceeded' | 'cancelled' | 'internal_error';

/** Every code that a viewer may meet in `error.code`. */
export type RelayErrorCode = CallerErrorCode | IdentityErrorCode | AgentErrorCode | RelayFaultCode;

interface ErrorKind {
  /** HTTP status where none has been sent yet. */
  readonly status: number;
  /** What the viewer reads unless the thrower has a better sentence. */
  readonly message: string;
}

/**
 * The catalogue: one status and one safe sentence per code.
 *
 * A viewer never gets 401 or 403 for what the relay's own role lacks: those say something about the viewer's
 * credentials, and they would be a lie. AgentCore's statuses: InvokeAgentRuntime, `@aws-sdk/client-bedrock-agentcore`.
 */
const errorKinds: Readonly<Record<RelayErrorCode, ErrorKind>> = {
  invalid_json: { status: 400, message: 'the body is not valid JSON' },
  invalid_request: { status: 400, message: 'the request is not valid' },
  invalid_prompt: { status: 400, message: 'the prompt is missing or empty' },
  invalid_session_id: { status: 400, message: 'the session id is not valid' },
  invalid_response_format: { status: 400, message: 'the response format is not known' },
  unsupported_content: { status: 400, message: 'the request holds content that the agent cannot be given' },
  not_found: { status: 404, message: 'there is nothing at this path' },
  method_not_allowed: { status: 405, message: 'this path does not take this method' },
  payload_too_large: { status: 413, message: 'the request is too large' },
  too_many_streams: { status: 429, message: 'too many answers are on their way at once; try again when one has ended' },

  unauthenticated: { status: 401, message: 'credentials are required' },
  invalid_credentials: { status: 401, message: 'the credentials are not valid' },
  forbidden: { status: 403, message: 'these credentials do not permit this' },
  origin_not_allowed: { status: 403, message: 'pages of this origin may not use this relay' },
  identity_unavailable: { status: 503, message: 'it cannot be found out at the moment who is calling' },

  agent_access_denied: { status: 502, message: 'the relay is not permitted to invoke the agent' },
  agent_not_found: { status: 502, message: 'the agent does not exist or has no such endpoint' },
  agent_refused: { status: 502, message: 'the agent runtime refused the request as invalid' },
  agent_quota_exceeded: { status: 503, message: 'the agent runtime has reached a quota' },
  agent_busy: { status: 409, message: 'this session is busy; try again in a moment' },
  agent_throttled: { status: 429, message: 'too many requests to the agent; try again in a moment' },
  agent_failed: { status: 502, message: 'the agent failed before it answered' },
  agent_unavailable: { status: 503, message: 'the agent runtime is not available at the moment' },
  agent_unreachable: { status: 503, message: 'the agent runtime cannot be reached' },
  agent_timeout: { status: 504, message: 'the agent did not answer in time' },
  agent_error: { status: 502, message: 'the agent reported an error' },
  agent_interrupted: { status: 502, message: 'the answer broke off before its end' },
  agent_silent: { status: 504, message: 'the agent has had nothing to show for too long' },
  agent_answer_too_large: { status: 502, message: 'the agent sent a message that is too large to relay' },

  deadline_exceeded: { status: 504, message: 'the time for this answer is over' },
  cancelled: { status: 499, message: 'the request was cancelled' },
  internal_error: { status: 500, message: 'the relay failed' },
};

/** What a {@link RelayError} may carry besides its code. */
export interface RelayErrorOptions {
  /** A sentence for the viewer: what is wrong, the value got, what is allowed. Default: the catalogue's sentence. */
  readonly message?: string | undefined;
  /** What really happened. For logs only; it never reaches a viewer. */
  readonly cause?: unknown;
  /** The upstream's error name, such as `ThrottlingException`. For logs only. */
  readonly upstreamName?: string | undefined;
  /** Seconds after which a new try makes sense; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number | undefined;
  /** The methods that the path takes; sent as `Allow` with 405. */
  readonly allow?: string | undefined;
  /** What would be accepted as credentials; sent as `WWW-Authenticate` (RFC 9110, 11.6.1). */
  readonly challenge?: string | undefined;
}

/** The one error of this package: `message` is fit for a viewer's eyes, `cause` is not. */
export class RelayError extends Error {
  override readonly name = 'RelayError';
  /** Stable, documented in `docs/errors.md`. */
  readonly code: RelayErrorCode;
  /** HTTP status where none has been sent yet. */
  readonly status: number;
  /** The upstream's error name, for logs. */
  readonly upstreamName: string | undefined;
  /** Seconds after which a new try makes sense. */
  readonly retryAfterSeconds: number | undefined;
  /** The methods that the path takes, with 405. */
  readonly allow: string | undefined;
  /** What would be accepted as credentials, with 401 and some 403. */
  readonly challenge: string | undefined;

  constructor(code: RelayErrorCode, options: RelayErrorOptions = {}) {
    const kind = errorKinds[code];
    super(options.message ?? kind.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = kind.status;
    this.upstreamName = options.upstreamName;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.allow = options.allow;
    this.challenge = options.challenge;
  }

  /** Passes a {@link RelayError} on and hides anything else behind `internal_error`. */
  static from(thrown: unknown): RelayError {
    return thrown instanceof RelayError ? thrown : new RelayError('internal_error', { cause: thrown });
  }

  /** The error that an `error` event says; a code of a filter's own making has the status of `agent_error`. */
  static fromEvent({ code, message }: { readonly code: string; readonly message: string }): RelayError {
    return new RelayError(isRelayErrorCode(code) ? code : 'agent_error', { message });
  }
}

function isRelayErrorCode(code: string): code is RelayErrorCode {
  return Object.hasOwn(errorKinds, code);
}

/** The catalogue's sentence for a code, as a viewer reads it in a stream. */
export function describeCode(code: RelayErrorCode): string {
  return errorKinds[code].message;
}

/** Every code with its status and its sentence, for documentation and tests. */
export function listErrorKinds(): readonly (ErrorKind & { readonly code: string })[] {
  return Object.entries(errorKinds).map(([code, kind]) => ({ code, ...kind }));
}
