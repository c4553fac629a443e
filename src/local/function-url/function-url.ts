import { randomBytes, randomUUID } from 'node:crypto';
import { drain } from '../cloudfront/drain.ts';
import { valueOf } from '../cloudfront/header-list.ts';
import type { Origin, OriginRequest, OriginResponse } from '../cloudfront/messages.ts';
import { AnswerFaultError, applyStreamFaults } from '../faults/stream-faults.ts';
import { LambdaFunctionError, isUnlogged } from '../lambda/lambda-function.ts';
import type { LambdaFunction } from '../lambda/lambda-function.ts';
import type { LogLine } from '../request-line.ts';
import type { RequestScope } from '../request-scope.ts';
import { newTraceId } from '../trace-id.ts';
import type { DeployedFunctionUrl } from '../template/deployment.ts';
import { readBufferedPayload } from './buffered-payload.ts';
import { corsHeaders, isPreflight, preflightHeaders } from './cors.ts';
import { decodeContent } from './decode-content.ts';
import { toFunctionUrlEvent } from './event.ts';
import { serviceAnswer, toOriginResponse } from './function-answer.ts';
import type { AnswerContext, FunctionAnswer } from './function-answer.ts';
import { refuseHost, refuseRequest } from './refuse-request.ts';
import type { Refusal } from './refuse-request.ts';
import { watchBody } from './watch-body.ts';

