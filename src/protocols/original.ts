import type { RelayError } from '../errors.ts';
import { eventStreamType, isEventStream } from '../sse/event-stream-type.ts';
import { formatSse, formatSseComment } from '../sse/sse-format.ts';
import { renderJsonError } from './json-error.ts';
import { promptEndpoint } from './prompt-endpoint.ts';
import type { ByteCopier, ByteProtocol } from './protocol.ts';
import type { ErrorScrubber } from './scrub-error-frames.ts';

/** What the agent's bytes go through on their way. */
export interface OriginalScrubbers {
  /** For one event stream. */
  createFrameScrubber(): ErrorScrubber;
  /** For one document. */
  createDocumentScrubber(): ErrorScrubber;
}

const untouched: ErrorScrubber = { push: (chunk) => chunk, finish: () => '' };
const noScrubbers: OriginalScrubbers = {
  createFrameScrubber: () => untouched,
  createDocumentScrubber: () => untouched,
};

/** Creates {@link original} with something in the agent's bytes' way; `scrubbed-original.ts` is its only other form. */
export function createOriginal({ createFrameScrubber, createDocumentScrubber }: OriginalScrubbers): ByteProtocol {
  return {
    kind: 'bytes',
    name: 'original',
    endpoint: promptEndpoint,
    lateContentType: eventStreamType,
    renderError: renderJsonError,
    hasKeepAlive: isEventStream,
    createCopier(contentType, sentContentType) {
      if (isEventStream(contentType)) return createEventStreamCopier(createFrameScrubber());
      const scrubber = createDocumentScrubber();
      return isEventStream(sentContentType) ? createWrappingCopier(scrubber) : createDocumentCopier(scrubber);
    },
  };
}

/**
 * The agent's own content type and bytes, untouched. Only what the agent did not say is added: comments while it is
 * silent, and an `event: error` message where its answer breaks off.
 */
export const original: ByteProtocol = createOriginal(noScrubbers);

function formatError(error: RelayError): string {
  return formatSse({ event: 'error', data: describe(error) });
}

function describe(error: RelayError): string {
  return JSON.stringify({ error: { code: error.code, message: error.message } });
}

function createEventStreamCopier(scrubber: ErrorScrubber): ByteCopier {
  /** The last four bytes that were sent, oldest first: enough to see a blank line of any kind of line break. */
  let lastBytes = 0;
  /** The last byte that the agent has sent; 0 before there is one. */
  let lastByteRead = 0;
  const isBetweenMessages = () =>
    lastBytes === 0 ||
    (lastBytes & 0xffff) === 0x0a0a ||
    (lastBytes & 0xffff) === 0x0d0d ||
    (lastBytes & 0xffffff) === 0x0a0d0a;
  return {
    push(chunk) {
      lastByteRead = chunk.at(-1) ?? lastByteRead;
      const sent = scrubber.push(chunk);
      for (let index = Math.max(0, sent.length - 4); index < sent.length; index++) {
        lastBytes = (lastBytes << 8) | (sent[index] ?? 0);
      }
      return sent;
    },
    keepAlive: () => (isBetweenMessages() ? formatSseComment('keep-alive') : ''),
    get isCutShort() {
      return lastByteRead !== 0 && lastByteRead !== 0x0a && lastByteRead !== 0x0d;
    },
    finish: () => scrubber.finish(),
    // Half a message cannot be taken back; ended by a blank line, at least it does not swallow the error.
    fail: (error) => (isBetweenMessages() ? '' : '\n\n') + formatError(error),
  };
}

/** The viewer waits for an event stream and the agent sends a document: it becomes the data of one message. */
function createWrappingCopier(scrubber: ErrorScrubber): ByteCopier {
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
    push: (chunk) => wrap(decoder.decode(scrubber.push(chunk), { stream: true })),
    keepAlive: () => (begun ? '' : formatSseComment('keep-alive')),
    isCutShort: false,
    finish: () => wrap(decoder.decode() + scrubber.finish()) + (begun ? '\n\n' : ''),
    fail: (error) => (begun ? '\n\n' : '') + formatError(error),
  };
}

/** JSON or text that breaks off has no place for an error; what is appended at least keeps it from parsing. */
function createDocumentCopier(scrubber: ErrorScrubber): ByteCopier {
  return {
    push: (chunk) => scrubber.push(chunk),
    keepAlive: () => '',
    isCutShort: false,
    finish: () => scrubber.finish(),
    fail: (error) => `\n${describe(error)}\n`,
  };
}
