import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RelayError } from '../errors.ts';
import type { Log, Relay, RelayRequest } from '../relay/relay-request.ts';
import { renderJsonError } from '../protocols/json-error.ts';
import { callRelay, describeThrown } from './call-relay.ts';
import { dropEdgeHeaders } from './edge-headers.ts';
import type { RequestHeaders } from './edge-headers.ts';
import { findRequestFault } from './request-fault.ts';
import { followSink } from './send.ts';
import { answerUnreadable } from './unreadable-request.ts';

/** What a handler for Node's HTTP server is made of. */
export interface NodeHttpHandlerOptions {
  readonly relay: Relay;
  /** Takes what goes wrong outside of the relay. Default: none. */
  readonly log?: Log | undefined;
  /**
   * Longest time for which a viewer may take nothing of what waits for it, in milliseconds; then it is cut off. The silence of
   * the agent does not count. Default 300,000.
   */
  readonly stalledTimeoutMs?: number | undefined;
}

/** A listener for the `request` event of `node:http` and of what is compatible with it. */
export type NodeHttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Where and how {@link startNodeHttpServer} listens. */
export interface NodeHttpServerOptions extends NodeHttpHandlerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Default `127.0.0.1`: reachable from this machine only. A container needs `0.0.0.0`. */
  readonly host?: string | undefined;
  /** Most bytes of a request's line and headers together; more is answered with 431. Default 32,768, as CloudFront has it. */
  readonly maxHeaderBytes?: number | undefined;
  /** Longest wait for the whole head of a request, in milliseconds; then comes a 408. Default 30,000. */
  readonly headersTimeoutMs?: number | undefined;
  /** Longest wait for a whole request with its body, in milliseconds; then comes a 408, or a cut. Default 120,000. */
  readonly requestTimeoutMs?: number | undefined;
}

/** A server that listens. */
export interface NodeHttpServer {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /**
   * Takes no new connections, waits for the answers that are on their way, and then cuts what is left.
   *
   * `graceMs`: the longest wait, in milliseconds. Default 10,000.
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * How long a connection is kept for the next request, in milliseconds. Longer than the idle timeout of load balancers
 * (60 s by default), so that it is never this side that closes a connection on which a request is under way.
 */
const keepAliveTimeoutMs = 65_000;

/** How often Node looks for connections whose time is over, in milliseconds. */
const timeoutCheckIntervalMs = 5_000;

/**
 * Serves a relay with Node's HTTP server. A viewer who leaves ends the agent's call. Headers `x-relay-…` are dropped: here
 * nobody stands in front who could speak for a viewer.
 */
export function createNodeHttpHandler(options: NodeHttpHandlerOptions): NodeHttpHandler {
  const { relay, log = () => undefined, stalledTimeoutMs = 300_000 } = options;
  // What follows an ambiguous request on its connection may be a part of it.
  const abandoned = new WeakSet<Socket>();
  return (request, response) => {
    if (abandoned.has(request.socket)) return;
    const fault = findRequestFault(request);
    if (fault !== undefined) {
      abandoned.add(request.socket);
      refuse(response, fault, log);
      return;
    }
    response.setTimeout(stalledTimeoutMs, () => {
      // It also comes where there is nothing to send.
      if (response.writableLength > 0) response.destroy();
    });
    respond(relay, request, response, log).catch((thrown: unknown) => {
      log({ level: 'error', message: 'the response broke off', cause: describeThrown(thrown) });
      // To end it would tell the viewer that the answer is whole.
      response.destroy();
    });
  };
}

/**
 * Starts a server for a relay.
 *
 * A connection takes any number of requests, one after the other: a bound on them would protect nothing that the timeouts
 * do not, and close connections under load balancers.
 *
 * @throws RelayError `internal_error` where it cannot listen; the message says where and why.
 */
export async function startNodeHttpServer(options: NodeHttpServerOptions): Promise<NodeHttpServer> {
  const {
    host = '127.0.0.1',
    maxHeaderBytes = 32_768,
    headersTimeoutMs = 30_000,
    requestTimeoutMs = 120_000,
  } = options;
  const { log = () => undefined } = options;
  const server = createServer(
    {
      keepAliveTimeout: keepAliveTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      // Node refuses a longer time for the head than for the whole.
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(timeoutCheckIntervalMs, headersTimeoutMs, requestTimeoutMs),
      // Said here, so that no flag of the process can soften the parser.
      insecureHTTPParser: false,
      // Node would answer that one with 400, and go on with what follows it: `findRequestFault` looks.
      requireHostHeader: false,
    },
    createNodeHttpHandler(options),
  );
  // Node 22.18 leaves out what comes after some thousand headers, of two credentials the second one too; newer ones refuse.
  server.maxHeadersCount = 0;
  const answering = new WeakMap<Duplex, number>();
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    answering.set(socket, (answering.get(socket) ?? 0) + 1);
    response.once('close', () => {
      answering.set(socket, (answering.get(socket) ?? 1) - 1);
      setImmediate(closeIdleOnceClosing, server);
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if ((answering.get(socket) ?? 0) > 0) socket.destroy();
    else answerUnreadable(error, socket, { maxHeaderBytes, log });
  });
  const port = await listen(server, options.port, host);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    close: (graceMs = 10_000) => close(server, graceMs),
  };
}

