import { createPreludeParser, preludeContentType } from './prelude.ts';
import type { Prelude, PreludeAndRest } from './prelude.ts';
import type { SandboxAnswer, SandboxBytes } from './sandbox.ts';

/** A streamed answer whose prelude is complete. */
export interface OpenStream extends Prelude {
  /** The bytes after the prelude. Throws `LambdaFunctionError` where the function dies, times out or fails. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What comes before the body of an answer that names its content type and nothing else. */
function preludeOf(contentType: string): Prelude {
  return { statusCode: 200, headers: { 'content-type': contentType }, cookies: [] };
}

/**
 * Waits for an answer's prelude. An answer of a function that does not stream has none: it is passed on as it is, its
 * `statusCode` too (observed on AWS with `RESPONSE_STREAM`).
 *
 * @param onMissingPrelude told where the answer is empty although it owes a prelude; it is then 200 without headers
 * @throws LambdaFunctionError where the function fails before, or what it sends is no prelude
 */
export async function openStream(answer: SandboxAnswer, onMissingPrelude: () => void): Promise<OpenStream> {
  if (answer.kind === 'buffered') {
    return { ...preludeOf('application/json'), body: singleChunk(answer.json) };
  }
  const { contentType, bytes } = answer;
  try {
    if (contentType !== preludeContentType) {
      // An error before the first byte must be thrown, not streamed: so the first byte is waited for.
      const first = await bytes.next();
      return { ...preludeOf(contentType), body: first === undefined ? singleChunk('') : bodyOf(first, bytes) };
    }
    const found = await readPrelude(bytes);
    if (found === undefined) {
      onMissingPrelude();
      return { ...preludeOf('application/octet-stream'), body: singleChunk('') };
    }
    return { ...found.prelude, body: bodyOf(found.rest, bytes) };
  } catch (error) {
    bytes.discard();
    throw error;
  }
}

/** Undefined where the answer ends without a byte. */
async function readPrelude(bytes: SandboxBytes): Promise<PreludeAndRest | undefined> {
  const parser = createPreludeParser();
  for (;;) {
    const chunk = await bytes.next();
    if (chunk === undefined) {
      return parser.end();
    }
    const found = parser.push(chunk);
    if (found !== undefined) {
      return found;
    }
  }
}

/** Read once. `return` lets the function run to its end unread; a body that nobody reads holds the function back. */
function bodyOf(first: Uint8Array, bytes: SandboxBytes): AsyncIterable<Uint8Array> {
  let head: Uint8Array | undefined = first.length > 0 ? first : undefined;
  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => {
      const value = head ?? (await bytes.next());
      head = undefined;
      return value === undefined ? { done: true, value } : { done: false, value };
    },
    return: () => {
      bytes.discard();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* singleChunk(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') {
    yield Buffer.from(text);
  }
}
