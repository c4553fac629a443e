import { LambdaFunctionError } from './lambda-function-error.ts';
import type { LambdaFunctionSettings, LambdaInvocation } from './lambda-function-settings.ts';
import { createPreludeParser, preludeContentType } from './prelude.ts';
import type { Prelude } from './prelude.ts';
import { startSandbox } from './sandbox.ts';
import type { Sandbox, SandboxAnswer, SandboxBytes } from './sandbox.ts';

export { LambdaFunctionError } from './lambda-function-error.ts';

/** A streamed answer whose prelude is complete. */
export interface LambdaStream {
  /** The prelude's status. Default 200. */
  readonly statusCode: number;
  /** The prelude's headers, names as the function wrote them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The prelude's cookies: each a whole `set-cookie` value. */
  readonly cookies: readonly string[];
  /** The bytes after the prelude. Throws {@link LambdaFunctionError} where the function dies, times out or fails. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The cold start's duration in milliseconds, where this invocation paid for one. */
  readonly initMs: number | undefined;
}

/** A function that can be invoked; it keeps one process per concurrent request. */
export interface LambdaFunction {
  /**
   * Invokes as a Function URL with `RESPONSE_STREAM` does and resolves when the prelude is complete. A reader that
   * stops reading is not told to the function: the rest is drained and discarded.
   *
   * @throws LambdaFunctionError where it fails before the prelude is complete.
   */
  invokeStreaming(event: unknown, invocation: LambdaInvocation): Promise<LambdaStream>;
  /**
   * Invokes as Lambda@Edge does and resolves to the JSON result.
   *
   * @throws LambdaFunctionError where it fails.
   */
  invoke(event: unknown, invocation: LambdaInvocation): Promise<unknown>;
  /** Ends every process. Idempotent. */
  close(): Promise<void>;
}

/** Largest streamed answer, in bytes: 200 MB (Lambda quotas). Lambda's bandwidth limit after 6 MB is not imitated. */
const maxStreamedBytes = 200 * 1024 * 1024;

/** How long an invocation waits for a process that has answered but not yet asked for more, rather than start another. */
const finishingPatienceMs = 50;

/** Makes a function that runs from its bundle on this machine. Nothing starts before the first invocation. */
export function createLambdaFunction(settings: LambdaFunctionSettings): LambdaFunction {
  const closing = new AbortController();
  const sandboxes = new Set<Sandbox>();
  const starting = new Set<Promise<unknown>>();
  const idle: Sandbox[] = [];

  async function acquire(): Promise<AcquiredSandbox> {
    await untilSomeFinish();
    for (let sandbox = idle.pop(); sandbox !== undefined; sandbox = idle.pop()) {
      if (sandbox.alive) {
        return { sandbox, initMs: undefined };
      }
    }
    if (closing.signal.aborted) {
      throw new LambdaFunctionError('throttled', 'Function.Closed', `the function ${settings.name} is closed`);
    }
    const start = startSandbox(settings, closing.signal);
    // Closing waits for a start that is under way; its failure is for whoever invoked.
    const settled = start.then(
      () => undefined,
      () => undefined,
    );
    starting.add(settled);
    void settled.then(() => starting.delete(settled));
    const sandbox = await start;
    sandboxes.add(sandbox);
    return { sandbox, initMs: sandbox.initMs };
  }

  async function untilSomeFinish(): Promise<void> {
    const finishing = [...sandboxes].filter((sandbox) => sandbox.finishing && !idle.includes(sandbox));
    if (finishing.length > 0) {
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, finishingPatienceMs);
      await Promise.race([patience.promise, ...finishing.map((sandbox) => sandbox.untilFree())]);
      clearTimeout(timer);
    }
  }

  async function run(event: unknown, invocation: LambdaInvocation): Promise<AcquiredAnswer> {
    const { sandbox, initMs } = await acquire();
    try {
      const answer = await sandbox.invoke(event, invocation);
      return { answer, initMs };
    } finally {
      void release(sandbox);
    }
  }

  async function release(sandbox: Sandbox): Promise<void> {
    await sandbox.untilFree();
    if (sandbox.alive) {
      idle.push(sandbox);
    } else {
      sandboxes.delete(sandbox);
    }
  }

  return {
    invokeStreaming: async (event, invocation) => {
      const { answer, initMs } = await run(event, invocation);
      return { ...(await openStream(answer)), initMs };
    },
    invoke: async (event, invocation) => {
      const { answer } = await run(event, invocation);
      if (answer.kind === 'streaming') {
        answer.bytes.discard();
        throw new LambdaFunctionError(
          'function-error',
          'Runtime.UnexpectedStream',
          `the function ${settings.name} streams its answer; a JSON result is expected here`,
        );
      }
      return answer.json === '' ? null : (JSON.parse(answer.json) as unknown);
    },
    close: async () => {
      closing.abort();
      await Promise.all(starting);
      await Promise.all([...sandboxes].map((sandbox) => sandbox.stop()));
    },
  };
}

interface AcquiredSandbox {
  readonly sandbox: Sandbox;
  readonly initMs: number | undefined;
}

interface AcquiredAnswer {
  readonly answer: SandboxAnswer;
  readonly initMs: number | undefined;
}

type OpenStream = Omit<LambdaStream, 'initMs'>;

async function openStream(answer: SandboxAnswer): Promise<OpenStream> {
  if (answer.kind === 'buffered') {
    return withoutPrelude('application/json', singleChunk(answer.json));
  }
  try {
    return answer.contentType === preludeContentType
      ? await readPrelude(answer.bytes)
      : await readFirstBytes(answer.contentType, answer.bytes);
  } catch (error) {
    answer.bytes.discard();
    throw error;
  }
}

async function readPrelude(bytes: SandboxBytes): Promise<OpenStream> {
  const parser = createPreludeParser();
  for (;;) {
    const chunk = await bytes.next();
    const found = chunk === undefined ? parser.end() : parser.push(chunk);
    if (found !== undefined) {
      const { prelude, rest } = found;
      return { ...prelude, body: bodyOf(rest, bytes) };
    }
  }
}

/** An error before the first byte must be thrown, not streamed: so the first byte is waited for. */
async function readFirstBytes(contentType: string, bytes: SandboxBytes): Promise<OpenStream> {
  const first = await bytes.next();
  return withoutPrelude(contentType, first === undefined ? singleChunk('') : bodyOf(first, bytes));
}

function withoutPrelude(contentType: string, body: AsyncIterable<Uint8Array>): OpenStream {
  const prelude: Prelude = { statusCode: 200, headers: { 'content-type': contentType }, cookies: [] };
  return { ...prelude, body };
}

/** Read once. `return` lets the function run to its end unread; a body that nobody reads holds the function back. */
function bodyOf(first: Uint8Array, bytes: SandboxBytes): AsyncIterable<Uint8Array> {
  let head: Uint8Array | undefined = first.length > 0 ? first : undefined;
  let length = 0;
  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => {
      const value = head ?? (await bytes.next());
      head = undefined;
      if (value === undefined) {
        return { done: true, value };
      }
      length += value.length;
      if (length > maxStreamedBytes) {
        bytes.discard();
        throw new LambdaFunctionError(
          'function-error',
          'Function.ResponseSizeTooLarge',
          `the answer has more than ${maxStreamedBytes} bytes`,
        );
      }
      return { done: false, value };
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
