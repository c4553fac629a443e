import { RelayError } from '../errors.ts';
import { authenticate } from '../identity/authenticate.ts';
import type { Principal } from '../identity/principal.ts';
import { defaultProtocols } from '../protocols/default-protocols.ts';
import { renderJsonError } from '../protocols/json-error.ts';
import type { AgentCall, AnswerFormat, DirectAnswer, InvocationContext, Protocol } from '../protocols/protocol.ts';
import { createRoutes } from '../protocols/select.ts';
import { defaultLimits } from '../settings.ts';
import type { RelayLimits } from '../settings.ts';
import { agentInputs } from './agent-input.ts';
import type { AgentAnswer } from './agent-runtime.ts';
import { decideCors } from './cors.ts';
import { answerAnybody, answerWithoutAgent } from './early-answer.ts';
import { createNewId } from './new-id.ts';
import type { RelayOptions } from './relay-options.ts';
import type { LogEntry, Relay, RelayResponse } from './relay-request.ts';
import { scrubError } from './scrub-error.ts';
import { checkCapability, checkSessionId, deriveSession, isSessionId, nameSession } from './session-id.ts';
import { streamAnswer } from './stream-answer.ts';
import type { AnswerReport } from './stream-answer.ts';
import { createStreamQuota } from './stream-quota.ts';
import { readTrace } from './trace.ts';
import { createByteTranslation, createEventTranslation } from './translate.ts';
import type { Translation } from './translate.ts';
import { nameUser } from './user-id.ts';
import { chooseViewerSilence, nameContentType } from './viewer-format.ts';
import { waitAtMost } from './wait-at-most.ts';
import { createWatch, setProcessTimer } from './watch.ts';

/**
 * Headers of everything that the relay answers itself or streams. `no-store`, because a GET has its prompt in the URL, and for
 * the same reason no referrer. An agent may answer in HTML, and what it says may have been said to it by others: nothing of
 * it runs, and no page frames it.
 */
