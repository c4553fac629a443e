import { randomBytes } from 'node:crypto';
import { LambdaFunctionError } from '../lambda/lambda-function.ts';
import type {
  DeployedEdgeFunction,
  DeployedFunction,
  DeployedOrigin,
  DeployedViewerFunction,
} from '../template/deployment.ts';
import { drain } from './drain.ts';
import { maxEdgeBodyBytes, readEdgeResult, toEdgeEvent } from './edge-event.ts';
import { readEdgeResponse, toEdgeResponseEvent } from './edge-response-event.ts';
import { errorPage } from './error-page.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import type { EdgeResponse, OriginResponse, ViewerRequest } from './messages.ts';
import { readViewerFunctionResult, toViewerFunctionEvent } from './viewer-function-event.ts';

/** Runs the CloudFront Function: the request to go on with, or the response that ends it here. */
export async function runViewerFunction(
  settings: CloudFrontSettings,
  { request, requestId, scope }: Exchange,
  deployed: DeployedViewerFunction,
): Promise<ViewerRequest | EdgeResponse> {
  const { domainName: distributionDomainName, id: distributionId } = settings.distribution;
  const event = toViewerFunctionEvent(request, { distributionDomainName, distributionId, requestId });
  const started = performance.now();
  const { result, failure, logs } = await settings.viewerFunctionOf(deployed).run(event);
  scope.record({ viewerFunctionMs: performance.now() - started });
  for (const text of logs) {
    settings.onLog({ source: deployed.name, text });
  }
  if (failure !== undefined) {
    settings.onLog({ source: deployed.name, text: failure });
    const reason = 'The CloudFront function associated with the CloudFront distribution is invalid or could not run.';
    return errorPage(503, reason, requestId, 'FunctionExecutionError');
  }
  const outcome = readViewerFunctionResult(result, event, request);
  if (outcome.kind === 'invalid') {
    settings.onLog({ source: deployed.name, text: outcome.reason });
    return errorPage(502, outcome.reason, requestId, 'FunctionValidationError');
  }
  return outcome.kind === 'request' ? outcome.request : outcome.response;
}

/** Runs the function at origin-request with a copy of the body: the request to go on with, or the response that ends it here. */
export async function runOriginRequestFunction(
  settings: CloudFrontSettings,
  exchange: Exchange,
  deployed: DeployedEdgeFunction,
  request: ViewerRequest,
): Promise<{ request: ViewerRequest; replacedBody: Uint8Array | undefined } | EdgeResponse> {
  const { behaviour, requestId, scope } = exchange;
  const { origin } = behaviour;
  const body = deployed.includeBody ? await exchange.body.readBeyond(maxEdgeBodyBytes) : undefined;
  const event = toEdgeEvent(request, { ...contextOf(settings, exchange), body });
  const started = performance.now();
  const answer = await invoke(settings, requestId, deployed.function, event);
  scope.record({ edgeFunctionMs: performance.now() - started });
  if ('failure' in answer) {
    return answer.failure;
  }
  const outcome = readEdgeResult(answer.result, request, origin);
  if (outcome.kind === 'invalid') {
    return refuseResult(settings, requestId, deployed.function, outcome.reason);
  }
  return outcome.kind === 'request' ? outcome : outcome.response;
}

/** Runs the function at origin-response, whatever the status: the response that goes on to the viewer. */
export async function runOriginResponseFunction(
  settings: CloudFrontSettings,
  exchange: Exchange,
  deployed: DeployedEdgeFunction,
  request: ViewerRequest,
  response: OriginResponse,
): Promise<OriginResponse | EdgeResponse> {
  const { requestId, scope } = exchange;
  const event = toEdgeResponseEvent(request, response, contextOf(settings, exchange));
  const started = performance.now();
  const answer = await invoke(settings, requestId, deployed.function, event);
  scope.record({ edgeResponseMs: performance.now() - started });
  if ('failure' in answer) {
    drain(response.body);
    return answer.failure;
  }
  const outcome = readEdgeResponse(answer.result, response);
  if (outcome.kind === 'invalid') {
    drain(response.body);
    return refuseResult(settings, requestId, deployed.function, outcome.reason);
  }
  const { body, ...edited } = outcome.response;
  if (body === undefined) {
    return { ...edited, body: response.body };
  }
  drain(response.body);
  return { ...edited, body: once(body) };
}

function contextOf(
  { distribution }: CloudFrontSettings,
  { behaviour, requestId }: Exchange,
): { distributionDomainName: string; distributionId: string; requestId: string; origin: DeployedOrigin } {
  return {
    distributionDomainName: distribution.domainName,
    distributionId: distribution.id,
    requestId,
    origin: behaviour.origin,
  };
}

/** The function's result, or what the viewer gets where it fails. */
async function invoke(
  settings: CloudFrontSettings,
  requestId: string,
  deployed: DeployedFunction,
  event: unknown,
): Promise<{ readonly result: unknown } | { readonly failure: EdgeResponse }> {
  try {
    const traceId = `Root=1-${Math.floor(settings.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
    return { result: await settings.edgeFunctionOf(deployed).invoke(event, { requestId, traceId }) };
  } catch (error) {
    if (!(error instanceof LambdaFunctionError)) {
      throw error;
    }
    if (error.kind !== 'function-error') {
      settings.onLog({ source: deployed.logicalId, text: `${error.errorType}: ${error.message}` });
    }
    const reason =
      "The Lambda function associated with the CloudFront distribution is invalid or doesn't have the required permissions.";
    const cacheResult = error.kind === 'throttled' ? 'LambdaLimitExceeded' : 'LambdaExecutionError';
    return { failure: errorPage(503, reason, requestId, cacheResult) };
  }
}

/** What the viewer gets where CloudFront does not take the function's result. */
function refuseResult(
  settings: CloudFrontSettings,
  requestId: string,
  { logicalId }: DeployedFunction,
  reason: string,
): EdgeResponse {
  settings.onLog({ source: logicalId, text: reason });
  return errorPage(502, reason, requestId, 'LambdaValidationError');
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
