import { STATUS_CODES } from 'node:http';
import { asObject } from '../template/json.ts';
import { withUnshownHeaders } from './edge-members.ts';
import type { EdgeContext, WrittenResponse } from './edge-members.ts';
import type { ResponseHead } from './edge-response-event.ts';
import { without } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import { isDisallowedAtTheEdge } from './header-rules.ts';
import type { ViewerRequest } from './messages.ts';
import { toViewerFunctionRequest } from './viewer-function-event.ts';
import type { ViewerFunctionRequest } from './viewer-function-event.ts';
import { collapseSetCookies, readViewerFunctionResponse } from './viewer-function-response.ts';
import { collapseHeaders } from './viewer-function-values.ts';
import type { ViewerFunctionValues } from './viewer-function-values.ts';

/** The event of a CloudFront Function at viewer-response (CloudFront Functions event structure, version 1.0). */
export interface ViewerFunctionResponseEvent {
  readonly version: '1.0';
  readonly context: EdgeContext & { readonly eventType: 'viewer-response' };
  readonly viewer: { readonly ip: string };
  readonly request: ViewerFunctionRequest;
  readonly response: {
    readonly statusCode: number;
    readonly statusDescription: string;
    readonly headers: ViewerFunctionValues;
    readonly cookies: ViewerFunctionValues;
  };
}

/** What CloudFront makes of the function's result; a body that is undefined is the one that was there. */
export type ViewerFunctionResponseOutcome =
  | { readonly kind: 'response'; readonly response: WrittenResponse }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Builds the event of a response to a viewer, without its body. */
export function toViewerFunctionResponseEvent(
  request: ViewerRequest,
  response: ResponseHead,
  context: EdgeContext,
): ViewerFunctionResponseEvent {
  const { distributionDomainName, distributionId, requestId } = context;
  const shown = shownHeaders(response);
  return {
    version: '1.0',
    context: { distributionDomainName, distributionId, eventType: 'viewer-response', requestId },
    viewer: { ip: request.clientIp },
    request: toViewerFunctionRequest(request),
    response: {
      statusCode: response.status,
      statusDescription: response.statusDescription ?? STATUS_CODES[response.status] ?? '',
      headers: collapseHeaders(without(shown, 'set-cookie')),
      cookies: collapseSetCookies(shown),
    },
  };
}

/** Reads the response that the function gave back. */
export function readViewerFunctionResponseResult(
  result: unknown,
  response: ResponseHead,
): ViewerFunctionResponseOutcome {
  const object = asObject(result);
  if (object === undefined) {
    return { kind: 'invalid', reason: 'The function must return a response object.' };
  }
  const written = readViewerFunctionResponse(object, 'viewer-response', shownHeaders(response));
  if (typeof written === 'string') {
    return { kind: 'invalid', reason: written };
  }
  return { kind: 'response', response: withUnshownHeaders(written, response.headers) };
}

function shownHeaders({ headers }: ResponseHead): HeaderList {
  return headers.filter(({ name }) => !isDisallowedAtTheEdge(name));
}