function refuse(response: ServerResponse, fault: RelayError, log: Log): void {
  const requestId = newRequestId();
  const { headers, body } = renderJsonError(fault, requestId);
  log({ level: 'warn', message: 'a request was ambiguous', requestId, status: fault.status, cause: fault.message });
  response.writeHead(fault.status, { ...headers, 'x-request-id': requestId, connection: 'close' });
  response.end(body);
}

/** Without Node's cache of random bytes: a process that was restored from a snapshot would hand out the same ones again. */
function newRequestId(): string {
  return randomUUID({ disableEntropyCache: true });
}

async function respond(relay: Relay, request: IncomingMessage, response: ServerResponse, log: Log): Promise<void> {
  const sending = followSink(response);
  const { status, headers, body } = await callRelay(relay, readRequest(request, sending.left), {
    requestId: newRequestId(),
    log,
  });
  if (!response.destroyed) {
    response.writeHead(status, headers);
    // Node holds the head back until the first byte of the body; the viewer wants to know now.
    response.flushHeaders();
  }
  await sending.send(body);
}

function readRequest(request: IncomingMessage, signal: AbortSignal): RelayRequest {
  // A proxy's absolute form (RFC 9112, 3.2.2) is brought down to path and query.
  const target = (request.url ?? '/').replace(/^https?:\/\/[^/?]*/iu, '');
  const queryAt = target.indexOf('?');
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  return {
    method: request.method ?? 'GET',
    path: path.startsWith('/') ? path : '/',
    query: queryAt === -1 ? '' : target.slice(queryAt + 1),
    headers: dropEdgeHeaders(joinHeaders(request)),
    readBody: (maxBytes) => readBody(request, maxBytes),
    signal,
  };
}

/**
 * Every value of every name. Node's own `headers` keeps the first of several `authorization`, and a proxy that reads the
 * last would have checked another one: joined, they are refused as malformed.
 */
function joinHeaders({ headersDistinct }: IncomingMessage): RequestHeaders {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(name === 'cookie' ? '; ' : ', ')]),
  );
}

/**
 * Not by iteration: to leave a loop over a request destroys its socket, and with it the answer that says that the body is
 * too large. What still comes of such a body Node throws away.
 */
function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;

    function refuse(): void {
      request.off('data', onData);
      reject(
        new RelayError('payload_too_large', { message: `the body is too large, at most ${maxBytes} bytes are taken` }),
      );
    }

    function onData(chunk: Buffer): void {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length > maxBytes) refuse();
    }

    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      refuse();
      return;
    }
    const leave = () => reject(new RelayError('cancelled', { cause: 'the viewer left with the body unsent' }));
    // While it was found out who is calling; of what is closed already no event comes.
    if (request.destroyed) {
      leave();
      return;
    }
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks, length)));
    request.once('error', (error) => reject(new RelayError('cancelled', { cause: error })));
    request.once('close', leave);
  });
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is already in use' : (error.code ?? error.message);
      reject(new RelayError('internal_error', { message: `cannot listen on ${host}:${port}: ${why}`, cause: error }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Node closes what is idle when `close` is called, but not what becomes idle after that. */
function closeIdleOnceClosing(server: Server): void {
  if (!server.listening) server.closeIdleConnections();
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
