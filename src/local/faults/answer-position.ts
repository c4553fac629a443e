import type { AnswerPosition } from './request-faults.ts';

/** Looks for a place in an answer while its bytes pass, however they are cut into chunks. */
export interface PositionFinder {
  /**
   * Takes the next bytes.
   *
   * @returns how many of them lie before the place, from 0 to all, or undefined where it has not been reached. Once it has
   * been, nothing more may be passed.
   */
  push(bytes: Uint8Array): number | undefined;
  /**
   * True where the place is behind the bytes that have been passed if nothing more comes, and may be one byte further if
   * something does: a CR ends a line, and so does CRLF.
   */
  isHere(): boolean;
}

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Makes a finder.
 *
 * A message of `text/event-stream` ends with the blank line after it (WHATWG HTML, 9.2.5: lines end with CR, LF or CRLF),
 * any other one with the end of its line. Blank lines alone are no message.
 *
 * @param contentType the answer's `content-type`
 */
export function createPositionFinder(position: AnswerPosition, contentType: string | undefined): PositionFinder {
  const { unit, count } = position;
  switch (unit) {
    case 'bytes':
      return createByteFinder(count);
    case 'messages':
      return createMessageFinder(count, /^\s*text\/event-stream\s*(?:;|$)/iu.test(contentType ?? ''));
    default:
      return unit satisfies never;
  }
}

function createByteFinder(count: number): PositionFinder {
  let seen = 0;
  return {
    push: (bytes) => {
      const before = count - seen;
      seen += bytes.length;
      return before <= bytes.length ? before : undefined;
    },
    isHere: () => seen === count,
  };
}

function createMessageFinder(count: number, isEventStream: boolean): PositionFinder {
  let messages = 0;
  let lineHasBytes = false;
  let messageHasLines = false;
  let isAfterCarriageReturn = false;

  /** Takes the end of a line; true where a message ends with it. */
  function endLine(): boolean {
    const endsMessage = isEventStream ? messageHasLines && !lineHasBytes : lineHasBytes;
    messageHasLines = isEventStream && lineHasBytes;
    lineHasBytes = false;
    return endsMessage;
  }

  return {
    push: (bytes) => {
      for (const [index, byte] of bytes.entries()) {
        const isSecondHalf = byte === lineFeed && isAfterCarriageReturn;
        // A message that ends with CR has been counted there; a LF that follows still belongs to it.
        if (messages === count && !isSecondHalf) {
          return index;
        }
        isAfterCarriageReturn = byte === carriageReturn;
        if (isSecondHalf) {
          if (messages === count) {
            return index + 1;
          }
        } else if (byte === lineFeed || byte === carriageReturn) {
          messages += endLine() ? 1 : 0;
          if (messages === count && byte === lineFeed) {
            return index + 1;
          }
        } else {
          lineHasBytes = true;
        }
      }
      return undefined;
    },
    isHere: () => messages === count,
  };
}
