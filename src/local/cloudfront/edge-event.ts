import { isDeepStrictEqual } from 'node:util';
import type { DeployedOrigin } from '../template/deployment.ts';
import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import type { HeaderField, HeaderList } from './header-list.ts';
import { findHeaderFault, toHeaderMap } from './header-rules.ts';
import type { EdgeResponse, ViewerRequest } from './messages.ts';

/** What of the body an origin-request function gets to see (CloudFront, Restrictions on Lambda@Edge). */
export const maxEdgeBodyBytes = 1_048_576;

/** The largest response that an origin-request function may generate, in bytes (CloudFront, Quotas on Lambda@Edge). */
const maxGeneratedBytes = 1_048_576;

/** The largest body that it may put in the place of the viewer's: 1 MB as text, 1.33 MB as base64. */
const maxReplacedLength = { text: 1_048_576, base64: 1_398_104 };

type HeaderMap = Record<string, { readonly key: string; readonly value: string }[]>;

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
  const { body = '', bodyEncoding = 'text', statusDescription } = object;
  if (typeof body !== 'string' || (bodyEncoding !== 'text' && bodyEncoding !== 'base64')) {
    return invalid('The body must be a string, and its encoding text or base64.');
  }
  if (JSON.stringify(object).length > maxGeneratedBytes) {
    return invalid('The generated response is too large.');
  }
  return {
    kind: 'response',
    response: {
      status,
      statusDescription: typeof statusDescription === 'string' ? statusDescription : undefined,
      headers,
      body: Buffer.from(body, bodyEncoding === 'base64' ? 'base64' : 'utf8'),
      cacheResult: 'LambdaGeneratedResponse from cloudfront',
    },
  };
}

/** The lines of a header map, or what is wrong with it. A missing `key` is the name itself. */
function readHeaderMap(map: unknown): HeaderList | string {
  const object = asObject(map);
  if (object === undefined) {
    return 'The headers must be an object.';
  }
  const fields: HeaderField[] = [];
  for (const [name, entries] of Object.entries(object)) {
    if (!Array.isArray(entries)) {
      return `The header ${name} must be an array of { key, value }.`;
    }
    for (const entry of entries.map(asObject)) {
      const { key = name, value } = entry ?? {};
      if (typeof key !== 'string' || typeof value !== 'string') {
        return `The header ${name} must have a string as its value.`;
      }
      if (key.toLowerCase() !== name.toLowerCase()) {
        return `The header ${name} has the key ${key}.`;
      }
      fields.push({ name: key, value });
    }
  }
  return fields;
}

function describeOrigin(origin: DeployedOrigin): JsonObject {
  return {
    custom: {
      customHeaders: toHeaderMap(Object.entries(origin.customHeaders).map(([name, value]) => ({ name, value }))),
      domainName: origin.domainName,
      keepaliveTimeout: origin.keepAliveTimeoutSeconds,
      path: origin.path,
      port: 443,
      protocol: 'https',
      readTimeout: origin.readTimeoutMs / 1000,
      sslProtocols: origin.sslProtocols,
    },
  };
}

function invalid(reason: string): EdgeOutcome {
  return { kind: 'invalid', reason: `The Lambda function result failed validation: ${reason}` };
}
