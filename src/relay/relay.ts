import { randomUUID } from 'node:crypto';
import type { Dialect } from '../dialects/dialect.ts';
import { RelayError } from '../errors.ts';
import { renderJsonError } from '../protocols/json-error.ts';
import type { AgentCall, ErrorDocument, Protocol } from '../protocols/protocol.ts';
import { createRoutes, defaultProtocols } from '../protocols/select.ts';
import type { Route } from '../protocols/select.ts';
import { defaultLimits } from '../settings.ts';
import type { RelayLimits } from '../settings.ts';
import type { AgentAnswer, AgentRuntime, TraceContext } from './agent-runtime.ts';
import type { Log, LogEntry, Relay, RelayRequest, RelayResponse } from './relay-request.ts';
import { checkSessionId, isSessionId } from './session-id.ts';
import { streamAnswer } from './stream-answer.ts';
import { createByteTranslation, createEventTranslation } from './translate.ts';
import type { EventFilter, Translation } from './translate.ts';
import { createWatch, setProcessTimer } from './watch.ts';
import type { SetTimer, WatchOptions } from './watch.ts';

/** What a relay is made of. Only the agent is required. */
export interface RelayOptions {
  readonly agentRuntime: AgentRuntime;
  /** The client formats, of which the first one of a path is its default. Default: `original`, `transformed`, `ndjson`. */
  readonly protocols?: readonly Protocol[] | undefined;
  /** The agent dialects that are recognized, in the order in which they are tried. Default: all of the package's. */
  readonly dialects?: readonly Dialect[] | undefined;
  /**
   * Sees every event of every answer and may change or drop it. It cannot see `original`, whose bytes are not read: leave
   * that out of `protocols` where the filter hides something. Default: none.
   */
  readonly filter?: EventFilter | undefined;
  /** Bounds; each one that is left out has its default. */
  readonly limits?: Partial<RelayLimits> | undefined;
  /** The clock, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Timers. Default: the process's own. */
  readonly setTimer?: SetTimer | undefined;
  /** Makes request ids and session ids; must be unguessable and fit for a session id. Default: a random UUID. */
  readonly newId?: (() => string) | undefined;
  /** Takes one entry per request and per surprise. Default: none. */
  readonly log?: Log | undefined;
}

/** Headers of everything that the relay answers itself or streams. `no-store`, because a GET has its prompt in the URL. */
const commonHeaders = {
  'cache-control': 'no-cache, no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
} as const;

