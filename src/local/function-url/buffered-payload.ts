import { isJsonObject, parseJson } from '../../json.ts';
import type { JsonObject } from '../../json.ts';
import type { FunctionAnswer } from './function-answer.ts';

/**
 * Makes an answer of what a function gave as a whole (Lambda, Invoking Lambda function URLs, "response payload format"):
 * an object with a `statusCode` says what the answer is; any other JSON is its body, with 200. What is no JSON, such as the
 * bytes of a streamed answer, is taken as it is.
 *
 * @returns undefined where a member is not what it must be
 */
export function readBufferedPayload(payload: Uint8Array): FunctionAnswer | undefined {
  const text = Buffer.from(payload).toString('utf8');
  const value = parseJson(text);
  if (isJsonObject(value) && value['statusCode'] !== undefined && value['statusCode'] !== null) {
    return readResponse(value);
  }
  return answerWith(200, typeof value === 'string' ? Buffer.from(value) : payload);
}

function readResponse(value: JsonObject): FunctionAnswer | undefined {
  const statusCode = Number(value['statusCode']);
  const headers = readHeaders(value['headers'] ?? {});
  const cookies = value['cookies'] ?? [];
  if (headers === undefined || !Array.isArray(cookies) || !cookies.every((cookie) => typeof cookie === 'string')) {
    return undefined;
  }
  const body = readBody(value['body'], value['isBase64Encoded'] === true);
  return { ...answerWith(statusCode, body), headers: { 'content-type': 'application/json', ...headers }, cookies };
}

function answerWith(statusCode: number, body: Uint8Array): FunctionAnswer {
  return { statusCode, headers: { 'content-type': 'application/json' }, cookies: [], body };
}

function readBody(body: unknown, isBase64Encoded: boolean): Buffer {
  if (typeof body !== 'string') {
    return Buffer.from(body === undefined || body === null ? '' : JSON.stringify(body));
  }
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

function readHeaders(headers: unknown): Record<string, string> | undefined {
  if (!isJsonObject(headers)) {
    return undefined;
  }
  const entries = Object.entries(headers).filter(([, value]) => value !== null);
  return entries.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    ? Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
    : undefined;
}
