import { createParser } from 'eventsource-parser';
import { RelayError } from '../errors.ts';

/** One dispatched message of an event stream (WHATWG HTML, section 9.2). */
export interface SseMessage {
  /** The `event` field; absent where the stream named none. */
  readonly event?: string | undefined;
  /** The `data` lines joined by LF. */
  readonly data: string;
  /** The `id` field of this message; absent where it had none. */
  readonly id?: string | undefined;
}

/** How {@link createSseParser} is bounded, and where its messages go. */
export interface SseParserOptions {
  /** Largest unfinished message, in UTF-16 units. */
  readonly maxMessageLength: number;
  /** Called synchronously for every message, in order. */
  onMessage(message: SseMessage): void;
  /** Called for a valid `retry` field, in milliseconds. Default: ignored. */
  onRetry?(retryMs: number): void;
}

/** An incremental parser: bytes in, messages out through the callback. */
export interface SseParser {
  /**
   * Takes the next bytes, cut anywhere, also inside a character or between CR and LF.
   *
   * @throws RelayError `agent_answer_too_large` when an unfinished message outgrows the bound.
   */
  push(chunk: Uint8Array): void;
}

/**
 * Bytes after which a chunk is cut at the next line break. `createParser` joins a whole chunk to the piece of a line that the
 * one before it left, and V8 stores a string with a single character beyond Latin-1 in twice the space: of chunks of 64 kB,
 * which pile up behind a slow reader, that made garbage faster than it was collected.
 */
const pieceBytes = 4_096;

const lineFeed = 0x0a;

/** Creates a parser for one stream. A last message without its blank line is discarded, as the specification says. */
export function createSseParser({ maxMessageLength, onMessage, onRetry }: SseParserOptions): SseParser {
  // The parser strips the one leading BOM that the specification allows; the decoder must not strip a first one.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let tooLarge = false;
  const parser = createParser({
    maxBufferSize: maxMessageLength,
    onEvent: onMessage,
    onRetry,
    onError: (error) => {
      tooLarge ||= error.type === 'max-buffer-size-exceeded';
    },
  });

  function feed(piece: Uint8Array): void {
    if (!tooLarge) parser.feed(decoder.decode(piece, { stream: true }));
    if (tooLarge) throw new RelayError('agent_answer_too_large');
  }

  return {
    push(chunk) {
      let start = 0;
      while (start < chunk.length) {
        const end = chunk.indexOf(lineFeed, start + pieceBytes) + 1 || chunk.length;
        feed(end - start === chunk.length ? chunk : chunk.subarray(start, end));
        start = end;
      }
    },
  };
}
