import { Agent, request } from 'node:http';
import type { ClientRequest } from 'node:http';
import { createConnection } from 'node:net';
import type { TcpNetConnectOpts } from 'node:net';
import { RuntimeError, reportError } from './runtime-error.ts';

/** Tells the Function URL that a prelude with status and headers precedes the body. */
const preludeContentType = 'application/vnd.awslambda.http-integration-response';
/** NUL bytes between the prelude and the body. */
const preludeDelimiterLength = 8;

const errorTypeTrailer = 'Lambda-Runtime-Function-Error-Type';
const errorBodyTrailer = 'Lambda-Runtime-Function-Error-Body';

/** All methods that a handler's response stream has (aws-lambda-ric 4): no `pipe`, no `flushHeaders`. */
const methods = [
  'cork',
  'destroy',
  'end',
  'uncork',
  'write',
  'addListener',
  'on',
  'once',
  'prependListener',
  'prependOnceListener',
  'off',
  'removeListener',
  'removeAllListeners',
  'setMaxListeners',
  'getMaxListeners',
  'listeners',
  'rawListeners',
  'listenerCount',
  'eventNames',
  'emit',
  'setContentType',
] as const;

const readOnlyProperties = [
  'writableFinished',
  'writableObjectMode',
  'writableEnded',
  'writableNeedDrain',
  'writableHighWaterMark',
  'writableCorked',
  'writableLength',
  'writable',
] as const;

type Method = (...values: unknown[]) => unknown;

/** Writes to the body past whatever wraps `write`. */
type RawWrite = (chunk: string | Uint8Array) => boolean;

/** What a handler writes to: a plain object, not an instance of `Writable`. */
export interface ResponseStream {
  setContentType(contentType: string): void;
  /** Called before the first write, where it is a function. */
  _onBeforeFirstWrite: unknown;
  readonly writableFinished: boolean;
}

/** One streamed answer on its way to the Runtime API. */
export interface OutgoingResponse {
  /** For the handler. */
  readonly stream: ResponseStream;
  /** Resolves when the Runtime API has answered; rejects where the connection is lost. */
  readonly accepted: Promise<void>;
  /** Ends the body with trailers that say what went wrong. */
  fail(thrown: unknown): Promise<void>;
}

/** Where the answer goes. */
export interface ResponseAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** From {@link createResponseAgent}. */
  readonly agent: Agent;
}

/**
 * Makes the one connection on which a process sends its answers. `highWaterMark`: bytes that its socket takes before
 * `write` returns false; default: Node's.
 */
export function createResponseAgent(highWaterMark: number | undefined): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = (options) =>
    createConnection({ ...(options as TcpNetConnectOpts), ...(highWaterMark === undefined ? {} : { highWaterMark }) });
  return agent;
}

/** Opens the answer of one invocation. Nothing is sent before the handler's first write. */
export function openResponse(address: ResponseAddress): OutgoingResponse {
  const outgoing = request({
    method: 'POST',
    host: address.host,
    port: address.port,
    path: address.path,
    agent: address.agent,
    headers: {
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      Trailer: [errorTypeTrailer, errorBodyTrailer],
      'Content-Type': 'application/octet-stream',
      'Transfer-Encoding': 'chunked',
    },
  });
  const accepted = acceptance(outgoing);
  return { stream: streamOver(outgoing), accepted, fail: (thrown) => failWith(outgoing, thrown) };
}

/** `awslambda.HttpResponseStream`: a class of which nobody makes an instance. */
// oxlint-disable-next-line typescript/no-extraneous-class -- as the genuine runtime has it
export class HttpResponseStream {
  /**
   * Puts a prelude before the first `write`. An `end` without a `write` sends none, whatever it is given: so does the
   * genuine runtime.
   */
  static from(stream: ResponseStream, prelude: unknown): ResponseStream {
    stream.setContentType(preludeContentType);
    const text = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write: RawWrite) => {
      write(text);
      write(new Uint8Array(preludeDelimiterLength));
    };
    return stream;
  }
}

function acceptance(outgoing: ClientRequest): Promise<void> {
  const accepted = Promise.withResolvers<void>();
  // Nobody awaits this one: a destroyed stream or a lost Runtime API ends the process, as it does the genuine runtime's.
  const fatal = Promise.withResolvers<never>();
  outgoing.on('response', (incoming) => {
    incoming.on('aborted', () => accepted.reject(new Error('aborted')));
    incoming.on('end', accepted.resolve);
    incoming.resume();
  });
  outgoing.on('error', (error) => {
    accepted.reject(error);
    fatal.reject(error);
  });
  return accepted.promise;
}

/** The request itself is changed as well: the emitter's methods give it to the handler, which may go on with it. */
function streamOver(outgoing: ClientRequest): ResponseStream {
  let written = false;
  const rawWrite = outgoing.write.bind(outgoing) as (chunk: unknown, ...rest: unknown[]) => boolean;

  function setContentType(contentType: string): void {
    if (written) {
      throw new RuntimeError('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    }
    outgoing.setHeader('Content-Type', contentType);
  }

  function write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    refuseNothing(chunk);
    const bytes = isBytes(chunk) ? chunk : JSON.stringify(chunk);
    const hook: unknown = Reflect.get(outgoing, '_onBeforeFirstWrite');
    if (!written && typeof hook === 'function') {
      // With the request as its receiver, and the first argument only.
      hook.call(outgoing, (first: unknown) => rawWrite(first));
    }
    const accepted = rawWrite(bytes, encoding, callback);
    written = true;
    return accepted;
  }

  Object.assign(outgoing, { setContentType, write });
  const bound = methods.map((name) => [name, (Reflect.get(outgoing, name) as Method).bind(outgoing)] as const);
  const stream: Record<string, unknown> = Object.fromEntries(bound);
  for (const name of ['destroyed', '_onBeforeFirstWrite']) {
    Object.defineProperty(stream, name, {
      get: () => Reflect.get(outgoing, name) as unknown,
      set: (value: unknown) => {
        Reflect.set(outgoing, name, value);
      },
    });
  }
  for (const name of readOnlyProperties) {
    Object.defineProperty(stream, name, { get: () => outgoing[name] });
  }
  return stream as unknown as ResponseStream;
}

/** The genuine runtime reads `chunk.length` before anything else: writing nothing throws there. */
function refuseNothing(chunk: unknown): void {
  if (chunk === undefined || chunk === null) {
    throw new TypeError(`Cannot read properties of ${String(chunk)} (reading 'length')`);
  }
}

function isBytes(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array;
}

async function failWith(outgoing: ClientRequest, thrown: unknown): Promise<void> {
  const report = reportError(thrown);
  outgoing.addTrailers({
    [errorTypeTrailer]: report.errorType,
    [errorBodyTrailer]: Buffer.from(JSON.stringify(report)).toString('base64'),
  });
  await new Promise<void>((resolve) => {
    outgoing.end(() => resolve());
  });
}
