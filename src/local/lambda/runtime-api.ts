import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject, parseJson } from '../../json.ts';
import { LambdaFunctionError } from './lambda-function-error.ts';
import { maxPayloadBytes, payloadTooLarge } from './payload-size.ts';

/** What the process is asked to do. */
export interface RuntimeInvocation {
  readonly requestId: string;
  readonly traceId: string;
  readonly functionArn: string;
  /** When the function's time is over, in milliseconds since 1970. */
  readonly deadlineMs: number;
  readonly eventJson: string;
}

/** How the process answers. */
export type RuntimeAnswer =
  | { readonly kind: 'buffered'; readonly json: string }
  | {
      readonly kind: 'streaming';
      readonly contentType: string;
      /** Must be read to its end, or be drained. Ends with trailers; see {@link trailerError}. */
      readonly message: IncomingMessage;
    };

/** The Lambda Runtime API 2018-06-01, as one process sees it. */
export interface RuntimeApi {
  /** Host and port: `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  /**
   * Resolves when the process asks for its first invocation.
   *
   * @throws LambdaFunctionError `init-error` where the process says that it cannot.
   */
  readonly initialized: Promise<void>;
  /** True from the end of an answer until the process asks for its next invocation, and before its first. */
  readonly finishing: boolean;
  /**
   * Hands an invocation to the process and resolves when its answer begins. One at a time.
   *
   * @throws LambdaFunctionError `function-error` where the process reports one instead of an answer.
   */
  invoke(invocation: RuntimeInvocation): Promise<RuntimeAnswer>;
  /** Resolves when the process asks for its next invocation: it has finished the last one. */
  untilNext(): Promise<void>;
  /** Closes every connection. Idempotent. */
  close(): Promise<void>;
}

