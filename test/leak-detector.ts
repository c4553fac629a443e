/**
 * Searches every byte that a server of this process sends for what a viewer must never see: on the wire, and the bodies
 * once more without their framing, so that no border of a chunk can hide anything.
 */
import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Something that was seen. */
export interface Leak {
  /** The secret's name, not the secret. */
  readonly what: string;
  /** How it was written, such as `base64`. */
  readonly form: string;
  /** Whether it was in a status line or header, or behind them. */
  readonly part: 'head' | 'body';
  /** The request that it was the answer to. */
  readonly request: string;
  /** What stood around it. */
  readonly excerpt: string;
}

/** Values by a name for their kind. */
export type Secrets = Readonly<Record<string, string | readonly string[]>>;

/** A detector of leaks; it looks at the servers that it is told of. */
export interface LeakDetector {
  /**
   * Looks at all that the server at this URL sends from now on.
   *
   * `secrets`: by a name for each kind. The function that is given back ends the watch.
   */
  watch(url: string, secrets: Secrets): () => void;
  /** Lets bodies hold these secrets until {@link LeakDetector.take} is called: the agent itself writes them. */
  allowInBodies(...names: readonly string[]): void;
  /** What was seen since the last time. */
  take(): readonly Leak[];
  /** How many bytes were looked at, ever. */
  countBytes(): number;
  /** Ends every watch. */
  close(): void;
}

interface Needle {
  readonly what: string;
  readonly form: string;
  readonly pattern: RegExp;
}

/** What no viewer should see whatever its value is, by name. */
const patterns: Readonly<Record<string, RegExp>> = {
  'an ARN': /\barn(?::|%3a)aws/giu,
  'an access key id': /\b(?:AKIA|ASIA)[A-Z0-9]{8,}/gu,
  'a role': /assumed-role|OriginAccessControl/gu,
  'a stack trace': /\bat [^\n]{1,200}\.[cm]?[jt]s:\d+/gu,
  'a path of the process': /node_modules/gu,
  'a key': /\brelay_[\w-]{43}/gu,
  'a hash of a key or a password': /\bsha256:[0-9a-f]{64}|\bscrypt:\d+:/gu,
};

/** So much of what was sent is searched again with what follows: longer than every secret in every form. */
const tailLength = 1_024;

/** Creates a detector that looks at nothing yet. */
export function createLeakDetector(): LeakDetector {
  const watched = new Map<number, readonly Needle[]>();
  const requests = new WeakMap<Socket, string>();
  const allowed = new Set<string>();
  const leaks = new Map<string, Leak>();
  let byteCount = 0;

  function createSearch(
    needles: readonly Needle[],
    requestOf: () => string,
  ): (bytes: string, part: Leak['part']) => void {
    let tail = '';
    return (bytes, part) => {
      const window = tail + bytes;
      for (const { what, form, pattern } of needles) {
        for (const { index, 0: found } of window.matchAll(pattern)) {
          const isNew = index + found.length > tail.length;
          if (!isNew || (part === 'body' && allowed.has(what))) continue;
          const excerpt = window.slice(Math.max(0, index - 60), index + found.length + 60);
          const leak: Leak = { what, form, part, request: requestOf(), excerpt };
          leaks.set([what, form, part, leak.request].join('\n'), leak);
        }
      }
      tail = window.slice(-tailLength);
    };
  }

  function onSocket(message: unknown): void {
    const { socket } = message as { readonly socket: Socket };
    const needles = watched.get(socket.localPort ?? 0);
    if (needles === undefined) return;
    const search = createSearch(needles, () => requests.get(socket) ?? 'no request');
    tap(socket, (bytes) => {
      byteCount += bytes.length;
      // Node writes a head in one piece, at times with the beginning of the body.
      const headEnd = bytes.startsWith('HTTP/1.') ? bytes.indexOf('\r\n\r\n') + 4 : 0;
      if (headEnd > 0) search(bytes.slice(0, headEnd), 'head');
      search(bytes.slice(headEnd), 'body');
    });
  }

  function onRequest(message: unknown): void {
    const { request, response } = message as { readonly request: IncomingMessage; readonly response: ServerResponse };
    const needles = watched.get(request.socket.localPort ?? 0);
    if (needles === undefined) return;
    const name = `${request.method} ${request.url}`;
    requests.set(request.socket, name);
    const search = createSearch(needles, () => name);
    tap(response, (bytes) => search(bytes, 'body'));
  }

  diagnosticsChannel.subscribe('net.server.socket', onSocket);
  diagnosticsChannel.subscribe('http.server.request.start', onRequest);
  return {
    watch(url, secrets) {
      const port = Number(new URL(url).port);
      const needles = [
        ...Object.entries(patterns).map(([what, pattern]) => ({ what, form: 'text', pattern })),
        ...Object.entries(secrets).flatMap(([what, values]) =>
          [values].flat().flatMap((secret) => needlesOf(what, secret)),
        ),
      ];
      watched.set(port, needles);
      return () => {
        if (watched.get(port) === needles) watched.delete(port);
      };
    },
    allowInBodies(...names) {
      for (const name of names) allowed.add(name);
    },
    take() {
      const taken = [...leaks.values()];
      leaks.clear();
      allowed.clear();
      return taken;
    },
    countBytes: () => byteCount,
    close() {
      watched.clear();
      diagnosticsChannel.unsubscribe('net.server.socket', onSocket);
      diagnosticsChannel.unsubscribe('http.server.request.start', onRequest);
    },
  };
}

/** A secret in each form that a program might write it in. */
function needlesOf(what: string, secret: string): readonly Needle[] {
  const forms: Record<string, string> = {
    text: escape(secret),
    'percent encoding': escape(encodeURIComponent(secret)),
    'escaped JSON': escape(
      JSON.stringify(secret)
        .slice(1, -1)
        .replaceAll('/', String.raw`\/`),
    ),
    hexadecimal: Buffer.from(secret).toString('hex'),
    base64: [0, 1, 2].map((offset) => encodeAt(secret, offset)).join('|'),
  };
  const { text, ...others } = forms;
  return Object.entries({ text, ...others })
    .filter(([form, source]) => form === 'text' || source !== text)
    .map(([form, source = '']) => ({ what, form, pattern: new RegExp(source, form === 'base64' ? 'gu' : 'giu') }));
}

/**
 * What base64 makes of a secret that begins `offset` bytes after a group of three: the characters that depend on nothing
 * else. Both alphabets are looked for.
 */
function encodeAt(secret: string, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString('base64url');
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor(((offset + Buffer.byteLength(secret)) * 8) / 6);
  return encoded.slice(first, last).replaceAll('-', '[-+]').replaceAll('_', '[_/]');
}

function escape(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}]/gu, String.raw`\$&`);
}

type Write = (chunk: unknown, encoding?: unknown, ...others: readonly unknown[]) => unknown;

/** Shows each chunk, byte for character, before it is written. */
function tap(stream: Socket | ServerResponse, see: (bytes: string) => void): void {
  const target = stream as unknown as { write: Write; end: Write };
  for (const method of ['write', 'end'] as const) {
    const original = target[method];
    target[method] = function (this: unknown, chunk, encoding, ...others) {
      if (typeof chunk === 'string') {
        see(
          Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8').toString('latin1'),
        );
      } else if (chunk instanceof Uint8Array) {
        see(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1'));
      }
      return original.call(this, chunk, encoding, ...others);
    };
  }
}
