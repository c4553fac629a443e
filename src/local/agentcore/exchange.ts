import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';

/** One POST. */
export interface OutgoingPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Closes the connection, before and after the answer's head. */
  readonly signal: AbortSignal;
}

/** Posts on a connection of its own and resolves to the answer's head. Its body must be read or destroyed. */
export function exchange({ url, headers, body, signal }: OutgoingPost): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const client = url.startsWith('https:') ? https : http;
  const outgoing = client.request(url, {
    method: 'POST',
    agent: false,
    headers: { ...headers, 'content-length': body.length },
    signal,
  });
  outgoing.on('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}
