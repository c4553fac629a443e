import { randomBytes, randomUUID } from 'node:crypto';
import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import { drain } from '../cloudfront/drain.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { verifySignature } from '../aws-service/signature.ts';
import { joinByName, valueOf } from '../cloudfront/header-list.ts';
import type { HeaderList } from '../cloudfront/header-list.ts';
import type { Origin, OriginRequest, OriginResponse } from '../cloudfront/messages.ts';
import { originAccessCredentials } from '../cloudfront/origin-access-control.ts';
import { LambdaFunctionError } from '../lambda/lambda-function.ts';
import type { LambdaFunction, LambdaStream } from '../lambda/lambda-function.ts';
import type { LogLine } from '../request-line.ts';
import type { RequestScope } from '../request-scope.ts';
import type { DeployedFunctionUrl } from '../template/deployment.ts';
import { toFunctionUrlEvent } from './event.ts';

/** A Function URL and the function behind it. */
export interface FunctionUrlSettings {
  readonly functionUrl: DeployedFunctionUrl;
  readonly lambda: LambdaFunction;
  /** Told of each invocation's trace before it begins, so that what the agent reports of it can be joined. */
  onTrace(traceRoot: string, scope: RequestScope): void;
  onLog(line: LogLine): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The largest request that a Function URL takes, in bytes (Lambda quotas: 6 MB). */
const maxRequestBytes = 6 * 1024 * 1024;

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

const forbidden =
  'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';

/** Answered as a request without a signature is: what its `authorization` holds is none. */
const notSigned: readonly string[] = ['MissingAuthenticationTokenException', 'IncompleteSignatureException'];

/** Makes the origin that is a Function URL with `AWS_IAM` and `RESPONSE_STREAM`. */
export function createFunctionUrl(settings: FunctionUrlSettings): Origin {
  return async (request, scope) => {
    const requestId = randomUUID();
    const refusal = refuse(settings, request);
    if (refusal !== undefined) {
      return answer(requestId, refusal.status, refusal.body, refusal.errorType);
    }
    const { functionUrl, lambda, now } = settings;
    const traceRoot =
      /Root=1-[0-9a-f]{8}-[0-9a-f]{24}/u.exec(valueOf(request.headers, 'x-amzn-trace-id') ?? '')?.[0] ??
      `Root=${newTraceId(now())}`;
    settings.onTrace(traceRoot, scope);
    scope.record({ traceRoot });
    const { urlId, domainName, accountId } = functionUrl;
    const traceSelf = `Self=${newTraceId(now())}`;
    const context = { urlId, domainName, accountId, requestId, traceRoot, traceSelf, now: now() };
    const event = toFunctionUrlEvent(request, context);
    const started = performance.now();
    try {
      const traceId = `${traceRoot};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
      const stream = await lambda.invokeStreaming(event, { requestId, traceId });
      scope.record({ functionMs: performance.now() - started, functionInitMs: stream.initMs });
      const response = fromStream(stream, requestId, traceRoot);
      if (response === undefined) {
        drain(stream.body);
        settings.onLog({
          source: functionUrl.function.logicalId,
          text: 'the status or a header of the answer is no HTTP',
        });
        return failed(requestId);
      }
      return response;
    } catch (error) {
      if (!(error instanceof LambdaFunctionError)) {
        throw error;
      }
      scope.record({ functionMs: performance.now() - started });
      if (error.kind !== 'function-error') {
        settings.onLog({ source: functionUrl.function.logicalId, text: `${error.errorType}: ${error.message}` });
      }
      return error.kind === 'throttled'
        ? answer(
            requestId,
            429,
            '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
            'TooManyRequestsException',
          )
        : failed(requestId);
    }
  };
}

interface Refusal {
  readonly status: number;
  readonly errorType: string;
  readonly body: string;
}

/** What the service answers without invoking the function. */
function refuse(settings: FunctionUrlSettings, request: OriginRequest): Refusal | undefined {
  const { functionUrl } = settings;
  if (valueOf(request.headers, 'host') !== functionUrl.domainName) {
    return { status: 403, errorType: 'AccessDeniedException', body: '{"Message":null}' };
  }
  if (request.body.byteLength > maxRequestBytes) {
    return {
      status: 413,
      errorType: 'RequestEntityTooLargeException',
      body: JSON.stringify({ Message: STATUS_CODES[413] }),
    };
  }
  const isForbidden = (reason: string): Refusal => {
    settings.onLog({ source: functionUrl.function.logicalId, text: `403: ${reason}` });
    return { status: 403, errorType: 'AccessDeniedException', body: JSON.stringify({ Message: forbidden }) };
  };
  try {
    verify(settings, request);
  } catch (error) {
    if (!(error instanceof ServiceError)) {
      throw error;
    }
    return notSigned.includes(error.errorName)
      ? isForbidden(`the request is not signed (AuthType AWS_IAM): ${error.message}`)
      : { status: error.status, errorType: error.errorName, body: JSON.stringify({ message: error.message }) };
  }
  return functionUrl.refusal === undefined ? undefined : isForbidden(functionUrl.refusal);
}

/** Checks the signature over what has arrived, the body's own hash among it. */
function verify({ functionUrl, now }: FunctionUrlSettings, request: OriginRequest): void {
  const { method, uri, querystring, headers, body } = request;
  const { accessKeyId, secretAccessKey } = originAccessCredentials;
  const target = querystring === '' ? uri : `${uri}?${querystring}`;
  verifySignature(
    { method, target, headers: joinByName(headers), body },
    {
      service: 'lambda',
      region: functionUrl.region,
      secretAccessKeyOf: (id) => (id === accessKeyId ? secretAccessKey : undefined),
      nowMs: now(),
    },
  );
}

/** The function's own answer, or undefined where no HTTP response can be made of it. */
function fromStream(stream: LambdaStream, requestId: string, traceRoot: string): OriginResponse | undefined {
  const headers: { name: string; value: string }[] = [
    { name: 'Content-Type', value: contentTypeOf(stream) },
    { name: 'X-Amzn-RequestId', value: requestId },
    { name: 'X-Amzn-Trace-Id', value: `${traceRoot};Sampled=0` },
  ];
  for (const [name, value] of Object.entries(stream.headers)) {
    const lower = name.toLowerCase();
    if (lower === 'www-authenticate') {
      headers.push({ name: 'x-amzn-Remapped-www-authenticate', value });
    } else if (lower !== 'content-type' && !ownHeaders.includes(lower)) {
      headers.push({ name, value });
    }
  }
  for (const value of stream.cookies) {
    headers.push({ name: 'Set-Cookie', value });
  }
  const isValid = stream.statusCode >= 200 && stream.statusCode <= 599 && areValid(headers);
  return isValid ? { status: stream.statusCode, headers, body: stream.body } : undefined;
}

function contentTypeOf(stream: LambdaStream): string {
  const given = Object.entries(stream.headers).find(([name]) => name.toLowerCase() === 'content-type');
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

/** What a viewer gets of a function that failed before its first byte. */
function failed(requestId: string): OriginResponse {
  return answer(requestId, 502, 'Internal Server Error', undefined);
}

function answer(requestId: string, status: number, body: string, errorType: string | undefined): OriginResponse {
  return {
    status,
    headers: [
      { name: 'Content-Type', value: errorType === undefined ? 'text/plain' : 'application/json' },
      { name: 'Content-Length', value: String(Buffer.byteLength(body)) },
      { name: 'X-Amzn-RequestId', value: requestId },
      ...(errorType === undefined ? [] : [{ name: 'x-amzn-ErrorType', value: errorType }]),
    ],
    body: once(Buffer.from(body)),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** `1-<seconds in hex>-<24 hex digits>` (X-Ray trace id). */
function newTraceId(now: number): string {
  return `1-${Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0')}-${randomBytes(12).toString('hex')}`;
}
