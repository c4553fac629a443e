import type { RelayError } from '../errors.ts';
import { eventStreamType, isEventStream } from '../sse/event-stream-type.ts';
import { formatSse, formatSseComment } from '../sse/sse-format.ts';
import { renderJsonError } from './json-error.ts';
import { promptEndpoint } from './prompt-endpoint.ts';
import type { ByteCopier, ByteProtocol } from './protocol.ts';

/** How the agent's bytes are passed on. */
export interface OriginalOptions {
  /** Whether what the agent says in its error frames is scrubbed (`scrub`). Default: false, they pass untouched too. */
  readonly scrubErrors?: boolean | undefined;
}

/**
 * The agent's own content type and bytes, untouched. Only what the agent did not say is added: comments while it is
 * silent, and an `event: error` message where its answer breaks off.
 */
export function createOriginal(options: OriginalOptions = {}): ByteProtocol {
  void options;
  return {
    kind: 'bytes',
    name: 'original',
    endpoint: promptEndpoint,
    lateContentType: eventStreamType,
    renderError: renderJsonError,
    hasKeepAlive: isEventStream,
    createCopier(contentType, sentContentType) {
      if (isEventStream(contentType)) return createEventStreamCopier();
      return isEventStream(sentContentType) ? createWrappingCopier() : createDocumentCopier();
    },
  };
}

/** {@link createOriginal} with its defaults. */
export const original: ByteProtocol = createOriginal();

function formatError(error: RelayError): string {
  return formatSse({ event: 'error', data: describe(error) });
}

function describe(error: RelayError): string {
  return JSON.stringify({ error: { code: error.code, message: error.message } });
}

function createEventStreamCopier(): ByteCopier {
  /** The last four bytes, oldest first: enough to see a blank line of any kind of line break. */
  let lastBytes = 0;
  const isBetweenMessages = () =>
    lastBytes === 0 ||
    (lastBytes & 0xffff) === 0x0a0a ||
    (lastBytes & 0xffff) === 0x0d0d ||
    (lastBytes & 0xffffff) === 0x0a0d0a;
  return {
    push(chunk) {
      for (let index = Math.max(0, chunk.length - 4); index < chunk.length; index++) {
        lastBytes = (lastBytes << 8) | (chunk[index] ?? 0);
      }
      return chunk;
    },
    keepAlive: () => (isBetweenMessages() ? formatSseComment('keep-alive') : ''),
    get isCutShort() {
      const lastByte = lastBytes & 0xff;
      return lastBytes !== 0 && lastByte !== 0x0a && lastByte !== 0x0d;
    },
    finish: () => '',
    // Half a message cannot be taken back; ended by a blank line, at least it does not swallow the error.
    fail: (error) => (isBetweenMessages() ? '' : '\n\n') + formatError(error),
  };
}

/** The viewer waits for an event stream and the agent sends a document: it becomes the data of one message. */
function createWrappingCopier(): ByteCopier {
  const decoder = new TextDecoder();
  let begun = false;
  /** Whether the last piece ended with CR: an LF after it belongs to the same line break. */
  let isAfterCr = false;
  const wrap = (text: string) => {
    if (text === '') return '';
    const prefix = begun ? '' : 'data: ';
    const rest = isAfterCr && text.startsWith('\n') ? text.slice(1) : text;
    begun = true;
    isAfterCr = text.endsWith('\r');
    return prefix + rest.replace(/\r\n|\r|\n/gu, '\ndata: ');
  };
  return {
    push: (chunk) => wrap(decoder.decode(chunk, { stream: true })),
    keepAlive: () => (begun ? '' : formatSseComment('keep-alive')),
    isCutShort: false,
    finish: () => wrap(decoder.decode()) + (begun ? '\n\n' : ''),
    fail: (error) => (begun ? '\n\n' : '') + formatError(error),
  };
}

/** JSON or text that breaks off has no place for an error; what is appended at least keeps it from parsing. */
function createDocumentCopier(): ByteCopier {
  return {
    push: (chunk) => chunk,
    keepAlive: () => '',
    isCutShort: false,
    finish: () => '',
    fail: (error) => `\n${describe(error)}\n`,
  };
}
