import { asObject } from '../template/json.ts';
import type { JsonObject } from '../../json.ts';
import { decodeBody, isReasonPhrase } from './edge-members.ts';
import type { WrittenResponse } from './edge-members.ts';
import { valuesOf } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import { findHeaderFault } from './header-rules.ts';
import { collapse, collapseHeaders, expand, restoreCase, splitPair } from './viewer-function-values.ts';
import type { ViewerFunctionValues } from './viewer-function-values.ts';

/** The cookies that a response sets, as functions see them. */
export function collapseSetCookies(headers: HeaderList): ViewerFunctionValues {
  return collapse(
    valuesOf(headers, 'set-cookie').map((line) => {
      const [pair = '', ...attributes] = line.split(/;\s*/u);
      return { ...splitPair(pair), attributes: attributes.length === 0 ? undefined : attributes.join('; ') };
    }),
  );
}

/**
 * Reads a response that a function wrote or changed, or says what is wrong with it (CloudFront Functions event structure,
 * "Response object"). A body that it says nothing of is undefined.
 *
 * @param before - The headers that the function was shown; none where it makes the response.
 */
export function readViewerFunctionResponse(
  object: JsonObject,
  eventType: 'viewer-request' | 'viewer-response',
  before: HeaderList,
): WrittenResponse | string {
  const { statusCode, statusDescription, body } = object;
  if (typeof statusCode !== 'number' || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
    return 'The statusCode must be an integer from 200 to 599.';
  }
  if (statusDescription !== undefined && !isReasonPhrase(statusDescription)) {
    return 'The statusDescription must be a string of printable characters.';
  }
  const headers = expand(object['headers'] ?? {}, collapseHeaders(before));
  const cookies = expand(object['cookies'] ?? {}, collapseSetCookies(before));
  if (headers === undefined || cookies === undefined) {
    return 'The headers and the cookies must be objects of { value } with a string.';
  }
  if (headers.some(({ name }) => name !== name.toLowerCase())) {
    return 'Header names must be in lower case.';
  }
  const all = [
    ...restoreCase(headers, before),
    ...cookies.map(({ name, value, attributes }) => ({
      name: 'Set-Cookie',
      value: [`${name}=${value}`, ...(attributes === undefined ? [] : [attributes])].join('; '),
    })),
  ];
  const fault = findHeaderFault(before, all, eventType);
  if (fault !== undefined) {
    return fault;
  }
  const bytes = body === undefined ? undefined : readBody(body);
  return typeof bytes === 'string' ? bytes : { status: statusCode, statusDescription, headers: all, body: bytes };
}

/** A string, or `{ encoding, data }`. */
function readBody(body: unknown): Uint8Array | string {
  const { data = '', encoding = 'text' } = asObject(body) ?? { data: body };
  return decodeBody(data, encoding);
}
