import { isDeepStrictEqual } from 'node:util';
import type { DeployedOrigin } from '../template/deployment.ts';
import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import { describeOrigin, readGeneratedBody, readHeaderMap } from './edge-members.ts';
import type { HeaderMap } from './edge-members.ts';
import { findHeaderFault, toHeaderMap } from './header-rules.ts';
import type { EdgeResponse, ViewerRequest } from './messages.ts';

/** What of the body an origin-request function gets to see (CloudFront, Restrictions on Lambda@Edge). */
export const maxEdgeBodyBytes = 1_048_576;

/** The largest body that it may put in the place of the viewer's: 1 MB as text, 1.33 MB as base64. */
const maxReplacedLength = { text: 1_048_576, base64: 1_398_104 };

/** The event of a Lambda@Edge function at origin-request (CloudFront, Lambda@Edge event structure). */
export interface EdgeEvent {
  readonly Records: readonly [
    {
      readonly cf: {
        readonly config: {
          readonly distributionDomainName: string;
          readonly distributionId: string;
          readonly eventType: 'origin-request';
          readonly requestId: string;
        };
        readonly request: {
          readonly clientIp: string;
          readonly method: string;
          readonly querystring: string;
          readonly uri: string;
          readonly headers: HeaderMap;
          readonly origin: JsonObject;
          readonly body?: {
            readonly inputTruncated: boolean;
            readonly action: 'read-only';
            readonly encoding: 'base64';
            readonly data: string;
          };
        };
      };
    },
  ];
}

/** What the event needs besides the request. */
export interface EdgeEventContext {
  readonly distributionDomainName: string;
  readonly distributionId: string;
  readonly requestId: string;
  readonly origin: DeployedOrigin;
  /** The body, or as much of it as was read; undefined where the association has no `IncludeBody`. */
  readonly body: { readonly bytes: Uint8Array; readonly isWhole: boolean } | undefined;
}

/** What CloudFront makes of the function's result. */
export type EdgeOutcome =
  | { readonly kind: 'request'; readonly request: ViewerRequest; readonly replacedBody: Uint8Array | undefined }
  | { readonly kind: 'response'; readonly response: EdgeResponse }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Builds the event; the body is a copy, in base64, cut at 1 MB. */
export function toEdgeEvent(request: ViewerRequest, context: EdgeEventContext): EdgeEvent {
  const { distributionDomainName, distributionId, requestId, body } = context;
  return {
    Records: [
      {
        cf: {
          config: { distributionDomainName, distributionId, eventType: 'origin-request', requestId },
          request: {
            clientIp: request.clientIp,
            method: request.method,
            querystring: request.querystring,
            uri: request.uri,
            headers: toHeaderMap(request.headers),
            origin: describeOrigin(context.origin),
            ...(body !== undefined && {
              body: {
                inputTruncated: !body.isWhole || body.bytes.byteLength > maxEdgeBodyBytes,
                action: 'read-only',
                encoding: 'base64',
                data: Buffer.from(body.bytes.subarray(0, maxEdgeBodyBytes)).toString('base64'),
              },
            }),
          },
        },
      },
    ],
  };
}

/** Reads what the function gave back and checks it as CloudFront does. */
export function readEdgeResult(result: unknown, request: ViewerRequest, origin: DeployedOrigin): EdgeOutcome {
  const object = asObject(result);
  if (object === undefined) {
    return invalid('The function did not return an object.');
  }
  return object['status'] === undefined ? readRequest(object, request, origin) : readResponse(object);
}

function readRequest(object: JsonObject, request: ViewerRequest, origin: DeployedOrigin): EdgeOutcome {
  const { uri, querystring = '', method, clientIp } = object;
  if (method !== request.method || clientIp !== request.clientIp) {
    return invalid('The function tried to change a read-only field: clientIp or method.');
  }
  if (typeof uri !== 'string' || !uri.startsWith('/')) {
    return invalid('The URI must begin with a slash.');
  }
  if (typeof querystring !== 'string') {
    return invalid('The query string must be a string.');
  }
  const headers = readHeaderMap(object['headers']);
  if (typeof headers === 'string') {
    return invalid(headers);
  }
  const fault = findHeaderFault(request.headers, headers, 'origin-request');
  if (fault !== undefined) {
    return invalid(fault);
  }
  if (!isDeepStrictEqual(object['origin'], describeOrigin(origin))) {
    return invalid('The function changed the origin, which the local chain does not emulate.');
  }
  const body = readReplacedBody(asObject(object['body']));
  return typeof body === 'string'
    ? invalid(body)
    : { kind: 'request', request: { ...request, uri, querystring, headers }, replacedBody: body };
}

/** The body that the function put in place, nothing where it left it alone, or what is wrong with it. */
function readReplacedBody(body: JsonObject | undefined): Uint8Array | string | undefined {
  if (body?.['action'] !== 'replace') {
    return undefined;
  }
  const { encoding = 'base64', data = '' } = body;
  if ((encoding !== 'base64' && encoding !== 'text') || typeof data !== 'string') {
    return 'The replaced body must have an encoding of base64 or text and a string as its data.';
  }
  return data.length > maxReplacedLength[encoding]
    ? 'The replaced body is too large.'
    : Buffer.from(data, encoding === 'base64' ? 'base64' : 'utf8');
}

function readResponse(object: JsonObject): EdgeOutcome {
  const status = Number(object['status']);
  if (!Number.isInteger(status) || status < 100 || status > 599) {
    return invalid('The status must be a number from 100 to 599.');
  }
  const headers = readHeaderMap(object['headers'] ?? {});
  if (typeof headers === 'string') {
    return invalid(headers);
  }
  const fault = findHeaderFault([], headers, 'origin-request');
  if (fault !== undefined) {
    return invalid(fault);
  }
  const body = readGeneratedBody(object);
  if (typeof body === 'string') {
    return invalid(body);
  }
  const { statusDescription } = object;
  return {
    kind: 'response',
    response: {
      status,
      statusDescription: typeof statusDescription === 'string' ? statusDescription : undefined,
      headers,
      body,
      cacheResult: 'LambdaGeneratedResponse from cloudfront',
    },
  };
}

function invalid(reason: string): EdgeOutcome {
  return { kind: 'invalid', reason: `The Lambda function result failed validation: ${reason}` };
}
