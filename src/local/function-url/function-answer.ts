import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { HeaderField, HeaderList } from '../cloudfront/header-list.ts';
import type { OriginResponse } from '../cloudfront/messages.ts';

/** What a function answers, as it says it. */
export interface FunctionAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Each a whole `set-cookie` value. */
  readonly cookies: readonly string[];
  /** In one piece, or as it comes. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** What the service puts into every answer. */
export interface AnswerContext {
  readonly requestId: string;
  /** `Root=1-…`. */
  readonly traceRoot: string;
  /** Headers of the URL's own. */
  readonly corsHeaders: HeaderList;
}

/** What a function's headers may not set: they belong to the connection, or the service writes them. */
const ownHeaders: readonly string[] = [
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-amzn-requestid',
  'x-amzn-trace-id',
];

/** The function's own answer as the service rewrites it, or undefined where no HTTP response can be made of it. */
export function toOriginResponse(
  { statusCode, headers: given, cookies, body }: FunctionAnswer,
  { requestId, traceRoot, corsHeaders }: AnswerContext,
): OriginResponse | undefined {
  const isWhole = body instanceof Uint8Array;
  const headers: HeaderField[] = [
    { name: 'Content-Type', value: contentTypeOf(given) },
    ...(isWhole ? [{ name: 'Content-Length', value: String(body.byteLength) }] : []),
    { name: 'X-Amzn-RequestId', value: requestId },
    { name: 'X-Amzn-Trace-Id', value: `${traceRoot};Sampled=0` },
    ...corsHeaders,
  ];
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (lower === 'www-authenticate') {
      headers.push({ name: 'x-amzn-Remapped-www-authenticate', value });
    } else if (lower !== 'content-type' && !ownHeaders.includes(lower)) {
      headers.push({ name, value });
    }
  }
  for (const value of cookies) {
    headers.push({ name: 'Set-Cookie', value });
  }
  const isValid = statusCode >= 200 && statusCode <= 599 && Number.isInteger(statusCode) && areValid(headers);
  return isValid ? { status: statusCode, headers, body: isWhole ? once(body) : body } : undefined;
}

/** An answer of the service itself. It is an exception of Lambda's where it has an error type, and plain text otherwise. */
export function serviceAnswer(
  status: number,
  body: string,
  errorType: string | undefined,
  { requestId, corsHeaders }: Omit<AnswerContext, 'traceRoot'>,
): OriginResponse {
  return {
    status,
    headers: [
      { name: 'Content-Type', value: errorType === undefined ? 'text/plain' : 'application/json' },
      { name: 'Content-Length', value: String(Buffer.byteLength(body)) },
      { name: 'X-Amzn-RequestId', value: requestId },
      ...(errorType === undefined ? [] : [{ name: 'x-amzn-ErrorType', value: errorType }]),
      ...corsHeaders,
    ],
    body: once(Buffer.from(body)),
  };
}

function contentTypeOf(headers: FunctionAnswer['headers']): string {
  const given = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type');
  return given?.[1] ?? 'application/octet-stream';
}

function areValid(headers: HeaderList): boolean {
  try {
    for (const { name, value } of headers) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) {
    yield bytes;
  }
}
