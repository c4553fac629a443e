import { STATUS_CODES } from 'node:http';
import type { DeployedOrigin } from '../template/deployment.ts';
import { asObject } from '../template/json.ts';
import {
  describeConfig,
  describeRequest,
  maxGeneratedBytes,
  readWrittenResponse,
  withUnshownHeaders,
} from './edge-members.ts';
import type { EdgeConfig, EdgeContext, EdgeRequest, HeaderMap, WrittenResponse } from './edge-members.ts';
import { valueOf, without } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import { isDisallowedAtTheEdge, toHeaderMap } from './header-rules.ts';
import type { OriginResponse, ViewerRequest } from './messages.ts';

/** The events at which a function is shown a response. */
export type EdgeResponseEventType = 'origin-response' | 'viewer-response';

/** The event of a Lambda@Edge function at origin-response or viewer-response (CloudFront, Lambda@Edge event structure). */
export interface EdgeResponseEvent {
  readonly Records: readonly [
    {
      readonly cf: {
        readonly config: EdgeConfig<EdgeResponseEventType>;
        readonly request: EdgeRequest;
        readonly response: {
          readonly status: string;
          readonly statusDescription: string;
          readonly headers: HeaderMap;
        };
      };
    },
  ];
}

/** What the event needs besides the request and the response. */
export interface EdgeResponseContext extends EdgeContext {
  /** Undefined at viewer-response. */
  readonly origin: DeployedOrigin | undefined;
}

/** A response as far as functions see it: all but its body. */
export type ResponseHead = Omit<OriginResponse, 'body'>;

/** What CloudFront makes of the function's result; a body that is undefined is the one that was there. */
export type EdgeResponseOutcome =
  | { readonly kind: 'response'; readonly response: WrittenResponse }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Builds the event: the request as it was sent to the origin, or by the viewer, and the response without its body. */
export function toEdgeResponseEvent(
  request: ViewerRequest,
  response: ResponseHead,
  context: EdgeResponseContext,
): EdgeResponseEvent {
  return {
    Records: [
      {
        cf: {
          config: describeConfig(context, context.origin === undefined ? 'viewer-response' : 'origin-response'),
          request: describeRequest(request, context.origin),
          response: {
            status: String(response.status),
            statusDescription: response.statusDescription ?? STATUS_CODES[response.status] ?? '',
            headers: toHeaderMap(shownHeaders(response)),
          },
        },
      },
    ],
  };
}

/** Reads what the function gave back and checks it as CloudFront does (Update HTTP responses in origin response triggers). */
export function readEdgeResponse(
  result: unknown,
  response: ResponseHead,
  eventType: EdgeResponseEventType,
): EdgeResponseOutcome {
  const object = asObject(result);
  if (object === undefined) {
    return invalid('The function did not return an object.');
  }
  const isAtViewer = eventType === 'viewer-response';
  const written = readWrittenResponse(object, {
    before: shownHeaders(response),
    headers: isAtViewer ? 'viewer-response-on-lambda' : 'origin-response',
    maxBytes: isAtViewer ? maxGeneratedBytes.viewer : maxGeneratedBytes.origin,
  });
  if (typeof written === 'string') {
    return invalid(written);
  }
  if (isAtViewer && written.status !== response.status) {
    return invalid('The function tried to change the status of the response.');
  }
  return { kind: 'response', response: withUnshownHeaders(written, response.headers) };
}

/** An origin that says no length sends its body in chunks, and the function sees that it does. */
function shownHeaders({ headers }: ResponseHead): HeaderList {
  const shown = without(headers, 'transfer-encoding').filter(({ name }) => !isDisallowedAtTheEdge(name));
  return valueOf(headers, 'content-length') === undefined
    ? [...shown, { name: 'Transfer-Encoding', value: 'chunked' }]
    : shown;
}

function invalid(reason: string): EdgeResponseOutcome {
  return { kind: 'invalid', reason: `The Lambda function result failed validation: ${reason}` };
}