/** Starts the API for one process, on a free port of 127.0.0.1. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const initialized = Promise.withResolvers<void>();
  // Whoever starts the process awaits it; until then a failure is no unhandled one.
  initialized.promise.catch(() => undefined);
  let waiting: ServerResponse | undefined;
  let current: CurrentInvocation | undefined;
  let answerOpen = false;
  let next = Promise.withResolvers<void>();

  /** A process may ask for more before its last answer has arrived: the two come on different connections. */
  function settle(): void {
    if (waiting !== undefined && current === undefined && !answerOpen) {
      next.resolve();
    }
  }

  function endAnswer(): void {
    answerOpen = false;
    settle();
  }

  function takeNext(response: ServerResponse): void {
    waiting = response;
    initialized.resolve();
    settle();
  }

  function takeResponse(message: IncomingMessage, response: ServerResponse): void {
    const { begun } = answering();
    if (message.headers['lambda-runtime-function-response-mode'] === 'streaming') {
      const contentType = message.headers['content-type'] ?? 'application/octet-stream';
      message.on('end', () => {
        accept(response);
        endAnswer();
      });
      message.on('close', endAnswer);
      // Whoever reads the message gets the error; nobody may be reading.
      message.on('error', () => undefined);
      begun.resolve({ kind: 'streaming', contentType, message });
      return;
    }
    collect(message).then(
      (json) => {
        accept(response);
        endAnswer();
        begun.resolve({ kind: 'buffered', json });
      },
      (error: Error) => {
        refuse(response, 413, 'RequestEntityTooLarge', error.message);
        endAnswer();
        begun.reject(error);
      },
    );
  }

  function takeError(message: IncomingMessage, response: ServerResponse): void {
    const { begun } = answering();
    collect(message).then(
      (json) => {
        accept(response);
        endAnswer();
        begun.reject(functionError('function-error', json));
      },
      (error: Error) => begun.reject(error),
    );
  }

  function takeInitError(message: IncomingMessage, response: ServerResponse): void {
    collect(message).then(
      (json) => {
        accept(response);
        initialized.reject(functionError('init-error', json));
      },
      (error: Error) => initialized.reject(error),
    );
  }

  /** The invocation that this request answers; each is answered once. */
  function answering(): CurrentInvocation {
    if (current === undefined) {
      throw new Error('no invocation is running');
    }
    const invocation = current;
    current = undefined;
    answerOpen = true;
    return invocation;
  }

  const server = createServer((message, response) => {
    const route = routeOf(message, current?.requestId);
    switch (route) {
      case 'next':
        return takeNext(response);
      case 'response':
        return takeResponse(message, response);
      case 'error':
        return takeError(message, response);
      case 'init-error':
        return takeInitError(message, response);
      case 'wrong-request':
        message.resume();
        return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID');
      case 'unknown':
        message.resume();
        return refuse(response, 404, 'InvalidPath', 'there is no such call in the Runtime API');
      default:
        return route satisfies never;
    }
  });
  // A function may be silent for as long as its own timeout allows, before its head and within its body.
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  const address = await listen(server);

  return {
    address,
    initialized: initialized.promise,
    get finishing() {
      return waiting === undefined && current === undefined && !answerOpen;
    },
    invoke: (invocation) => {
      if (waiting === undefined || current !== undefined || answerOpen) {
        return Promise.reject(new Error('the process has not asked for an invocation'));
      }
      const begun = Promise.withResolvers<RuntimeAnswer>();
      current = { requestId: invocation.requestId, begun };
      next = Promise.withResolvers<void>();
      waiting.writeHead(200, invocationHeaders(invocation)).end(invocation.eventJson);
      waiting = undefined;
      return begun.promise;
    },
    untilNext: () => next.promise,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** What the trailers of a streamed answer say, once it has been read to its end; undefined where it went well. */
export function trailerError(message: IncomingMessage): LambdaFunctionError | undefined {
  const errorType = message.trailers['lambda-runtime-function-error-type'];
  if (errorType === undefined) {
    return undefined;
  }
  const body = message.trailers['lambda-runtime-function-error-body'] ?? '';
  return functionError('function-error', Buffer.from(body, 'base64').toString('utf8'), errorType);
}

interface CurrentInvocation {
  readonly requestId: string;
  readonly begun: PromiseWithResolvers<RuntimeAnswer>;
}

type Route = 'next' | 'response' | 'error' | 'init-error' | 'wrong-request' | 'unknown';

function routeOf(message: IncomingMessage, requestId: string | undefined): Route {
  const call = `${message.method} ${message.url}`;
  if (call === 'GET /2018-06-01/runtime/invocation/next') {
    return 'next';
  }
  if (call === 'POST /2018-06-01/runtime/init/error') {
    return 'init-error';
  }
  const [, id, name] = /^POST \/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/u.exec(call) ?? [];
  if (id === undefined) {
    return 'unknown';
  }
  if (requestId === undefined || (id !== requestId && id !== encodeURIComponent(requestId))) {
    return 'wrong-request';
  }
  return name === 'response' ? 'response' : 'error';
}

function invocationHeaders(invocation: RuntimeInvocation): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Aws-Request-Id': invocation.requestId,
    'Lambda-Runtime-Deadline-Ms': String(invocation.deadlineMs),
    'Lambda-Runtime-Invoked-Function-Arn': invocation.functionArn,
    'Lambda-Runtime-Trace-Id': invocation.traceId,
  };
}

async function collect(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    length += part.length;
    if (length <= maxPayloadBytes) {
      parts.push(part);
    }
  }
  if (length > maxPayloadBytes) {
    throw payloadTooLarge(maxPayloadBytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

function functionError(kind: 'function-error' | 'init-error', json: string, knownType?: string): LambdaFunctionError {
  const parsed = parseJson(json);
  const report = isJsonObject(parsed) ? parsed : {};
  return new LambdaFunctionError(
    kind,
    knownType ?? textOf(report['errorType'], 'Unhandled'),
    textOf(report['errorMessage'], 'the function failed without a message'),
  );
}

function textOf(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}\n');
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ errorMessage, errorType }));
}

function listen(server: ReturnType<typeof createServer>): Promise<string> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
