import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RelayError } from '../errors.ts';
import { renderJsonError } from '../protocols/json-error.ts';
import type { Log } from '../relay/relay-request.ts';

/** What an answer to an unreadable request needs to know. */
export interface UnreadableRequestOptions {
  /** Most bytes of a request's head, as the parser was told. */
  readonly maxHeaderBytes: number;
  readonly log: Log;
}

/**
 * Answers what Node's parser could not make a request of, and closes the connection: nobody knows where the next request
 * on it would begin.
 *
 * To be called only while no answer is on its way on this connection, into which this one would be written.
 */
export function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  { maxHeaderBytes, log }: UnreadableRequestOptions,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, code, message } = describeFault(error.code, maxHeaderBytes);
  const requestId = randomUUID({ disableEntropyCache: true });
  const { headers, body } = renderJsonError(new RelayError(code, { message }), requestId);
  log({ level: 'warn', message: 'a request could not be read', requestId, status, cause: error.code });
  const lines = Object.entries({
    ...headers,
    'x-request-id': requestId,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}

interface Fault {
  readonly status: number;
  readonly code: 'invalid_request' | 'payload_too_large';
  readonly message: string;
}

/** The codes: llhttp 9 (`HPE_…`), Node's documentation of `http.Server`, event `clientError`. */
function describeFault(code: string | undefined, maxHeaderBytes: number): Fault {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        code: 'payload_too_large',
        message: `the headers are too large; at most ${maxHeaderBytes} bytes are taken`,
      };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, code: 'payload_too_large', message: 'the chunk extensions are too large' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'invalid_request', message: 'the request did not arrive in time' };
    default:
      return { status: 400, code: 'invalid_request', message: 'the request is not well-formed HTTP/1.1' };
  }
}
