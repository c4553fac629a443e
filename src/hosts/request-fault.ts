import type { IncomingMessage } from 'node:http';
import { RelayError } from '../errors.ts';

/**
 * What makes a request ambiguous although Node's parser takes it; undefined where nothing does.
 *
 * Such a request means one thing here and another to a proxy in front, which is how requests are smuggled past what that
 * proxy checks. What the parser itself refuses does not come this far: both lengths at once, several lengths, folded
 * headers, bare line feeds (llhttp 9, strict).
 */
export function findRequestFault(request: IncomingMessage): RelayError | undefined {
  const { httpVersion, httpVersionMajor, headersDistinct } = request;
  if (httpVersionMajor !== 1) {
    return refuse(`HTTP/${httpVersion} is not spoken here, HTTP/1.1 is`);
  }
  // RFC 9112, 3.2: a request with none or with several is to be answered with 400; HTTP/1.0 may have none.
  const hosts = headersDistinct['host'] ?? [];
  if (hosts.length > 1 || (hosts.length === 0 && httpVersion !== '1.0')) {
    return refuse(`"host" must be set once, it is set ${hosts.length} times`);
  }
  const encoding = headersDistinct['transfer-encoding']?.join(', ');
  if (encoding === undefined) {
    return undefined;
  }
  if (encoding.toLowerCase() !== 'chunked') {
    return refuse(`"transfer-encoding" must be "chunked", got ${JSON.stringify(encoding.slice(0, 100))}`);
  }
  // RFC 9112, 6.1: HTTP/1.0 has no such header, and whoever passed it on did not read it.
  return httpVersion === '1.0' ? refuse('"transfer-encoding" is not part of HTTP/1.0') : undefined;
}

function refuse(message: string): RelayError {
  return new RelayError('invalid_request', { message });
}
