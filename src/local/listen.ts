import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LocalChainError } from './local-chain-error.ts';

const host = '127.0.0.1';

/** A server on 127.0.0.1. */
export interface LocalServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Ends it and its connections. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1; port 0 takes a free one.
 *
 * @throws LocalChainError with a sentence where the port cannot be had.
 */
export async function listen(listener: RequestListener, port: number): Promise<LocalServer> {
  // Node's own bound is below CloudFront's 32,768 bytes; what lies between the two is for CloudFront to refuse.
  const server = createServer({ maxHeaderSize: 65_536 }, listener);
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new LocalChainError(describeListenError(error, port), { cause: error });
  }
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () => closeServer(server),
  };
}

/**
 * Finds out early whether a port can be had.
 *
 * @throws LocalChainError with a sentence where it cannot.
 */
export async function requireFreePort(port: number): Promise<void> {
  const { close } = await listen(() => undefined, port);
  await close();
}

function describeListenError(error: unknown, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken; choose another one with --port, or end what listens there`;
    case 'EACCES':
      return `port ${port} of ${host} is not for this user to take; choose one above 1023 with --port`;
    default:
      return `port ${port} of ${host} cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
