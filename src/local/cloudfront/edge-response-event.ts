import { STATUS_CODES } from 'node:http';
import type { DeployedOrigin } from '../template/deployment.ts';
import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import { describeOrigin, readGeneratedBody, readHeaderMap } from './edge-members.ts';
import type { HeaderMap } from './edge-members.ts';
import { valueOf, withHeader, without } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import { findHeaderFault, isDisallowedAtTheEdge, toHeaderMap } from './header-rules.ts';
import type { OriginResponse, ViewerRequest } from './messages.ts';

/** The event of a Lambda@Edge function at origin-response (CloudFront, Lambda@Edge event structure). */
export interface EdgeResponseEvent {
  readonly Records: readonly [
    {
      readonly cf: {
        readonly config: {
          readonly distributionDomainName: string;
          readonly distributionId: string;
          readonly eventType: 'origin-response';
          readonly requestId: string;
        };
        readonly request: {
          readonly clientIp: string;
          readonly method: string;
          readonly querystring: string;
          readonly uri: string;
          readonly headers: HeaderMap;
          readonly origin: JsonObject;
        };
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
export interface EdgeResponseContext {
  readonly distributionDomainName: string;
  readonly distributionId: string;
  readonly requestId: string;
  readonly origin: DeployedOrigin;
}

/** The origin's response as the function left it. */
export interface EditedResponse {
  readonly status: number;
  readonly statusDescription: string | undefined;
  readonly headers: HeaderList;
  /** Undefined where the origin's own body goes on. */
  readonly body: Uint8Array | undefined;
}

/** What CloudFront makes of the function's result. */
export type EdgeResponseOutcome =
  | { readonly kind: 'response'; readonly response: EditedResponse }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Builds the event: the request as it was sent to the origin, and the response without its body. */
export function toEdgeResponseEvent(
  request: ViewerRequest,
  response: OriginResponse,
  context: EdgeResponseContext,
): EdgeResponseEvent {
  const { distributionDomainName, distributionId, requestId, origin } = context;
  const { clientIp, method, querystring, uri, headers } = request;
  return {
    Records: [
      {
        cf: {
          config: { distributionDomainName, distributionId, eventType: 'origin-response', requestId },
          request: {
            clientIp,
            method,
            querystring,
            uri,
            headers: toHeaderMap(headers),
            origin: describeOrigin(origin),
          },
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
export function readEdgeResponse(result: unknown, response: OriginResponse): EdgeResponseOutcome {
  const object = asObject(result);
  if (object === undefined) {
    return invalid('The function did not return an object.');
  }
  const status = Number(object['status']);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return invalid('The status must be a number from 200 to 599.');
  }
  const headers = readHeaderMap(object['headers'] ?? {});
  if (typeof headers === 'string') {
    return invalid(headers);
  }
  const fault = findHeaderFault(shownHeaders(response), headers, 'origin-response');
  if (fault !== undefined) {
    return invalid(fault);
  }
  const body = object['body'] === undefined ? undefined : readGeneratedBody(object);
  if (typeof body === 'string') {
    return invalid(body);
  }
  const { statusDescription } = object;
  // What functions do not get to see goes on past them.
  const all = [...headers, ...response.headers.filter(({ name }) => isDisallowedAtTheEdge(name))];
  return {
    kind: 'response',
    response: {
      status,
      statusDescription: typeof statusDescription === 'string' ? statusDescription : undefined,
      headers: body === undefined ? all : withHeader(all, 'Content-Length', String(body.byteLength)),
      body,
    },
  };
}

/** An origin that says no length sends its body in chunks, and the function sees that it does. */
function shownHeaders({ headers }: OriginResponse): HeaderList {
  const shown = without(headers, 'transfer-encoding').filter(({ name }) => !isDisallowedAtTheEdge(name));
  return valueOf(headers, 'content-length') === undefined
    ? [...shown, { name: 'Transfer-Encoding', value: 'chunked' }]
    : shown;
}

function invalid(reason: string): EdgeResponseOutcome {
  return { kind: 'invalid', reason: `The Lambda function result failed validation: ${reason}` };
}
