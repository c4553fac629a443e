import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import type { EdgeContext } from './edge-members.ts';
import { valuesOf, without } from './header-list.ts';
import { findHeaderFault } from './header-rules.ts';
import type { EdgeResponse, ViewerRequest } from './messages.ts';
import { findTargetFault } from './target-rules.ts';
import { readViewerFunctionResponse } from './viewer-function-response.ts';
import { collapse, collapseHeaders, expand, isSame, restoreCase, splitPairs } from './viewer-function-values.ts';
import type { ViewerFunctionValues } from './viewer-function-values.ts';

/** The request of a CloudFront Function's event. */
export interface ViewerFunctionRequest {
  readonly method: string;
  readonly uri: string;
  readonly querystring: ViewerFunctionValues;
  readonly headers: ViewerFunctionValues;
  readonly cookies: ViewerFunctionValues;
}

/** The event of a CloudFront Function at viewer-request (CloudFront Functions event structure, version 1.0). */
export interface ViewerFunctionEvent {
  readonly version: '1.0';
  readonly context: EdgeContext & { readonly eventType: 'viewer-request' };
  readonly viewer: { readonly ip: string };
  readonly request: ViewerFunctionRequest;
}

/** What CloudFront makes of a function's result. */
export type ViewerFunctionOutcome =
  | { readonly kind: 'request'; readonly request: ViewerRequest }
  | { readonly kind: 'response'; readonly response: EdgeResponse }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Builds the event of a viewer's request. */
export function toViewerFunctionEvent(request: ViewerRequest, context: EdgeContext): ViewerFunctionEvent {
  const { distributionDomainName, distributionId, requestId } = context;
  return {
    version: '1.0',
    context: { distributionDomainName, distributionId, eventType: 'viewer-request', requestId },
    viewer: { ip: request.clientIp },
    request: toViewerFunctionRequest(request),
  };
}

/** A request as functions see it. Cookies stand apart from the headers; nothing is decoded. */
export function toViewerFunctionRequest(request: ViewerRequest): ViewerFunctionRequest {
  return {
    method: request.method,
    uri: request.uri,
    querystring: collapse(splitPairs(request.querystring, '&')),
    headers: collapseHeaders(without(request.headers, 'cookie')),
    cookies: collapse(splitPairs(valuesOf(request.headers, 'cookie').join('; '), ';')),
  };
}

/** Reads what the function gave back: the request to go on with, or a response of its own. */
export function readViewerFunctionResult(
  result: unknown,
  event: ViewerFunctionEvent,
  request: ViewerRequest,
): ViewerFunctionOutcome {
  const object = asObject(result);
  if (object === undefined) {
    return invalid('The function must return a request or a response object.');
  }
  if (!('statusCode' in object)) {
    return readRequest(object, event, request);
  }
  const response = readViewerFunctionResponse(object, 'viewer-request', []);
  if (typeof response === 'string') {
    return invalid(response);
  }
  const { body = new Uint8Array(), ...head } = response;
  return {
    kind: 'response',
    response: { ...head, body, cacheResult: 'FunctionGeneratedResponse from cloudfront' },
  };
}

function readRequest(object: JsonObject, event: ViewerFunctionEvent, request: ViewerRequest): ViewerFunctionOutcome {
  const { method, uri } = object;
  if (method !== request.method) {
    return invalid('The function tried to change the method.');
  }
  if (typeof uri !== 'string') {
    return invalid('The URI must be a string.');
  }
  const headers = expand(object['headers'], event.request.headers);
  const cookies = expand(object['cookies'], event.request.cookies);
  const parameters = expand(object['querystring'], event.request.querystring);
  if (headers === undefined || cookies === undefined || parameters === undefined) {
    return invalid('Headers, cookies and query strings must be objects of { value } with a string.');
  }
  if (headers.some(({ name }) => name !== name.toLowerCase())) {
    return invalid('Header names must be in lower case.');
  }
  const querystring = isSame(object['querystring'], event.request.querystring)
    ? request.querystring
    : parameters.map(({ name, value }) => (value === '' ? name : `${name}=${value}`)).join('&');
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const all = restoreCase([...headers, ...(cookie === '' ? [] : [{ name: 'cookie', value: cookie }])], request.headers);
  const fault =
    findTargetFault(request, { uri, querystring }) ?? findHeaderFault(request.headers, all, 'viewer-request');
  return fault === undefined
    ? { kind: 'request', request: { ...request, uri, querystring, headers: all } }
    : invalid(fault);
}

function invalid(reason: string): ViewerFunctionOutcome {
  return { kind: 'invalid', reason };
}
