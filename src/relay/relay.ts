import { randomUUID } from 'node:crypto';
import type { Dialect } from '../dialects/dialect.ts';
import { RelayError } from '../errors.ts';
import { defaultProtocols } from '../protocols/default-protocols.ts';
import { renderJsonError } from '../protocols/json-error.ts';
import type { OfferedProtocol } from '../protocols/lazy-protocol.ts';
import type { AgentCall, AnswerFormat, DirectAnswer, Protocol, StreamContext } from '../protocols/protocol.ts';
import { createRoutes } from '../protocols/select.ts';
import type { Route } from '../protocols/select.ts';
import { defaultLimits } from '../settings.ts';
import type { AgentProtocol, RelayLimits } from '../settings.ts';
import { agentInputs } from './agent-input.ts';
import type { AgentInput } from './agent-input.ts';
import type { AgentAnswer, AgentRuntime } from './agent-runtime.ts';
import { answerWithoutAgent } from './early-answer.ts';
import type { Log, LogEntry, Relay, RelayResponse } from './relay-request.ts';
import { checkSessionId, isSessionId, nameSession } from './session-id.ts';
import { streamAnswer } from './stream-answer.ts';
import type { AnswerReport } from './stream-answer.ts';
import { readTrace } from './trace.ts';
import { createByteTranslation, createEventTranslation } from './translate.ts';
import type { EventFilter, Translation } from './translate.ts';
import { createWatch, setProcessTimer } from './watch.ts';
import type { SetTimer, WatchOptions } from './watch.ts';

