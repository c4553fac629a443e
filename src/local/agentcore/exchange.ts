import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';

/** One request. */
export interface OutgoingRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Not sent with GET. */
  readonly body: Buffer;
  /** Closes the connection, before and after the answer's head. */
  readonly signal: AbortSignal;
}

/** Asks on a connection of its own and resolves to the answer's head. Its body must be read or destroyed. */
export function exchange({ method, url, headers, body, signal }: OutgoingRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const client = url.startsWith('https:') ? https : http;
  const length = method === 'GET' ? {} : { 'content-length': body.length };
  const outgoing = client.request(url, { method, agent: false, headers: { ...headers, ...length }, signal });
  outgoing.on('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(method === 'GET' ? undefined : body);
  return promise;
}
