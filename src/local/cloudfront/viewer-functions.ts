import type { DeployedViewerFunction } from '../template/deployment.ts';
import type { EditedResponse } from './edge-functions.ts';
import type { ResponseHead } from './edge-response-event.ts';
import { endHop } from './end-hop.ts';
import { errorPage } from './error-page.ts';
import { edgeContextOf } from './exchange.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import type { EdgeResponse, ViewerRequest } from './messages.ts';
import { readViewerFunctionResult, toViewerFunctionEvent } from './viewer-function-event.ts';
import type { ViewerFunctionEvent } from './viewer-function-event.ts';
import { readViewerFunctionResponseResult, toViewerFunctionResponseEvent } from './viewer-function-response-event.ts';
import type { ViewerFunctionResponseEvent } from './viewer-function-response-event.ts';

/** Runs the CloudFront Function at viewer-request: the request to go on with, or the response that ends it here. */
export async function runViewerRequestFunction(
  settings: CloudFrontSettings,
  exchange: Exchange,
  deployed: DeployedViewerFunction,
): Promise<ViewerRequest | EdgeResponse> {
  const { request, scope } = exchange;
  const event = toViewerFunctionEvent(request, edgeContextOf(settings, exchange));
  const recorder = scope.trace.begin('viewer-function', request.headers);
  const started = performance.now();
  const answer = await run(settings, exchange, deployed, event);
  scope.record({ viewerFunctionMs: performance.now() - started });
  if ('failure' in answer) {
    return endHop(recorder, 'failed', answer.failure);
  }
  const outcome = readViewerFunctionResult(answer.result, event, request);
  switch (outcome.kind) {
    case 'invalid':
      return endHop(recorder, 'failed', refuseResult(settings, exchange, deployed, outcome.reason));
    case 'response':
      return endHop(recorder, 'complete', outcome.response);
    case 'request':
      recorder.end('complete');
      return outcome.request;
    default:
      return outcome satisfies never;
  }
}

/** Runs the CloudFront Function at viewer-response: what the response becomes, or the error in its place. */
export async function runViewerResponseFunction(
  settings: CloudFrontSettings,
  exchange: Exchange,
  deployed: DeployedViewerFunction,
  request: ViewerRequest,
  response: ResponseHead,
): Promise<EditedResponse | EdgeResponse> {
  const event = toViewerFunctionResponseEvent(request, response, edgeContextOf(settings, exchange));
  const recorder = exchange.scope.trace.begin('viewer-function', response.headers);
  const answer = await run(settings, exchange, deployed, event);
  if ('failure' in answer) {
    return endHop(recorder, 'failed', answer.failure);
  }
  const outcome = readViewerFunctionResponseResult(answer.result, response);
  if (outcome.kind === 'invalid') {
    return endHop(recorder, 'failed', refuseResult(settings, exchange, deployed, outcome.reason));
  }
  recorder.head(outcome.response.status, outcome.response.headers);
  recorder.end('complete');
  return { kind: 'edited', response: outcome.response };
}

async function run(
  settings: CloudFrontSettings,
  { requestId }: Exchange,
  deployed: DeployedViewerFunction,
  event: ViewerFunctionEvent | ViewerFunctionResponseEvent,
): Promise<{ readonly result: unknown } | { readonly failure: EdgeResponse }> {
  const { result, failure, logs, warning } = await settings.viewerFunctionOf(deployed).run(event);
  for (const text of [...logs, warning, failure].filter((line) => line !== undefined)) {
    settings.onLog({ source: deployed.name, text });
  }
  const reason = 'The CloudFront function associated with the CloudFront distribution is invalid or could not run.';
  return failure === undefined ? { result } : { failure: errorPage(503, reason, requestId, 'FunctionExecutionError') };
}

/** What the viewer gets where CloudFront does not take the function's result. */
function refuseResult(
  settings: CloudFrontSettings,
  { requestId }: Exchange,
  { name }: DeployedViewerFunction,
  reason: string,
): EdgeResponse {
  settings.onLog({ source: name, text: reason });
  return errorPage(502, reason, requestId, 'FunctionValidationError');
}
