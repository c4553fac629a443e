import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it came over the wire. */
export interface ReceivedRequest {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the server does once it has a whole request. */
export type AgentScript = (response: ServerResponse, socket: Socket) => void;

/** A real HTTP server in AgentCore's place. */
export interface AgentCoreServer {
  readonly endpoint: string;
  readonly requests: readonly ReceivedRequest[];
  /** How many connections were accepted. */
  connectionCount(): number;
  /** Resolves when every connection that was ever accepted is closed. */
  allClosed(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server that answers the n-th request as the n-th script says, and the last one for all that follow. */
export async function startAgentCoreServer(...scripts: readonly AgentScript[]): Promise<AgentCoreServer> {
  const requests: ReceivedRequest[] = [];
  const closings: Promise<void>[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({
        line: `${request.method} ${request.url} HTTP/${request.httpVersion}`,
        headers: request.headers,
        body: Buffer.concat(chunks),
      });
      scripts[Math.min(requests.length, scripts.length) - 1]?.(response, request.socket);
    });
  });
  server.on('connection', (socket) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    closings.push(promise);
    socket.once('close', () => resolve());
  });
  const { promise: listening, resolve: onListening } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', onListening);
  await listening;
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    connectionCount: () => closings.length,
    async allClosed() {
      await Promise.all(closings);
    },
    async close() {
      server.closeAllConnections();
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      await promise;
    },
  };
}

/** Answers with an exception as AgentCore does. */
export function refuse(
  status: number,
  errorName?: string,
  headers: Readonly<Record<string, string>> = {},
): AgentScript {
  return (response) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(errorName === undefined ? {} : { 'x-amzn-errortype': errorName }),
      ...headers,
    });
    response.end(JSON.stringify({ message: 'role arn:aws:iam::123456789012:role/secret is broken' }));
  };
}

/** Answers with these pieces of a stream and ends it. */
export function stream(...pieces: readonly string[]): AgentScript {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
}
