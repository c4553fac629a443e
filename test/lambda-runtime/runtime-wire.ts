import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** What one process sent to the Runtime API, byte for byte. */
export interface RecordedRequest {
  readonly line: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The chunks of a chunked body as they were framed, or the whole body as one. */
  readonly chunks: readonly Buffer[];
  readonly trailers: Readonly<Record<string, string>>;
  /** False where the connection ended within the request. */
  readonly complete: boolean;
}

/** A TCP proxy that keeps what passes towards the Runtime API. */
export interface WireRecorder {
  /** Host and port for `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  requests(): readonly RecordedRequest[];
  close(): Promise<void>;
}

/** Starts a recorder before a Runtime API. */
export async function startWireRecorder(target: string): Promise<WireRecorder> {
  const [host = '', port] = target.split(':');
  const recordings: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((inbound) => {
    const recording: Buffer[] = [];
    recordings.push(recording);
    const outbound = connect(Number(port), host);
    for (const socket of [inbound, outbound]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        inbound.destroy();
        outbound.destroy();
      });
    }
    inbound.on('data', (bytes: Buffer) => recording.push(bytes));
    inbound.pipe(outbound).pipe(inbound);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => recordings.flatMap((recording) => parseRequests(Buffer.concat(recording))),
    close: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function parseRequests(bytes: Buffer): readonly RecordedRequest[] {
  const requests: RecordedRequest[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const { request, used } = parseRequest(rest);
    requests.push(request);
    rest = rest.subarray(used);
  }
  return requests;
}

function parseRequest(bytes: Buffer): { readonly request: RecordedRequest; readonly used: number } {
  const headEnd = bytes.indexOf('\r\n\r\n');
  const [line = '', ...fields] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const headers = parseFields(fields);
  let position = headEnd + 4;
  if (headers['transfer-encoding'] !== 'chunked') {
    const length = Number(headers['content-length'] ?? 0);
    const body = bytes.subarray(position, position + length);
    const request = {
      line,
      headers,
      chunks: length === 0 ? [] : [body],
      trailers: {},
      complete: body.length === length,
    };
    return { request, used: position + length };
  }
  const chunks: Buffer[] = [];
  for (;;) {
    const sizeEnd = bytes.indexOf('\r\n', position);
    const size = Number.parseInt(bytes.toString('latin1', position, sizeEnd), 16);
    if (sizeEnd === -1 || Number.isNaN(size)) {
      return { request: { line, headers, chunks, trailers: {}, complete: false }, used: bytes.length };
    }
    position = sizeEnd + 2;
    if (size === 0) {
      const end = bytes.indexOf('\r\n\r\n', sizeEnd);
      const trailers = parseFields(bytes.toString('latin1', position, Math.max(position, end)).split('\r\n'));
      return {
        request: { line, headers, chunks, trailers, complete: end !== -1 },
        used: end === -1 ? bytes.length : end + 4,
      };
    }
    chunks.push(bytes.subarray(position, position + size));
    position += size + 2;
  }
}

function parseFields(lines: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of lines.filter((text) => text !== '')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  return fields;
}
