import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import { capitalize, groupByName, valuesOf, without } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import { findHeaderFault } from './header-rules.ts';
import type { EdgeResponse, ViewerRequest } from './messages.ts';

/** A header, a cookie or a query parameter; `multiValue` only where the name occurs more than once. */
interface ViewerFunctionValue {
  readonly value: string;
  readonly multiValue?: readonly { readonly value: string }[];
}

type ViewerFunctionValues = Readonly<Record<string, ViewerFunctionValue>>;

/** The event of a CloudFront Function (CloudFront Functions event structure, version 1.0). */
export interface ViewerFunctionEvent {
  readonly version: '1.0';
  readonly context: {
    readonly distributionDomainName: string;
    readonly distributionId: string;
    readonly eventType: 'viewer-request';
    readonly requestId: string;
  };
  readonly viewer: { readonly ip: string };
  readonly request: {
    readonly method: string;
    readonly uri: string;
    readonly querystring: ViewerFunctionValues;
    readonly headers: ViewerFunctionValues;
    readonly cookies: ViewerFunctionValues;
  };
}

/** What CloudFront makes of a function's result. */
export type ViewerFunctionOutcome =
  | { readonly kind: 'request'; readonly request: ViewerRequest }
  | { readonly kind: 'response'; readonly response: EdgeResponse }
  | { readonly kind: 'invalid'; readonly reason: string };

/** Builds the event of a viewer's request. Cookies stand apart from the headers; nothing is decoded. */
export function toViewerFunctionEvent(
  request: ViewerRequest,
  context: { readonly distributionDomainName: string; readonly distributionId: string; readonly requestId: string },
): ViewerFunctionEvent {
  const headers = [...groupByName(without(request.headers, 'cookie'))];
  return {
    version: '1.0',
    context: {
      distributionDomainName: context.distributionDomainName,
      distributionId: context.distributionId,
      eventType: 'viewer-request',
      requestId: context.requestId,
    },
    viewer: { ip: request.clientIp },
    request: {
      method: request.method,
      uri: request.uri,
      querystring: collapse(splitPairs(request.querystring, '&')),
      headers: collapse(headers.flatMap(([name, fields]) => fields.map(({ value }) => ({ name, value })))),
      cookies: collapse(splitPairs(valuesOf(request.headers, 'cookie').join('; '), ';')),
    },
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
  return 'statusCode' in object ? readResponse(object) : readRequest(object, event, request);
}

function readRequest(object: JsonObject, event: ViewerFunctionEvent, request: ViewerRequest): ViewerFunctionOutcome {
  const { method, uri } = object;
  if (method !== request.method) {
    return invalid('The function tried to change the method.');
  }
  if (typeof uri !== 'string' || !uri.startsWith('/')) {
    return invalid('The uri must be a string that begins with a slash.');
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
  const querystring = same(object['querystring'], event.request.querystring)
    ? request.querystring
    : parameters.map(({ name, value }) => (value === '' ? name : `${name}=${value}`)).join('&');
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const all = restoreCase([...headers, ...(cookie === '' ? [] : [{ name: 'cookie', value: cookie }])], request.headers);
  const fault = findHeaderFault(request.headers, all, 'viewer-request');
  return fault === undefined
    ? { kind: 'request', request: { ...request, uri, querystring, headers: all } }
    : invalid(fault);
}

function readResponse(object: JsonObject): ViewerFunctionOutcome {
  const { statusCode, statusDescription, body } = object;
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode) || statusCode < 100 || statusCode > 599) {
    return invalid('The statusCode must be an integer from 100 to 599.');
  }
  const headers = expand(object['headers'] ?? {}, {});
  const cookies = expand(object['cookies'] ?? {}, {});
  const data = typeof body === 'string' ? body : (asObject(body)?.['data'] ?? '');
  if (headers === undefined || cookies === undefined || typeof data !== 'string') {
    return invalid('The response has headers, cookies or a body of the wrong form.');
  }
  const fault = findHeaderFault([], headers, 'viewer-request');
  if (fault !== undefined) {
    return invalid(fault);
  }
  return {
    kind: 'response',
    response: {
      status: statusCode,
      statusDescription: typeof statusDescription === 'string' ? statusDescription : undefined,
      headers: [
        ...headers.map(({ name, value }) => ({ name: capitalize(name), value })),
        ...cookies.map(({ name, value }) => ({ name: 'Set-Cookie', value: `${name}=${value}` })),
      ],
      body: Buffer.from(data, asObject(body)?.['encoding'] === 'base64' ? 'base64' : 'utf8'),
      cacheResult: 'FunctionGeneratedResponse from cloudfront',
    },
  };
}

interface NamedValue {
  readonly name: string;
  readonly value: string;
}

function splitPairs(text: string, separator: string): readonly NamedValue[] {
  return text
    .split(separator)
    .map((pair) => (separator === ';' ? pair.trim() : pair))
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1 ? { name: pair, value: '' } : { name: pair.slice(0, equals), value: pair.slice(equals + 1) };
    });
}

function collapse(values: readonly NamedValue[]): ViewerFunctionValues {
  const groups = groupByExactName(values);
  return Object.fromEntries(
    [...groups].map(([name, [first = '', ...more]]) => [
      name,
      more.length === 0 ? { value: first } : { value: first, multiValue: [first, ...more].map((value) => ({ value })) },
    ]),
  );
}

function groupByExactName(values: readonly NamedValue[]): ReadonlyMap<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, value } of values) {
    const group = groups.get(name) ?? [];
    group.push(value);
    groups.set(name, group);
  }
  return groups;
}

/**
 * The lines of a map of values; undefined where it has the wrong form. A changed `multiValue` counts before `value`;
 * otherwise a changed `value` replaces the first (CloudFront Functions event structure, multiValue array).
 */
function expand(values: unknown, before: ViewerFunctionValues): readonly NamedValue[] | undefined {
  const object = asObject(values);
  if (object === undefined) {
    return undefined;
  }
  const lines: NamedValue[] = [];
  for (const [name, entry] of Object.entries(object)) {
    const value = asObject(entry)?.['value'];
    const multiValue = asObject(entry)?.['multiValue'];
    const several = Array.isArray(multiValue) ? multiValue.map((member) => asObject(member)?.['value']) : [value];
    const replaced = Array.isArray(multiValue) && same(multiValue, before[name]?.multiValue);
    for (const line of replaced ? [value, ...several.slice(1)] : several) {
      if (typeof line !== 'string') {
        return undefined;
      }
      lines.push({ name, value: line });
    }
  }
  return lines;
}

/** The viewer's own spelling where the name was there before, capitalized where the function added it. */
function restoreCase(lines: readonly NamedValue[], original: HeaderList): HeaderList {
  const spelling = new Map(original.map((field) => [field.name.toLowerCase(), field.name]));
  return lines.map(({ name, value }) => ({ name: spelling.get(name) ?? capitalize(name), value }));
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function invalid(reason: string): ViewerFunctionOutcome {
  return { kind: 'invalid', reason };
}