/** Creates a relay: one function from a request to a response. */
export function createRelay(options: RelayOptions): Relay {
  const {
    agentRuntime,
    protocols = defaultProtocols,
    now = Date.now,
    setTimer = setProcessTimer,
    // Node hands out ids from a cache of random bytes, which a snapshot of the process would repeat.
    newId = () => randomUUID({ disableEntropyCache: true }),
    log = () => undefined,
  } = options;
  const limits: RelayLimits = { ...defaultLimits, ...options.limits };
  const findRoute = createRoutes(protocols);

  return async (request) => {
    const startedAt = now();
    const requestId = newId();
    let route: Route | undefined;
    let call: AgentCall | undefined;
    let output: Protocol | undefined;
    try {
      route = findRoute(request.path);
      const early = answerWithoutAgent(request, route);
      if (early !== undefined) return respond(early, newId());
      if (route === undefined) throw new RelayError('not_found');
      const body = request.method === 'GET' ? new Uint8Array() : await request.readBody(limits.maxBodyBytes);
      call = route.endpoint.read({ ...request, query: new URLSearchParams(request.query), body }, limits);
      output = route.selectOutput(call.output);
      checkSessionId(call.conversationId);
    } catch (thrown) {
      return refuse(RelayError.from(thrown), call?.conversationId);
    }
    return invoke(call, output);

    function respond({ status, headers, body }: Early, sessionId: string): RelayResponse {
      return {
        status,
        headers: { ...commonHeaders, ...headers, 'x-request-id': requestId, 'x-runtime-session-id': sessionId },
        body: iterateOnce(body),
      };
    }

    function report(level: LogEntry['level'], fields: Omit<LogEntry, 'level' | 'message'>): void {
      log({ level, message: 'request', requestId, method: request.method, durationMs: now() - startedAt, ...fields });
    }

    function refuse(error: RelayError, sessionId: string | undefined): RelayResponse {
      const writer = output ?? route?.protocol;
      const { headers, body }: ErrorDocument =
        writer === undefined ? renderJsonError(error, requestId) : writer.renderError(error, requestId);
      report(error.status >= 500 ? 'error' : 'warn', {
        status: error.status,
        errorCode: error.code,
        upstreamName: error.upstreamName,
        cause: error.status >= 500 ? describeCause(error.cause) : undefined,
      });
      return respond(
        {
          status: error.status,
          headers: {
            ...headers,
            ...(error.allow === undefined ? {} : { allow: error.allow }),
            ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
          },
          body: request.method === 'HEAD' ? '' : body,
        },
        sessionId !== undefined && isSessionId(sessionId) ? sessionId : newId(),
      );
    }

    async function invoke(call: AgentCall, protocol: Protocol): Promise<RelayResponse> {
      const sessionId = call.conversationId ?? newId();
      const { hostDeadlineAt = Infinity } = request;
      // A function with a short timeout would otherwise give all of it away.
      const deadlineAt = hostDeadlineAt - Math.min(limits.deadlineMarginMs, (hostDeadlineAt - startedAt) / 10);
      const cancelling = new AbortController();
      const signal = AbortSignal.any([request.signal, cancelling.signal]);
      const answering = agentRuntime.invoke({
        runtimeSessionId: sessionId,
        payload: JSON.stringify(call.payload),
        trace: readTrace(request.headers),
        signal,
      });

      let answer: AgentAnswer | 'late';
      try {
        answer = await waitAtMost(answering, Math.min(limits.graceMs, deadlineAt - now()), setTimer);
      } catch (thrown) {
        return refuse(RelayError.from(thrown), sessionId);
      }
      const answeredAt = now();
      const sentContentType = nameContentType(protocol, answer);
      const watch = createWatch({
        now,
        setTimer,
        deadlineAt,
        idleTimeoutMs: limits.idleTimeoutMs,
        ...chooseViewerSilence(protocol, sentContentType),
      });
      return {
        status: 200,
        headers: {
          ...commonHeaders,
          ...(protocol.kind === 'events' ? protocol.headers : {}),
          'content-type': sentContentType,
          'x-request-id': requestId,
          'x-runtime-session-id': sessionId,
        },
        body: streamAnswer({
          answer: answer === 'late' ? answering : answer,
          beginTranslation: (begun) => beginTranslation(protocol, begun, sentContentType, requestId, sessionId),
          watch,
          signal: request.signal,
          cancel: () => cancelling.abort(),
          onEnd: ({ ending, errorCode, bytesSent, dialect, unknownFrames }) =>
            report(ending === 'error' ? 'error' : 'info', {
              status: 200,
              protocol: protocol.name,
              answeredMs: answeredAt - startedAt,
              ending,
              errorCode,
              bytesSent,
              dialect,
              unknownFrames: unknownFrames === 0 ? undefined : unknownFrames,
            }),
        }),
      };
    }
  };

  /** What happens while the viewer gets nothing: a keep-alive where the format has one, else in the end an error. */
  function chooseViewerSilence(
    protocol: Protocol,
    contentType: string,
  ): Pick<WatchOptions, 'keepAliveMs' | 'quietTimeoutMs'> {
    const hasKeepAlive = protocol.kind === 'events' ? protocol.hasKeepAlive : protocol.hasKeepAlive(contentType);
    return hasKeepAlive && limits.keepAliveMs > 0
      ? { keepAliveMs: limits.keepAliveMs, quietTimeoutMs: Infinity }
      : { keepAliveMs: 0, quietTimeoutMs: limits.quietIdleTimeoutMs };
  }

  function beginTranslation(
    protocol: Protocol,
    answer: AgentAnswer | undefined,
    sentContentType: string,
    requestId: string,
    conversationId: string,
  ): Translation {
    const contentType = answer?.contentType ?? sentContentType;
    return protocol.kind === 'bytes'
      ? createByteTranslation(protocol.createCopier(contentType, sentContentType))
      : createEventTranslation({
          writer: protocol.createWriter({ requestId, conversationId }),
          contentType,
          dialects: options.dialects,
          filter: options.filter,
          maxMessageBytes: limits.maxMessageBytes,
          maxDocumentBytes: limits.maxDocumentBytes,
        });
  }
}