/** What a relay is made of. Only the agent is required. */
export interface RelayOptions {
  readonly agentRuntime: AgentRuntime;
  /** The client formats, of which the first one of a path is its default. Default: `defaultProtocols`, all of the package's. */
  readonly protocols?: readonly OfferedProtocol[] | undefined;
  /** The agent dialects that are recognized, in the order in which they are tried. Default: all of the package's. */
  readonly dialects?: readonly Dialect[] | undefined;
  /**
   * Gives the filter of one answer, which sees every event and may change, drop or add some. It cannot see `original`,
   * whose bytes are not read: leave that out of `protocols` where the filter hides something. Default: none.
   */
  readonly createFilter?: (() => EventFilter) | undefined;
  /** What the agent speaks. Default: `HTTP`. */
  readonly agentProtocol?: AgentProtocol | undefined;
  /** Makes the agent's input, for agents that take something of their own. Default: what `agentProtocol` says. */
  readonly createInput?: AgentInput | undefined;
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
    createFilter,
    agentProtocol = 'HTTP',
    createInput = agentInputs[agentProtocol],
    now = Date.now,
    setTimer = setProcessTimer,
    // Node hands out ids from a cache of random bytes, which a snapshot of the process would repeat.
    newId = () => randomUUID({ disableEntropyCache: true }),
    log = () => undefined,
  } = options;
  const limits: RelayLimits = { ...defaultLimits, ...options.limits };
  const routes = createRoutes(protocols);

  return async (request) => {
    const startedAtMs = now();
    const requestId = newId();
    let route: Route | undefined;
    let call: AgentCall | undefined;
    let output: Protocol | undefined;
    let format: AnswerFormat;
    try {
      const early = await answerWithoutAgent(request, routes);
      if (early !== undefined) return respond(early, newId());
      route = routes.find(request.path);
      if (route === undefined) throw new RelayError('not_found');
      const [protocol, body] = await Promise.all([
        route.load(),
        request.method === 'GET' ? new Uint8Array() : request.readBody(limits.maxBodyBytes),
      ]);
      call = protocol.endpoint.read(
        { ...request, query: new URLSearchParams(request.query), body },
        { maxPromptLength: limits.maxPromptLength, agentProtocol },
      );
      output = await route.loadOutput(call.output);
      format = output === protocol ? (call.format ?? output) : output;
      checkSessionId(call.runtimeSessionId);
    } catch (thrown) {
      return refuse(RelayError.from(thrown), call?.runtimeSessionId);
    }
    return invoke(call, output, format);

    function respond({ status, headers, body }: DirectAnswer, sessionId: string): RelayResponse {
      return {
        status,
        headers: { ...commonHeaders, ...headers, 'x-request-id': requestId, 'x-runtime-session-id': sessionId },
        body: iterateOnce(request.method === 'HEAD' ? '' : body),
      };
    }

    function report(level: LogEntry['level'], fields: Omit<LogEntry, 'level' | 'message'>): void {
      log({ level, message: 'request', requestId, method: request.method, durationMs: now() - startedAtMs, ...fields });
    }

    async function refuse(error: RelayError, sessionId: string | undefined): Promise<RelayResponse> {
      const writer = output ?? (await loadWriter(route));
      const {
        status = error.status,
        headers,
        body,
      } = writer === undefined ? renderJsonError(error, requestId) : writer.renderError(error, requestId);
      report(error.status >= 500 ? 'error' : 'warn', {
        status,
        errorCode: error.code,
        upstreamName: error.upstreamName,
        cause: error.status >= 500 ? describeCause(error.cause) : undefined,
      });
      return respond(
        {
          status,
          headers: {
            ...headers,
            ...(error.allow === undefined ? {} : { allow: error.allow }),
            ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
          },
          body,
        },
        sessionId !== undefined && isSessionId(sessionId) ? sessionId : newId(),
      );
    }

    function reportAnswer(protocol: Protocol, answeredAt: number, answer: AnswerReport): void {
      const { ending, error, bytesSent, dialect, unknownFrames } = answer;
      report(ending === 'error' ? 'error' : 'info', {
        status: 200,
        protocol: protocol.name,
        answeredMs: answeredAt - startedAtMs,
        ending,
        errorCode: error?.code,
        bytesSent,
        dialect,
        unknownFrames: unknownFrames === 0 ? undefined : unknownFrames,
      });
    }

    async function invoke(call: AgentCall, protocol: Protocol, asked: AnswerFormat): Promise<RelayResponse> {
      const { runtimeSessionId, conversationId } = call;
      const sessionId = runtimeSessionId ?? (conversationId === undefined ? newId() : nameSession(conversationId));
      const context: StreamContext = { requestId, conversationId: sessionId, startedAtMs };
      const format = createFilter === undefined ? chooseNative(asked) : asked;
      const isWhole = format.kind === 'events' && format.isWhole === true;
      const deadlineAt = findDeadline(request.hostDeadlineAt, startedAtMs, isWhole);
      const cancelling = new AbortController();
      const signal = AbortSignal.any([request.signal, cancelling.signal]);
      let answering: Promise<AgentAnswer>;
      let answer: AgentAnswer | 'late';
      try {
        answering = agentRuntime.invoke({
          runtimeSessionId: sessionId,
          payload: JSON.stringify(createInput(call, context)),
          trace: readTrace(request.headers),
          signal,
        });
        const graceMs = isWhole ? Infinity : limits.graceMs;
        answer = await waitAtMost(answering, Math.min(graceMs, deadlineAt - now()), setTimer);
        if (isWhole && answer === 'late') {
          cancelling.abort();
          throw new RelayError('agent_timeout');
        }
      } catch (thrown) {
        return refuse(RelayError.from(thrown), sessionId);
      }
      const answeredAt = now();
      const contentType = nameContentType(format, answer);
      const watch = createWatch({
        now,
        setTimer,
        deadlineAt,
        idleTimeoutMs: limits.idleTimeoutMs,
        ...chooseViewerSilence(format, contentType),
      });
      let ended: AnswerReport | undefined;
      const body = streamAnswer({
        answer: answer === 'late' ? answering : answer,
        beginTranslation: (begun) => beginTranslation(format, begun, contentType, context),
        watch,
        signal: request.signal,
        cancel: () => cancelling.abort(),
        onEnd: (answerReport) => {
          ended = answerReport;
          if (!isWhole || answerReport.error === undefined) reportAnswer(protocol, answeredAt, answerReport);
        },
      });
      const headers = {
        ...commonHeaders,
        ...(format.kind === 'events' ? format.headers : {}),
        'content-type': contentType,
        'x-request-id': requestId,
        'x-runtime-session-id': sessionId,
      };
      if (!isWhole) return { status: 200, headers, body };
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return ended?.error === undefined
        ? { status: 200, headers, body: iterateOnce(Buffer.concat(chunks)) }
        : refuse(RelayError.fromEvent(ended.error), sessionId);
    }
  };

  /** Where the agent speaks the client's own protocol there is nothing to translate. */
  function chooseNative(format: AnswerFormat): AnswerFormat {
    return format.kind === 'events' && format.native?.agentProtocol === agentProtocol ? format.native.format : format;
  }

  /** A function with a short timeout would give all of it away, were the margin not bounded by a share of it. */
  function findDeadline(hostDeadlineAt: number = Infinity, startedAtMs: number, isWhole: boolean): number {
    const deadlineAt = hostDeadlineAt - Math.min(limits.deadlineMarginMs, (hostDeadlineAt - startedAtMs) / 10);
    // Nothing can be said to the viewer before the whole answer is there.
    return isWhole ? Math.min(deadlineAt, startedAtMs + limits.quietIdleTimeoutMs) : deadlineAt;
  }

  /** What happens while the viewer gets nothing: a keep-alive where the format has one, else in the end an error. */
  function chooseViewerSilence(
    format: AnswerFormat,
    contentType: string,
  ): Pick<WatchOptions, 'keepAliveMs' | 'quietTimeoutMs'> {
    const hasKeepAlive = format.kind === 'events' ? format.hasKeepAlive : format.hasKeepAlive(contentType);
    return hasKeepAlive && limits.keepAliveMs > 0
      ? { keepAliveMs: limits.keepAliveMs, quietTimeoutMs: Infinity }
      : { keepAliveMs: 0, quietTimeoutMs: limits.quietIdleTimeoutMs };
  }

  function beginTranslation(
    format: AnswerFormat,
    answer: AgentAnswer | undefined,
    sentContentType: string,
    context: StreamContext,
  ): Translation {
    const contentType = answer?.contentType ?? sentContentType;
    return format.kind === 'bytes'
      ? createByteTranslation(format.createCopier(contentType, sentContentType))
      : createEventTranslation({
          writer: format.createWriter(context),
          contentType,
          dialects: options.dialects,
          filter: createFilter?.(),
          maxMessageBytes: limits.maxMessageBytes,
          maxDocumentBytes: limits.maxDocumentBytes,
        });
  }
}

/** The protocol that says why a path's request is refused; where it cannot be loaded, the relay says it itself. */
async function loadWriter(route: Route | undefined): Promise<Protocol | undefined> {
  try {
    return await route?.load();
  } catch {
    return undefined;
  }
}

/** The content type that the viewer is told: the format's own, or the agent's where its bytes pass through. */
function nameContentType(format: AnswerFormat, answer: AgentAnswer | 'late'): string {
  if (format.kind === 'events') return format.headers['content-type'] ?? 'application/octet-stream';
  if (format.contentType !== undefined) return format.contentType;
  if (answer === 'late') return format.lateContentType;
  return answer.contentType === '' ? 'application/octet-stream' : answer.contentType;
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

async function* iterateOnce(body: string | Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (body.length > 0) yield typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
}