const commonHeaders = {
  'cache-control': 'no-cache, no-store, no-transform',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Creates a relay: one function from a request to a response. */
export function createRelay(options: RelayOptions): Relay {
  const {
    agentRuntime,
    authenticator,
    sessions = 'derived',
    passUserId = false,
    cors,
    protocols = defaultProtocols,
    createFilter,
    agentProtocol = 'HTTP',
    createInput = agentInputs[agentProtocol],
    now = Date.now,
    setTimer = setProcessTimer,
    newId = createNewId(),
    log = () => undefined,
  } = options;
  const limits: RelayLimits = { ...defaultLimits, ...options.limits };
  const routes = createRoutes(protocols);
  const quota = createStreamQuota(limits);

  return async (request) => {
    const startedAtMs = now();
    const requestId = newId();
    const route = routes.find(request.path);
    const page = decideCors(cors, request, route?.endpoint.methods ?? ['GET']);
    const headersOfAll = {
      ...commonHeaders,
      ...(page.kind === 'allowed' ? page.headers : {}),
      'x-request-id': requestId,
    };
    let principal: Principal | undefined;
    let call: AgentCall | undefined;
    let output: Protocol | undefined;
    let format: AnswerFormat;
    try {
      const free = page.kind === 'preflight' ? page.answer : answerAnybody(request, route);
      if (free !== undefined) return respond(free, newId());
      if (page.kind === 'refused') throw new RelayError('origin_not_allowed');
      principal = await authenticate(authenticator, request);
      const early = await answerWithoutAgent(request, route, routes);
      if (early !== undefined) return respond(early, newId());
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
      checkConversation(principal, call);
      // A signal that has aborted does not say it again: the answer's place would never be given back.
      if (request.signal.aborted)
        throw new RelayError('cancelled', { cause: 'the viewer left before the agent was asked' });
    } catch (thrown) {
      return refuse(RelayError.from(thrown), call?.runtimeSessionId);
    }
    return invoke(principal, call, output, format);

    function respond({ status, headers, body }: DirectAnswer, sessionId: string): RelayResponse {
      return {
        status,
        headers: { ...headersOfAll, ...headers, 'x-runtime-session-id': sessionId },
        body: iterateOnce(request.method === 'HEAD' ? '' : body),
      };
    }

    function report(level: LogEntry['level'], fields: Omit<LogEntry, 'level' | 'message'>): void {
      log({
        level,
        message: 'request',
        requestId,
        method: request.method,
        principal: principal?.id.slice(0, 200),
        durationMs: now() - startedAtMs,
        ...fields,
      });
    }

    async function refuse(error: RelayError, sessionId: string | undefined): Promise<RelayResponse> {
      const said = await scrubError(error);
      const writer = output ?? (await routes.loadWriter(request.path));
      const {
        status = said.status,
        headers,
        body,
      } = writer === undefined ? renderJsonError(said, requestId) : writer.renderError(said, requestId);
      report(error.status >= 500 ? 'error' : 'warn', {
        status,
        errorCode: error.code,
        upstreamName: error.upstreamName,
        cause:
          error.status >= 500 || error.status === 401 || error.status === 403 ? describeCause(error.cause) : undefined,
      });
      return respond(
        {
          status,
          headers: {
            ...headers,
            ...(error.allow === undefined ? {} : { allow: error.allow }),
            ...(error.challenge === undefined ? {} : { 'www-authenticate': error.challenge }),
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

    async function invoke(
      caller: Principal,
      call: AgentCall,
      protocol: Protocol,
      asked: AnswerFormat,
    ): Promise<RelayResponse> {
      const sessionId =
        call.runtimeSessionId ?? (call.conversationId === undefined ? newId() : nameSession(call.conversationId));
      const runtimeSessionId = sessions === 'derived' ? deriveSession(caller, sessionId) : sessionId;
      const context: InvocationContext = { requestId, conversationId: sessionId, runtimeSessionId, startedAtMs };
      const format = createFilter === undefined ? chooseNative(asked) : asked;
      const isWhole = format.kind === 'events' && format.isWhole === true;
      const deadlineAt = findDeadline(request.hostDeadlineAt, startedAtMs, isWhole);
      const cancelling = new AbortController();
      const signal = AbortSignal.any([request.signal, cancelling.signal]);
      let release: (() => void) | undefined;
      let answering: Promise<AgentAnswer>;
      let answer: AgentAnswer | 'late';
      try {
        release = holdUntilEnd(quota.begin(caller), request.signal);
        answering = agentRuntime.invoke({
          runtimeSessionId,
          runtimeUserId: passUserId ? nameUser(caller) : undefined,
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
        release?.();
        return refuse(RelayError.from(thrown), sessionId);
      }
      const answeredAt = now();
      const contentType = nameContentType(format, answer);
      const watch = createWatch({
        now,
        setTimer,
        deadlineAt,
        idleTimeoutMs: limits.idleTimeoutMs,
        ...chooseViewerSilence(format, contentType, limits),
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
          release?.();
          if (!isWhole || answerReport.error === undefined) reportAnswer(protocol, answeredAt, answerReport);
        },
      });
      const headers = {
        ...headersOfAll,
        ...(format.kind === 'events' ? format.headers : {}),
        'content-type': contentType,
        'x-runtime-session-id': sessionId,
      };
      if (!isWhole) return { status: 200, headers, body };
      const chunks: Uint8Array[] = [];
      try {
        for await (const chunk of body) chunks.push(chunk);
      } catch (thrown) {
        return refuse(RelayError.from(thrown), sessionId);
      }
      return ended?.error === undefined
        ? { status: 200, headers, body: iterateOnce(Buffer.concat(chunks)) }
        : refuse(RelayError.fromEvent(ended.error), sessionId);
    }
  };

  /** An id that is passed on as it is protects nothing, so that there is nothing to ask of it. */
  function checkConversation(caller: Principal, { runtimeSessionId, conversationId }: AgentCall): void {
    checkSessionId(runtimeSessionId);
    const clientId = runtimeSessionId ?? conversationId;
    if (sessions === 'derived' && clientId !== undefined) checkCapability(caller, clientId);
  }

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

  function beginTranslation(
    format: AnswerFormat,
    answer: AgentAnswer | undefined,
    sentContentType: string,
    context: InvocationContext,
  ): Translation {
    const contentType = answer?.contentType ?? sentContentType;
    return format.kind === 'bytes'
      ? createByteTranslation(format.createCopier(contentType, sentContentType, context))
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

/** A body that nobody reads has no end: its place is given back at the latest when the viewer leaves. */
function holdUntilEnd(endStream: () => void, viewerLeft: AbortSignal): () => void {
  viewerLeft.addEventListener('abort', endStream, { once: true });
  return () => {
    viewerLeft.removeEventListener('abort', endStream);
    endStream();
  };
}

function describeCause(cause: unknown): string | undefined {
  const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : cause;
  return typeof text === 'string' ? text.slice(0, 500) : undefined;
}

async function* iterateOnce(body: string | Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (body.length > 0) yield typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
}