interface Early {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers what must never run the agent: probes, preflights, and a browser's attempt to resume a stream. */
function answerWithoutAgent({ method, path, headers }: RelayRequest, route: Route | undefined): Early | undefined {
  if (path === '/favicon.ico') return { status: 204, headers: { 'cache-control': 'public, max-age=86400' }, body: '' };
  if (route === undefined) return undefined;
  const { methods } = route.endpoint;
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  if (method === 'OPTIONS') return { status: 204, headers: { allow }, body: '' };
  if (method === 'HEAD' && methods.includes('GET')) return { status: 200, headers: { allow }, body: '' };
  if (!methods.includes(method)) {
    throw new RelayError('method_not_allowed', {
      allow,
      message: `this path takes ${allow}, got ${method.slice(0, 20)}`,
    });
  }
  // An EventSource comes back with this header after every end; the answer 204 tells it to stay away (WHATWG HTML, 9.2).
  if (method === 'GET' && headers['last-event-id'] !== undefined) return { status: 204, headers: {}, body: '' };
  return undefined;
}

/** The content type that the viewer is told: the protocol's own, or the agent's where its bytes pass through. */
function nameContentType(protocol: Protocol, answer: AgentAnswer | 'late'): string {
  if (protocol.kind === 'events') return protocol.headers['content-type'] ?? 'application/octet-stream';
  if (answer === 'late') return protocol.lateContentType;
  return answer.contentType === '' ? 'application/octet-stream' : answer.contentType;
}

// W3C Trace Context, sections 3.2 and 3.3; the lengths are those of InvokeAgentRuntime.
const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/u;
const headerText = /^[\x20-\x7e]+$/u;

function readTrace(headers: RelayRequest['headers']): TraceContext {
  const { traceparent, tracestate } = headers;
  const amznTraceId = headers['x-amzn-trace-id'];
  const isTraced = traceparent !== undefined && traceparentForm.test(traceparent);
  return {
    traceparent: isTraced ? traceparent : undefined,
    tracestate: isTraced && isHeaderText(tracestate, 512) ? tracestate : undefined,
    amznTraceId: isHeaderText(amznTraceId, 128) ? amznTraceId : undefined,
  };
}

function isHeaderText(value: string | undefined, maxLength: number): boolean {
  return value !== undefined && value.length <= maxLength && headerText.test(value);
}

/** What Node's timers can count, 24.8 days; a longer delay would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

function waitAtMost<Value extends object>(
  pending: Promise<Value>,
  timeoutMs: number,
  setTimer: SetTimer,
): Promise<Value | 'late'> {
  return new Promise((resolve, reject) => {
    const cancelTimer = setTimer(() => resolve('late'), Math.min(Math.max(0, timeoutMs), longestTimerMs));
    pending.then(resolve, reject).finally(cancelTimer);
  });
}

function describeCause(cause: unknown): string | undefined {
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : cause;
  return typeof text === 'string' ? text.slice(0, 500) : undefined;
}

async function* iterateOnce(body: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (body !== '') yield new TextEncoder().encode(body);
}
