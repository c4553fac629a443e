import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server does with one request. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** A real server in the place of AgentCore, or of an agent. */
export interface FailingServer {
  url: string;
  readonly server: Server;
  /** How often it was called, without `/ping`. */
  calls: number;
  behave: Behaviour;
}

/** Starts a server that fails as a test says. */
export async function startFailing(): Promise<FailingServer> {
  const failing = {
    url: '',
    calls: 0,
    behave: ((_, response) => response.end()) as Behaviour,
    server: createServer((request, response) => {
      if (request.url === '/ping') {
        response.setHeader('content-type', 'application/json').end('{"status":"Healthy"}');
        return;
      }
      failing.calls += 1;
      request.resume().once('end', () => failing.behave(request, response));
    }),
  };
  await new Promise<void>((resolve) => failing.server.listen(0, '127.0.0.1', resolve));
  failing.url = `http://127.0.0.1:${(failing.server.address() as AddressInfo).port}`;
  return failing;
}
