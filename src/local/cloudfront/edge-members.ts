import type { DeployedOrigin } from '../template/deployment.ts';
import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import { capitalize, withHeader } from './header-list.ts';
import type { HeaderField, HeaderList } from './header-list.ts';
import { findHeaderFault, isDisallowedAtTheEdge, toHeaderMap } from './header-rules.ts';
import type { EdgeEventType, EdgeHeaderRules } from './header-rules.ts';
import type { ViewerRequest } from './messages.ts';

/** The headers of a Lambda@Edge event, by name in lower case. */
export type HeaderMap = Record<string, { readonly key: string; readonly value: string }[]>;

/** Which request of which distribution an event is about. */
export interface EdgeContext {
  readonly distributionDomainName: string;
  readonly distributionId: string;
  readonly requestId: string;
}

/** The `config` of a Lambda@Edge event. */
export interface EdgeConfig<EventType extends EdgeEventType> extends EdgeContext {
  readonly eventType: EventType;
}

/** The `request` of a Lambda@Edge event. */
export interface EdgeRequest {
  readonly clientIp: string;
  readonly method: string;
  readonly querystring: string;
  readonly uri: string;
  readonly headers: HeaderMap;
  /** At the origin's events only. */
  readonly origin?: JsonObject;
}

/** A response as a function wrote or left it. */
export interface WrittenResponse {
  readonly status: number;
  readonly statusDescription: string | undefined;
  readonly headers: HeaderList;
  /** Undefined where the function says nothing of the body. */
  readonly body: Uint8Array | undefined;
}

/** What a response of a function is checked against. */
export interface ResponseRules {
  /** The headers that it was shown; none where it makes the response. */
  readonly before: HeaderList;
  readonly headers: EdgeHeaderRules;
  /** The largest response, in bytes of its JSON text: headers and body. */
  readonly maxBytes: number;
}

/** The largest response that a function may generate, in bytes, by its side (CloudFront, Quotas on Lambda@Edge). */
export const maxGeneratedBytes = { viewer: 40_960, origin: 1_048_576 } as const;

/** A response that a function wrote, with the headers of the one before it that no function gets to see. */
export function withUnshownHeaders<Written extends Pick<WrittenResponse, 'headers' | 'body'>>(
  written: Written,
  before: HeaderList,
): Written {
  const { headers, body } = written;
  const all = [...headers, ...before.filter(({ name }) => isDisallowedAtTheEdge(name))];
  return { ...written, headers: body === undefined ? all : withHeader(all, 'Content-Length', String(body.byteLength)) };
}

/** The `config` of an event. */
export function describeConfig<EventType extends EdgeEventType>(
  { distributionDomainName, distributionId, requestId }: EdgeContext,
  eventType: EventType,
): EdgeConfig<EventType> {
  return { distributionDomainName, distributionId, eventType, requestId };
}

/** The `request` of an event; the origin is undefined at the viewer's events. */
export function describeRequest(request: ViewerRequest, origin: DeployedOrigin | undefined): EdgeRequest {
  const { clientIp, method, querystring, uri, headers } = request;
  return {
    clientIp,
    method,
    querystring,
    uri,
    headers: toHeaderMap(headers),
    ...(origin !== undefined && { origin: describeOrigin(origin) }),
  };
}

/** An origin as an event shows it. */
export function describeOrigin(origin: DeployedOrigin): JsonObject {
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

/** The lines of a header map, or what is wrong with it. A missing `key` is the name, capitalized. */
export function readHeaderMap(map: unknown): HeaderList | string {
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
      const { key = capitalize(name.toLowerCase()), value } = entry ?? {};
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

/** A response as a function gave it back, or what is wrong with it (Generate HTTP responses in request triggers). */
export function readWrittenResponse(object: JsonObject, rules: ResponseRules): WrittenResponse | string {
  const status = Number(object['status']);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return 'The status must be a number from 200 to 599.';
  }
  const headers = readHeaderMap(object['headers'] ?? {});
  if (typeof headers === 'string') {
    return headers;
  }
  const fault = findHeaderFault(rules.before, headers, rules.headers);
  if (fault !== undefined) {
    return fault;
  }
  const { body: text, bodyEncoding = 'text', statusDescription } = object;
  if (statusDescription !== undefined && !isReasonPhrase(statusDescription)) {
    return 'The status description must be a string of printable characters.';
  }
  const body = text === undefined ? undefined : decodeBody(text, bodyEncoding);
  if (typeof body === 'string') {
    return body;
  }
  if (JSON.stringify(object).length > rules.maxBytes) {
    return 'The generated response is too large.';
  }
  return {
    status,
    statusDescription,
    headers,
    body,
  };
}

/** Tells whether a text can stand beside a status (RFC 9112, 4). */
export function isReasonPhrase(text: unknown): text is string {
  return typeof text === 'string' && /^[\t\x20-\x7E\x80-\xFF]*$/u.test(text);
}

/** The bytes of a body that a function wrote, or what is wrong with it. */
export function decodeBody(text: unknown, encoding: unknown): Uint8Array | string {
  if (typeof text !== 'string' || (encoding !== 'text' && encoding !== 'base64')) {
    return 'The body must be a string, and its encoding text or base64.';
  }
  if (encoding === 'base64' && !/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/u.test(text)) {
    return 'The body is not valid base64.';
  }
  return Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8');
}