/** A Function URL and the function behind it. */
export interface FunctionUrlSettings {
  readonly functionUrl: DeployedFunctionUrl;
  readonly lambda: LambdaFunction;
  /** Told of each invocation's trace before it begins, so that what the agent reports of it can be joined. */
  onTrace(traceRoot: string, scope: RequestScope): void;
  onLog(line: LogLine): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What has been said of a function, once: that its handler and its URL do not go together. */
const warnings = new WeakMap<LambdaFunction, Set<string>>();

/** Makes the origin that is a Function URL. */
export function createFunctionUrl(settings: FunctionUrlSettings): Origin {
  return async (request, scope) => {
    const hop = scope.trace.begin('function-url', request.headers, request.body.byteLength);
    try {
      const { response, initMs } = await answerRequest(settings, request, scope);
      hop.head(response.status, response.headers, initMs);
      return {
        ...response,
        body: watchBody(response.body, {
          onChunk: (bytes) => hop.chunk(bytes.byteLength),
          onEnd: () => hop.end('complete'),
          onError: () => hop.end('cut'),
          onLeft: () => hop.end('viewer-left'),
        }),
      };
    } catch (error) {
      hop.end('failed');
      throw error;
    }
  };
}

interface Answered {
  readonly response: OriginResponse;
  /** How long a process took to start, in milliseconds; undefined where none had to. */
  readonly initMs?: number | undefined;
}

async function answerRequest(
  settings: FunctionUrlSettings,
  request: OriginRequest,
  scope: RequestScope,
): Promise<Answered> {
  const { functionUrl, now } = settings;
  const { cors } = functionUrl;
  const requestId = randomUUID();
  const refusedHost = refuseHost(functionUrl, request);
  if (refusedHost !== undefined) {
    return { response: refusalAnswer(settings, refusedHost, { requestId, corsHeaders: [] }) };
  }
  if (cors !== undefined && isPreflight(request)) {
    return { response: serviceAnswer(200, '', undefined, { requestId, corsHeaders: preflightHeaders(cors, request) }) };
  }
  const traceRoot =
    /Root=1-[0-9a-f]{8}-[0-9a-f]{24}/u.exec(valueOf(request.headers, 'x-amzn-trace-id') ?? '')?.[0] ??
    `Root=${newTraceId(now())}`;
  const context = { requestId, traceRoot, corsHeaders: cors === undefined ? [] : corsHeaders(cors, request) };
  const refusal = refuseRequest(functionUrl, request, now());
  if (refusal !== undefined) {
    return { response: refusalAnswer(settings, refusal, context) };
  }
  if (scope.faults.relay.isThrottled) {
    return { response: throttledAnswer('ReservedFunctionConcurrentInvocationLimitExceeded', context) };
  }
  settings.onTrace(traceRoot, scope);
  scope.record({ traceRoot });
  return invoke(settings, request, scope, context);
}

async function invoke(
  settings: FunctionUrlSettings,
  request: OriginRequest,
  scope: RequestScope,
  context: AnswerContext,
): Promise<Answered> {
  const { functionUrl, now } = settings;
  const { requestId, traceRoot } = context;
  const traceSelf = `Self=${newTraceId(now())}`;
  const event = toFunctionUrlEvent(request, functionUrl, { requestId, traceRoot, traceSelf, now: now() });
  const invocation = {
    requestId,
    traceId: `${traceRoot};Parent=${randomBytes(8).toString('hex')};Sampled=0;Lineage=1:${randomBytes(4).toString('hex')}:0`,
    coldStartMs: scope.faults.relay.coldStartMs,
  };
  const started = performance.now();
  try {
    const { answer, crash, initMs } =
      functionUrl.invokeMode === 'BUFFERED'
        ? await invokeBuffered(settings, event, invocation)
        : await invokeStreaming(settings, event, invocation);
    scope.record({ functionMs: performance.now() - started, functionInitMs: initMs });
    const response = answer === undefined ? undefined : toOriginResponse(answer, context);
    if (response === undefined) {
      log(settings, 'the status, a header or a cookie of the answer is none of HTTP');
      if (answer !== undefined && !(answer.body instanceof Uint8Array)) {
        drain(answer.body);
      }
      return { response: failedAnswer(context), initMs };
    }
    return { response: { ...response, body: breakBody(settings, response, scope, crash) }, initMs };
  } catch (error) {
    if (!(error instanceof LambdaFunctionError)) {
      throw error;
    }
    scope.record({ functionMs: performance.now() - started });
    logFailure(settings, error);
    return {
      response: error.kind === 'throttled' ? throttledAnswer(error.errorType, context) : failedAnswer(context),
    };
  }
}

interface Invoked {
  /** Undefined where no answer can be made of what the function gave. */
  readonly answer: FunctionAnswer | undefined;
  readonly initMs: number | undefined;
  readonly crash: () => void;
}

type Invocation = Parameters<LambdaFunction['invokeStreaming']>[1];

async function invokeStreaming(
  settings: FunctionUrlSettings,
  event: unknown,
  invocation: Invocation,
): Promise<Invoked> {
  const { initMs, crash, isStreamed, ...answer } = await settings.lambda.invokeStreaming(event, invocation);
  if (!isStreamed) {
    warnOnce(
      settings,
      "the handler does not stream (awslambda.streamifyResponse), and its URL's InvokeMode is RESPONSE_STREAM: what it returns is the body as it is, its statusCode and headers too",
    );
  }
  const decoded = decodeContent(answer);
  if (decoded !== undefined) {
    warnOnce(
      settings,
      'the handler compresses what it streams, and the Function URL takes that away: it is sent plain',
    );
  }
  return { answer: decoded ?? answer, initMs, crash };
}

async function invokeBuffered(settings: FunctionUrlSettings, event: unknown, invocation: Invocation): Promise<Invoked> {
  const { bytes, isStreamed, initMs } = await settings.lambda.invokeBuffered(event, invocation);
  if (isStreamed) {
    warnOnce(
      settings,
      "the handler streams, and its URL's InvokeMode is BUFFERED: nothing is sent before the function is done, and its status and headers become the beginning of the body",
    );
  }
  return { answer: readBufferedPayload(bytes), initMs, crash: () => undefined };
}

/** The answer's bytes with what is to go wrong with them. */
function breakBody(
  settings: FunctionUrlSettings,
  { headers, body }: OriginResponse,
  scope: RequestScope,
  crash: () => void,
): AsyncIterable<Uint8Array> {
  const contentType = valueOf(headers, 'content-type');
  return watchBody(applyStreamFaults(body, { faults: scope.faults.relay, contentType }), {
    onError: (error) => {
      if (error instanceof AnswerFaultError && error.kind === 'crash') {
        crash();
      }
      if (error instanceof LambdaFunctionError) {
        logFailure(settings, error);
      }
    },
  });
}

function logFailure(settings: FunctionUrlSettings, error: LambdaFunctionError): void {
  if (isUnlogged(error)) {
    log(settings, `${error.errorType}: ${error.message}`);
  }
}

function warnOnce(settings: FunctionUrlSettings, text: string): void {
  const said = warnings.get(settings.lambda) ?? new Set();
  warnings.set(settings.lambda, said);
  if (!said.has(text)) {
    said.add(text);
    log(settings, text);
  }
}

function log({ functionUrl, onLog }: FunctionUrlSettings, text: string): void {
  onLog({ source: functionUrl.function.logicalId, text });
}

function refusalAnswer(
  settings: FunctionUrlSettings,
  { status, errorType, body, reason }: Refusal,
  context: Omit<AnswerContext, 'traceRoot'>,
): OriginResponse {
  log(settings, reason);
  return serviceAnswer(status, body, errorType, context);
}

/** As Lambda's API says it; what a Function URL writes is not documented. */
function throttledAnswer(reason: string, context: AnswerContext): OriginResponse {
  const body = JSON.stringify({ Reason: reason, Type: 'User', message: 'Rate Exceeded.' });
  return serviceAnswer(429, body, 'TooManyRequestsException', context);
}

/** What a viewer gets of a function that failed before its first byte. */
function failedAnswer(context: AnswerContext): OriginResponse {
  return serviceAnswer(502, 'Internal Server Error', undefined, context);
}
