import { StringDecoder } from 'node:string_decoder';

/** Longest line that is kept together, in UTF-16 units: CloudWatch Logs' limit for an event is 1 MiB. */
const maxLineLength = 1_048_576;

/** Bytes in, lines out. */
export interface LineSplitter {
  /** Takes the next bytes, cut anywhere. */
  push(bytes: Buffer): void;
  /** Hands out what is left without a line break. */
  end(): void;
}

/**
 * Splits UTF-8 text at LF. A CR within a line is turned into LF: Lambda's runtime writes a message of several lines so,
 * in order to keep it one event.
 */
export function createLineSplitter(onLine: (text: string) => void): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';

  function take(text: string): void {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      emit(line);
    }
    if (rest.length > maxLineLength) {
      emit(rest);
      rest = '';
    }
  }

  function emit(line: string): void {
    onLine(line.replace(/\r$/u, '').replaceAll('\r', '\n'));
  }

  return {
    push: (bytes) => take(decoder.write(bytes)),
    end: () => {
      take(decoder.end());
      if (rest !== '') {
        emit(rest);
        rest = '';
      }
    },
  };
}
