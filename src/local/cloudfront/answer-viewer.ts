import { callOrigin } from './call-origin.ts';
import { drain } from './drain.ts';
import { runEdgeRequestFunction, runEdgeResponseFunction } from './edge-functions.ts';
import type { EditedResponse } from './edge-functions.ts';
import type { CloudFrontSettings, Exchange } from './exchange.ts';
import { toOriginRequest, toViewerHeaders } from './header-rules.ts';
import type { EdgeResponse, OriginResponse, ViewerRequest } from './messages.ts';
import { once } from './once.ts';
import { runViewerRequestFunction, runViewerResponseFunction } from './viewer-functions.ts';

/** What a viewer is answered: by CloudFront or one of its functions, or by the origin. */
export type Answer = EdgeResponse | OriginResponse;

/** What a Function URL takes, and so as much of a body as is ever kept (Lambda quotas: 6 MB). */
const maxBodyBytes = 6 * 1024 * 1024;

/**
 * Leads a request through the functions of its behaviour to the origin and back (CloudFront, "CloudFront events that can
 * trigger a Lambda@Edge function").
 */
export async function answerViewer(settings: CloudFrontSettings, exchange: Exchange): Promise<Answer> {
  const request = await passViewerRequest(settings, exchange);
  if ('status' in request) {
    return request;
  }
  const answer = await answerFromOrigin(settings, exchange, request);
  // Nothing runs at viewer-response for an error, nor for what a function made at viewer-request.
  return answer.status >= 400 ? answer : passViewerResponse(settings, exchange, request, answer);
}

async function passViewerRequest(
  settings: CloudFrontSettings,
  exchange: Exchange,
): Promise<ViewerRequest | EdgeResponse> {
  const { request, behaviour } = exchange;
  const { viewerFunction, viewerRequestEdgeFunction } = behaviour;
  if (viewerFunction !== undefined) {
    return runViewerRequestFunction(settings, exchange, viewerFunction);
  }
  return viewerRequestEdgeFunction === undefined
    ? request
    : runEdgeRequestFunction(settings, exchange, 'viewer-request', viewerRequestEdgeFunction, request);
}

async function answerFromOrigin(
  settings: CloudFrontSettings,
  exchange: Exchange,
  viewerRequest: ViewerRequest,
): Promise<Answer> {
  const { behaviour, via, scope } = exchange;
  const { origin, originRequestFunction, originResponseFunction, originRequestPolicy } = behaviour;
  const { defaultRootObject = '' } = settings.distribution;
  // For all methods (CloudFront, Specify a default root object).
  const asked =
    viewerRequest.uri === '/' && defaultRootObject !== ''
      ? { ...viewerRequest, uri: `/${defaultRootObject}` }
      : viewerRequest;
  let request = toOriginRequest(asked, origin, originRequestPolicy, via);
  if (originRequestFunction !== undefined) {
    const outcome = await runEdgeRequestFunction(settings, exchange, 'origin-request', originRequestFunction, request);
    if ('status' in outcome) {
      return outcome;
    }
    request = outcome;
  } else if (scope.faults.edge.failsFunction) {
    settings.onLog({ source: 'cloudfront', text: 'no function runs at origin-request, and so none can fail' });
  }
  const { bytes } = await exchange.body.readBeyond(maxBodyBytes);
  const response = await callOrigin(settings, exchange, request, bytes);
  // What CloudFront says itself, such as the 504 of an origin that is silent, is no response of the origin.
  if (originResponseFunction === undefined || 'cacheResult' in response) {
    return response;
  }
  return edit(
    response,
    await runEdgeResponseFunction(settings, exchange, 'origin-response', originResponseFunction, request, response),
  );
}

async function passViewerResponse(
  settings: CloudFrontSettings,
  exchange: Exchange,
  request: ViewerRequest,
  answer: Answer,
): Promise<Answer> {
  const { viewerResponseFunction, viewerResponseEdgeFunction } = exchange.behaviour;
  const shown = { ...answer, headers: toViewerHeaders(answer.headers) };
  if (viewerResponseFunction !== undefined) {
    return edit(answer, await runViewerResponseFunction(settings, exchange, viewerResponseFunction, request, shown));
  }
  return viewerResponseEdgeFunction === undefined
    ? answer
    : edit(
        answer,
        await runEdgeResponseFunction(
          settings,
          exchange,
          'viewer-response',
          viewerResponseEdgeFunction,
          request,
          shown,
        ),
      );
}

/** The answer as a function left it, or the error in its place. A body that goes nowhere is read to its end for nobody. */
function edit(answer: Answer, outcome: EditedResponse | EdgeResponse): Answer {
  const isEdited = 'kind' in outcome;
  if (isEdited && outcome.response.body === undefined) {
    const { body: _own, ...head } = outcome.response;
    return { ...answer, ...head };
  }
  if (!(answer.body instanceof Uint8Array)) {
    drain(answer.body);
  }
  if (!isEdited) {
    return outcome;
  }
  const { body = new Uint8Array(), ...head } = outcome.response;
  return 'cacheResult' in answer ? { ...answer, ...head, body } : { ...answer, ...head, body: once(body) };
}
