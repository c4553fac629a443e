import type { AgentCoreLimits } from './agentcore-settings.ts';

/** Ends of a message of `text/event-stream`: a blank line, whatever ends lines (WHATWG HTML, 9.2.5). */
const messageEnds = ['\n\n', '\r\n\r\n', '\r\r'];

/** Longest of them but one byte: what must be kept of a chunk to find an end that is cut in two. */
const maxCarriedBytes = 3;

/** An answer that AgentCore breaks off because it is too large. */
export class AnswerLimitError extends Error {
  override readonly name = 'AnswerLimitError';
}

/**
 * Passes an answer's bytes on as far as AgentCore does.
 *
 * @throws AnswerLimitError while it is read, where the answer or one message of a stream is larger than the limit.
 */
export async function* limitAnswer(
  answer: AsyncIterable<Uint8Array>,
  contentType: string | undefined,
  { maxResponseBytes, maxChunkBytes }: Pick<AgentCoreLimits, 'maxResponseBytes' | 'maxChunkBytes'>,
): AsyncGenerator<Uint8Array> {
  const measure = isEventStream(contentType) ? createMessageMeasure() : () => 0;
  let passed = 0;
  for await (const chunk of answer) {
    const rest = maxResponseBytes - passed;
    if (measure(chunk) > maxChunkBytes) {
      throw new AnswerLimitError(`one message of the answer is larger than ${maxChunkBytes} bytes`);
    }
    if (chunk.length > rest) {
      yield chunk.subarray(0, rest);
      throw new AnswerLimitError(`the answer is larger than ${maxResponseBytes} bytes`);
    }
    passed += chunk.length;
    yield chunk;
  }
}

/** True for `text/event-stream`, with or without parameters. */
export function isEventStream(contentType: string | undefined): boolean {
  return /^\s*text\/event-stream\s*(?:;|$)/iu.test(contentType ?? '');
}

/** Gives, chunk by chunk, the size of the largest message that the chunk has a part of, as far as it has come. */
function createMessageMeasure(): (chunk: Uint8Array) => number {
  let carried: Buffer = Buffer.alloc(0);
  let pending = 0;
  return (chunk) => {
    const window = Buffer.concat([carried, chunk]);
    let start = carried.length - pending;
    let largest = 0;
    for (let end = findEnd(window, Math.max(start, 0)); end !== undefined; end = findEnd(window, end)) {
      largest = Math.max(largest, end - start);
      start = end;
    }
    pending = window.length - start;
    carried = window.subarray(-maxCarriedBytes);
    return Math.max(largest, pending);
  };
}

/** Where the first message that ends after `from` ends. */
function findEnd(bytes: Buffer, from: number): number | undefined {
  const ends = messageEnds.flatMap((text) => {
    const index = bytes.indexOf(text, from);
    return index === -1 ? [] : [index + text.length];
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}
