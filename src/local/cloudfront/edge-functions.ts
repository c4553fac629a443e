import { randomBytes } from 'node:crypto';
import { LambdaFunctionError, isUnlogged } from '../lambda/lambda-function.ts';
import type { DeployedEdgeFunction, DeployedFunction } from '../template/deployment.ts';
import { maxEdgeBodyBytes, readEdgeResult, toEdgeEvent } from './edge-event.ts';
import type { EdgeRequestEventType } from './edge-event.ts';
import { readEdgeResponse, toEdgeResponseEvent } from './edge-response-event.ts';
import type { EdgeResponseEventType, ResponseHead } from './edge-response-event.ts';
import type { WrittenResponse } from './edge-members.ts';
import { endHop } from './end-hop.ts';
import { errorPage } from './error-page.ts';
import { edgeContextOf } from './exchange.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import { withHeader, without } from './header-list.ts';
import type { EdgeResponse, ViewerRequest } from './messages.ts';
import { bufferedBody } from './request-body.ts';

/** A response that goes on with another head, and another body where there is one. */
export interface EditedResponse {
  readonly kind: 'edited';
  readonly response: WrittenResponse;
}

/**
 * Runs the Lambda@Edge function at viewer-request or origin-request: the request to go on with, or the response that ends
 * it here. A body that it replaces becomes the exchange's.
 */
export async function runEdgeRequestFunction(
  settings: CloudFrontSettings,
  exchange: Exchange,
  eventType: EdgeRequestEventType,
  deployed: DeployedEdgeFunction,
  request: ViewerRequest,
): Promise<ViewerRequest | EdgeResponse> {
  const { behaviour, scope } = exchange;
  const origin = eventType === 'origin-request' ? behaviour.origin : undefined;
  const body = deployed.includeBody ? await exchange.body.readBeyond(maxEdgeBodyBytes[eventType]) : undefined;
  const event = toEdgeEvent(request, { ...edgeContextOf(settings, exchange), origin, body });
  const recorder = scope.trace.begin('edge-request', request.headers, body?.bytes.byteLength);
  const started = performance.now();
  const fails = eventType === 'origin-request' && scope.faults.edge.failsFunction;
  const answer = fails
    ? failOnPurpose(settings, exchange, deployed.function)
    : await invoke(settings, exchange, deployed.function, event);
  scope.record({ edgeFunctionMs: performance.now() - started });
  if ('failure' in answer) {
    return endHop(recorder, 'failed', answer.failure);
  }
  const outcome = readEdgeResult(answer.result, request, origin);
  switch (outcome.kind) {
    case 'invalid':
      return endHop(recorder, 'failed', refuseResult(settings, exchange, deployed.function, outcome.reason));
    case 'response':
      return endHop(recorder, 'complete', outcome.response);
    case 'request':
      recorder.end('complete');
      return replaceBody(exchange, outcome.request, outcome.replacedBody);
    default:
      return outcome satisfies never;
  }
}

/** Runs the Lambda@Edge function at origin-response or viewer-response: what the response becomes, or the error in its place. */
export async function runEdgeResponseFunction(
  settings: CloudFrontSettings,
  exchange: Exchange,
  eventType: EdgeResponseEventType,
  deployed: DeployedEdgeFunction,
  request: ViewerRequest,
  response: ResponseHead,
): Promise<EditedResponse | EdgeResponse> {
  const { behaviour, scope } = exchange;
  const origin = eventType === 'origin-response' ? behaviour.origin : undefined;
  const event = toEdgeResponseEvent(request, response, { ...edgeContextOf(settings, exchange), origin });
  const recorder = scope.trace.begin('edge-response', response.headers);
  const started = performance.now();
  const answer = await invoke(settings, exchange, deployed.function, event);
  scope.record({ edgeResponseMs: performance.now() - started });
  if ('failure' in answer) {
    return endHop(recorder, 'failed', answer.failure);
  }
  const outcome = readEdgeResponse(answer.result, response, eventType);
  if (outcome.kind === 'invalid') {
    return endHop(recorder, 'failed', refuseResult(settings, exchange, deployed.function, outcome.reason));
  }
  recorder.head(outcome.response.status, outcome.response.headers);
  recorder.end('complete');
  return { kind: 'edited', response: outcome.response };
}

/** The request with the length of the body that took the place of the viewer's; the same where none did. */
function replaceBody(exchange: Exchange, request: ViewerRequest, body: Uint8Array | undefined): ViewerRequest {
  if (body === undefined) {
    return request;
  }
  exchange.body = bufferedBody(body);
  const headers = without(request.headers, 'transfer-encoding');
  return { ...request, headers: withHeader(headers, 'Content-Length', String(body.byteLength)) };
}

type Invoked = { readonly result: unknown } | { readonly failure: EdgeResponse };

/** The function's result, or what the viewer gets where it fails. */
async function invoke(
  settings: CloudFrontSettings,
  exchange: Exchange,
  deployed: DeployedFunction,
  event: unknown,
): Promise<Invoked> {
  const { requestId } = exchange;
  try {
    const traceId = `Root=1-${Math.floor(settings.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
    return { result: await settings.edgeFunctionOf(deployed).invoke(event, { requestId, traceId }) };
  } catch (error) {
    if (!(error instanceof LambdaFunctionError)) {
      throw error;
    }
    if (isUnlogged(error)) {
      settings.onLog({ source: deployed.logicalId, text: `${error.errorType}: ${error.message}` });
    }
    return { failure: error.kind === 'throttled' ? throttled(exchange) : executionError(exchange) };
  }
}

function failOnPurpose(settings: CloudFrontSettings, exchange: Exchange, { logicalId }: DeployedFunction): Invoked {
  settings.onLog({ source: logicalId, text: 'the function fails here, as a fault asks' });
  return { failure: executionError(exchange) };
}

function executionError({ requestId }: Exchange): EdgeResponse {
  const reason =
    "The Lambda function associated with the CloudFront distribution is invalid or doesn't have the required permissions.";
  return errorPage(503, reason, requestId, 'LambdaExecutionError');
}

function throttled({ requestId }: Exchange): EdgeResponse {
  const reason = 'The Lambda function associated with the CloudFront distribution was throttled.';
  return errorPage(503, reason, requestId, 'LambdaLimitExceeded');
}

/** What the viewer gets where CloudFront does not take the function's result. */
function refuseResult(
  settings: CloudFrontSettings,
  { requestId }: Exchange,
  { logicalId }: DeployedFunction,
  reason: string,
): EdgeResponse {
  settings.onLog({ source: logicalId, text: reason });
  return errorPage(502, reason, requestId, 'LambdaValidationError');
}
