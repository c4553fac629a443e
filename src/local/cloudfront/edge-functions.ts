import { randomBytes } from 'node:crypto';
import { LambdaFunctionError } from '../lambda/lambda-function.ts';
import type { DeployedEdgeFunction, DeployedViewerFunction } from '../template/deployment.ts';
import { maxEdgeBodyBytes, readEdgeResult, toEdgeEvent } from './edge-event.ts';
import { errorPage } from './error-page.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import type { EdgeResponse, ViewerRequest } from './messages.ts';
import { readViewerFunctionResult, toViewerFunctionEvent } from './viewer-function-event.ts';

/** Runs the CloudFront Function: the request to go on with, or the response that ends it here. */
export async function runViewerFunction(
  settings: CloudFrontSettings,
  { request, requestId, record }: Exchange,
  deployed: DeployedViewerFunction,
): Promise<ViewerRequest | EdgeResponse> {
  const { domainName: distributionDomainName, id: distributionId } = settings.distribution;
  const event = toViewerFunctionEvent(request, { distributionDomainName, distributionId, requestId });
  const started = performance.now();
  const { result, failure, logs } = await settings.viewerFunctionOf(deployed).run(event);
  record({ viewerFunctionMs: performance.now() - started });
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

/** Runs the Lambda@Edge function with a copy of the body: the request to go on with, or the response that ends it here. */
export async function runEdgeFunction(
  settings: CloudFrontSettings,
  exchange: Exchange,
  deployed: DeployedEdgeFunction,
  request: ViewerRequest,
): Promise<{ request: ViewerRequest; replacedBody: Uint8Array | undefined } | EdgeResponse> {
  const { behaviour, requestId, record } = exchange;
  const { domainName: distributionDomainName, id: distributionId } = settings.distribution;
  const source = deployed.function.logicalId;
  const body = deployed.includeBody ? await exchange.body.readBeyond(maxEdgeBodyBytes) : undefined;
  const event = toEdgeEvent(request, {
    distributionDomainName,
    distributionId,
    requestId,
    origin: behaviour.origin,
    body,
  });
  const started = performance.now();
  let result: unknown;
  try {
    const traceId = `Root=1-${Math.floor(settings.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
    result = await settings.edgeFunctionOf(deployed.function).invoke(event, { requestId, traceId });
  } catch (error) {
    if (!(error instanceof LambdaFunctionError)) {
      throw error;
    }
    if (error.kind !== 'function-error') {
      settings.onLog({ source, text: `${error.errorType}: ${error.message}` });
    }
    const reason =
      "The Lambda function associated with the CloudFront distribution is invalid or doesn't have the required permissions.";
    const cacheResult = error.kind === 'throttled' ? 'LambdaLimitExceeded' : 'LambdaExecutionError';
    return errorPage(503, reason, requestId, cacheResult);
  } finally {
    record({ edgeFunctionMs: performance.now() - started });
  }
  const outcome = readEdgeResult(result, request, behaviour.origin);
  if (outcome.kind === 'invalid') {
    settings.onLog({ source, text: outcome.reason });
    return errorPage(502, outcome.reason, requestId, 'LambdaValidationError');
  }
  return outcome.kind === 'request' ? outcome : outcome.response;
}
