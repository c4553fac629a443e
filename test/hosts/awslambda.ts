import { once } from 'node:events';
import { Writable } from 'node:stream';
import type { AwsLambda, FunctionUrlContext, FunctionUrlEvent } from '../../src/hosts/lambda-types.ts';
import type { Sink } from '../../src/hosts/send.ts';

/** Lambda's response stream as a handler meets it, and what went through it. */
export interface ResponseStream {
  /** A plain object with a Writable's methods bound, as `aws-lambda-ric` 4 makes it. */
  readonly sink: Sink;
  readonly writable: Writable;
  /** Every write as it was made, the prelude's two first. */
  readonly writes: readonly Buffer[];
  /** Resolves when the stream has ended. */
  ended(): Promise<void>;
  /** What the Function URL makes of it. */
  response(): { readonly statusCode: number; readonly headers: Record<string, string>; readonly body: string };
}

type BeforeFirstWrite = (write: (chunk: Uint8Array | string) => void) => void;

const hooks = new WeakMap<Sink, BeforeFirstWrite>();

/** What Lambda's Node.js runtime puts before each handler. */
export const awslambda: AwsLambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: {
    from(sink, metadata) {
      hooks.set(sink, (write) => {
        write(JSON.stringify(metadata));
        write(new Uint8Array(8));
      });
      return sink;
    },
  },
};

/** A response stream; `take` gets each chunk and says when the next one may come. */
export function createResponseStream(
  take: (chunk: Buffer, done: () => void) => void = (_, done) => done(),
): ResponseStream {
  const writes: Buffer[] = [];
  const writable = new Writable({
    highWaterMark: 65_536,
    write(chunk: Buffer, _, done) {
      writes.push(chunk);
      take(chunk, done);
    },
  });
  const ended = once(writable, 'finish');
  ended.catch(() => undefined);
  let isFirst = true;
  const sink: Sink = {
    get destroyed() {
      return writable.destroyed;
    },
    get writableFinished() {
      return writable.writableFinished;
    },
    write(chunk) {
      if (isFirst) hooks.get(sink)?.((prelude) => writable.write(prelude));
      isFirst = false;
      return writable.write(chunk);
    },
    end: () => writable.end(),
    on: (event, listener) => writable.on(event, listener),
    off: (event, listener) => writable.off(event, listener),
  };
  return {
    sink,
    writable,
    writes,
    async ended() {
      await ended;
    },
    response() {
      const bytes = Buffer.concat(writes);
      const end = bytes.indexOf(Buffer.alloc(8));
      if (end === -1) throw new Error(`there is no prelude in ${JSON.stringify(bytes.toString('utf8'))}`);
      const { statusCode, headers, ...rest } = JSON.parse(bytes.subarray(0, end).toString('utf8'));
      return { statusCode, headers, ...rest, body: bytes.subarray(end + 8).toString('utf8') };
    },
  };
}

/** The event of a POST as CloudFront's origin access control lets it through, and what is to be other. */
export function functionUrlEvent(
  changes: Partial<FunctionUrlEvent> & { readonly method?: string } = {},
): FunctionUrlEvent {
  const { method = 'POST', ...fields } = changes;
  return {
    rawPath: '/',
    rawQueryString: '',
    headers: { 'content-type': 'application/json', host: 'abc.lambda-url.us-east-1.on.aws' },
    requestContext: { http: { method } },
    isBase64Encoded: false,
    ...fields,
  };
}

/** A context with a minute left. */
export const context: FunctionUrlContext = { awsRequestId: 'lambda-request-1', getRemainingTimeInMillis: () => 60_000 };
