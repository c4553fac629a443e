import { isDeepStrictEqual } from 'node:util';
import type { DeployedOrigin } from '../template/deployment.ts';
import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import {
  decodeBody,
  describeConfig,
  describeOrigin,
  describeRequest,
  maxGeneratedBytes,
  readHeaderMap,
  readWrittenResponse,
} from './edge-members.ts';
import type { EdgeConfig, EdgeContext, EdgeRequest } from './edge-members.ts';
import { valueOf } from './header-list.ts';
import { findHeaderFault } from './header-rules.ts';
import type { EdgeResponse, ViewerRequest } from './messages.ts';
import { findTargetFault } from './target-rules.ts';

/** The events at which a function is shown a request. */
export type EdgeRequestEventType = 'viewer-request' | 'origin-request';

/** What of the body a function gets to see, in bytes (CloudFront, Restrictions on Lambda@Edge). */
export const maxEdgeBodyBytes: Readonly<Record<EdgeRequestEventType, number>> = {
  'viewer-request': 40_960,
  'origin-request': 1_048_576,
};

/** The largest body that it may put in the place of the viewer's, in characters: as much as it sees, in each encoding. */
const maxReplacedLength = {
  'viewer-request': { text: 40_960, base64: 54_616 },
  'origin-request': { text: 1_048_576, base64: 1_398_104 },
} as const;

/** The event of a Lambda@Edge function at viewer-request or origin-request (CloudFront, Lambda@Edge event structure). */
export interface EdgeEvent {
  readonly Records: readonly [
    {
      readonly cf: {
        readonly config: EdgeConfig<EdgeRequestEventType>;
        readonly request: EdgeRequest & {
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
export interface EdgeEventContext extends EdgeContext {
  /** Undefined at viewer-request. */
  readonly origin: DeployedOrigin | undefined;
  /** The body, or as much of it as was read; undefined where the association has no `IncludeBody`. */
  readonly body: { readonly bytes: Uint8Array; readonly isWhole: boolean } | undefined;
}

/** What CloudFront makes of the function's result. */
export type EdgeOutcome =
  | { readonly kind: 'request'; readonly request: ViewerRequest; readonly replacedBody: Uint8Array | undefined }
  | { readonly kind: 'response'; readonly response: EdgeResponse }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Builds the event; the body is a copy, in base64, cut at 1 MB, or at 40 KB at viewer-request. */
export function toEdgeEvent(request: ViewerRequest, context: EdgeEventContext): EdgeEvent {
  const { origin, body } = context;
  const eventType = typeOf(origin);
  const maxBytes = maxEdgeBodyBytes[eventType];
  return {
    Records: [
      {
        cf: {
          config: describeConfig(context, eventType),
          request: {
            ...describeRequest(request, origin),
            ...(body !== undefined && {
              body: {
                inputTruncated: !body.isWhole || body.bytes.byteLength > maxBytes,
                action: 'read-only',
                encoding: 'base64',
                data: Buffer.from(body.bytes.subarray(0, maxBytes)).toString('base64'),
              },
            }),
          },
        },
      },
    ],
  };
}

/** Reads what the function gave back and checks it as CloudFront does; the origin is undefined at viewer-request. */
export function readEdgeResult(
  result: unknown,
  request: ViewerRequest,
  origin: DeployedOrigin | undefined,
): EdgeOutcome {
  const object = asObject(result);
  if (object === undefined) {
    return invalid('The function did not return an object.');
  }
  return object['status'] === undefined ? readRequest(object, request, origin) : readResponse(object, typeOf(origin));
}

function readRequest(object: JsonObject, request: ViewerRequest, origin: DeployedOrigin | undefined): EdgeOutcome {
  const { uri, querystring = '', method, clientIp } = object;
  if (method !== request.method || clientIp !== request.clientIp) {
    return invalid('The function tried to change a read-only field: clientIp or method.');
  }
  if (typeof uri !== 'string' || typeof querystring !== 'string') {
    return invalid('The URI and the query string must be strings.');
  }
  const headers = readHeaderMap(object['headers']);
  if (typeof headers === 'string') {
    return invalid(headers);
  }
  const eventType = typeOf(origin);
  const fault =
    findTargetFault(request, { uri, querystring }) ??
    findHeaderFault(request.headers, headers, eventType) ??
    Object.keys(origin?.customHeaders ?? {})
      .filter((name) => valueOf(headers, name) !== undefined)
      .map((name) => `The header ${name} is one of the origin's custom headers, too.`)[0];
  if (fault !== undefined) {
    return invalid(fault);
  }
  if (origin !== undefined && !isDeepStrictEqual(object['origin'], describeOrigin(origin))) {
    return invalid('The function changed the origin, which the local chain does not emulate.');
  }
  const body = readReplacedBody(asObject(object['body']), eventType);
  return typeof body === 'string'
    ? invalid(body)
    : { kind: 'request', request: { ...request, uri, querystring, headers }, replacedBody: body };
}

/** The body that the function put in place, nothing where it left it alone, or what is wrong with it. */
function readReplacedBody(
  body: JsonObject | undefined,
  eventType: EdgeRequestEventType,
): Uint8Array | string | undefined {
  if (body?.['action'] !== 'replace') {
    return undefined;
  }
  const { encoding = 'base64', data = '' } = body;
  const bytes = decodeBody(data, encoding);
  const maxLength = maxReplacedLength[eventType][encoding === 'text' ? 'text' : 'base64'];
  return typeof bytes !== 'string' && Buffer.byteLength(String(data)) > maxLength
    ? 'The replaced body is too large.'
    : bytes;
}

function readResponse(object: JsonObject, eventType: EdgeRequestEventType): EdgeOutcome {
  const maxBytes = eventType === 'viewer-request' ? maxGeneratedBytes.viewer : maxGeneratedBytes.origin;
  const response = readWrittenResponse(object, { before: [], headers: eventType, maxBytes });
  if (typeof response === 'string') {
    return invalid(response);
  }
  const { body = new Uint8Array(), ...head } = response;
  if (eventType === 'viewer-request' && head.status === 204 && body.byteLength > 0) {
    return invalid('A response with the status 204 must not have a body.');
  }
  return {
    kind: 'response',
    response: { ...head, body, cacheResult: 'LambdaGeneratedResponse from cloudfront' },
  };
}

function typeOf(origin: DeployedOrigin | undefined): EdgeRequestEventType {
  return origin === undefined ? 'viewer-request' : 'origin-request';
}

function invalid(reason: string): EdgeOutcome {
  return { kind: 'invalid', reason: `The Lambda function result failed validation: ${reason}` };
}
