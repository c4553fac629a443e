import { RelayError } from '../errors.ts';
import type { Log, Relay, RelayRequest } from '../relay/relay-request.ts';
import { callRelay, describeThrown } from './call-relay.ts';
import { dropEdgeHeaders, restoreViewerHeaders } from './edge-headers.ts';
import type { RequestHeaders } from './edge-headers.ts';
import type { AwsLambda, FunctionUrlContext, FunctionUrlEvent, FunctionUrlHandler } from './lambda-types.ts';
import { followSink } from './send.ts';

/** What a Function URL handler is made of. */
export interface FunctionUrlHandlerOptions {
  readonly relay: Relay;
  /** Takes what goes wrong outside of the relay. Default: none. */
  readonly log?: Log | undefined;
  /** The clock, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Lambda's streaming interface. Default: the runtime's global `awslambda`. */
  readonly awslambda?: AwsLambda | undefined;
}

/**
 * Serves a relay behind a Lambda Function URL with invoke mode `RESPONSE_STREAM`.
 *
 * Lambda does not tell a function that its viewer has left, so the agent's call goes on to its end there.
 *
 * @throws RelayError `internal_error` where there is no `awslambda`, that is outside of Lambda.
 */
export function createFunctionUrlHandler(options: FunctionUrlHandlerOptions): FunctionUrlHandler {
  const { relay, log = () => undefined, now = Date.now, awslambda = findAwsLambda() } = options;
  return awslambda.streamifyResponse(async (event, responseStream, context) => {
    const sending = followSink(responseStream);
    const request = readRequest(event, context, sending.left, now);
    const { status, headers, body } = await callRelay(relay, request, { requestId: context.awsRequestId, log });
    try {
      const stream = awslambda.HttpResponseStream.from(responseStream, { statusCode: status, headers });
      // Status and headers go out with the first `write` and with nothing else: an `end` without one loses them.
      stream.write('');
      // Lambda gives the same stream back. Where another one comes, the body must follow the head into it.
      await (stream === responseStream ? sending : followSink(stream)).send(body);
    } catch (thrown) {
      log({ level: 'error', message: 'the response broke off', cause: describeThrown(thrown) });
      // A stream that stays open keeps the viewer waiting, and the function running, until Lambda's timeout.
      responseStream.end();
    }
  });
}

function findAwsLambda(): AwsLambda {
  const { awslambda } = globalThis as unknown as { readonly awslambda?: AwsLambda };
  if (awslambda === undefined) {
    throw new RelayError('internal_error', {
      message: "there is no global awslambda; this handler runs in Lambda's Node.js runtime only",
    });
  }
  return awslambda;
}

function readRequest(
  event: FunctionUrlEvent,
  context: FunctionUrlContext,
  signal: AbortSignal,
  now: () => number,
): RelayRequest {
  const { rawPath = '/', rawQueryString = encodeQuery(event) } = event;
  const remainingMs = context.getRemainingTimeInMillis?.();
  return {
    method: event.requestContext?.http?.method ?? 'GET',
    path: rawPath,
    query: rawQueryString,
    headers: readHeaders(event),
    readBody: (maxBytes) => readBody(event, maxBytes),
    signal,
    hostDeadlineAt: remainingMs === undefined ? undefined : now() + remainingMs,
  };
}

/**
 * Only what came with a signature can have passed the function at the edge, which alone may speak for a viewer; and only
 * then has Lambda taken the `authorization` away (seen on AWS, not documented).
 */
function readHeaders({ headers = {}, cookies = [], requestContext }: FunctionUrlEvent): RequestHeaders {
  const isSigned = (requestContext?.authorizer?.iam ?? undefined) !== undefined;
  const own = isSigned ? restoreViewerHeaders(headers) : dropEdgeHeaders(headers);
  return cookies.length === 0 ? own : { ...own, cookie: cookies.join('; ') };
}

/** For an event that somebody wrote by hand: a Function URL always sends the raw query. */
function encodeQuery({ queryStringParameters = {} }: FunctionUrlEvent): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryStringParameters)) if (value !== undefined) query.append(name, value);
  return query.toString();
}

async function readBody(
  { body = '', isBase64Encoded = false }: FunctionUrlEvent,
  maxBytes: number,
): Promise<Uint8Array> {
  const encoding = isBase64Encoded ? 'base64' : 'utf8';
  const length = Buffer.byteLength(body, encoding);
  if (length > maxBytes) {
    throw new RelayError('payload_too_large', {
      message: `the body has ${length} bytes, at most ${maxBytes} are taken`,
    });
  }
  return Buffer.from(body, encoding);
}
