import { createConcurrency } from './concurrency.ts';
import { processClock } from './lambda-clock.ts';
import { LambdaFunctionError } from './lambda-function-error.ts';
import type { LambdaFunctionSettings, LambdaInvocation } from './lambda-function-settings.ts';
import { openStream } from './open-stream.ts';
import type { OpenStream } from './open-stream.ts';
import { collectPayload, limitStream } from './response-limits.ts';
import { createSandboxPool } from './sandbox-pool.ts';
import type { SandboxAnswer } from './sandbox.ts';

export { LambdaFunctionError, isUnlogged } from './lambda-function-error.ts';

/** A streamed answer whose prelude is complete. */
export interface LambdaStream extends OpenStream {
  /** False where the handler does not stream: then the body is the JSON that it returned. */
  readonly isStreamed: boolean;
  /** How long this invocation waited for the start of a process, in milliseconds; undefined where one ran already. */
  readonly initMs: number | undefined;
  /** Kills the process that answers, as if it had died by itself. */
  crash(): void;
}

/** A whole answer. */
export interface LambdaPayload {
  /** JSON, where the handler does not stream. */
  readonly bytes: Uint8Array;
  /** True where the handler streams: then these are the bytes that it would have sent, its prelude among them. */
  readonly isStreamed: boolean;
  /** How long this invocation waited for the start of a process, in milliseconds; undefined where one ran already. */
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
   * Invokes as a Function URL with `BUFFERED` does and resolves when the answer is complete.
   *
   * @throws LambdaFunctionError where it fails, or answers with more than 6 MB.
   */
  invokeBuffered(event: unknown, invocation: LambdaInvocation): Promise<LambdaPayload>;
  /**
   * Invokes as Lambda@Edge does and resolves to the JSON result.
   *
   * @throws LambdaFunctionError where it fails.
   */
  invoke(event: unknown, invocation: LambdaInvocation): Promise<unknown>;
  /** Ends every process. Idempotent. */
  close(): Promise<void>;
}

/** Makes a function that runs from its bundle on this machine. Nothing starts before the first invocation. */
export function createLambdaFunction(settings: LambdaFunctionSettings): LambdaFunction {
  const { clock = processClock } = settings;
  const concurrency = createConcurrency(settings.reservedConcurrency, () => clock.nowMs());
  const pool = createSandboxPool(settings);

  async function run(event: unknown, invocation: LambdaInvocation): Promise<Run> {
    const end = concurrency.begin();
    const acquired = await pool.acquire(invocation).catch((error: unknown) => {
      end();
      throw error;
    });
    const { sandbox, initMs, timeoutMs } = acquired;
    try {
      const answer = await sandbox.invoke(event, invocation, timeoutMs);
      return { answer, initMs, crash: () => pool.crash(sandbox, invocation.requestId) };
    } finally {
      void pool.release(sandbox).then(end);
    }
  }

  function warnOfMissingPrelude(): void {
    const text =
      'the answer is empty, and so it is 200 without headers: HttpResponseStream.from sends its status and headers with the first write(), never with end()';
    settings.onLog({ functionName: settings.name, stream: 'platform', text });
  }

  return {
    invokeStreaming: async (event, invocation) => {
      const { answer, initMs, crash } = await run(event, invocation);
      const limited = answer.kind === 'buffered' ? answer : { ...answer, bytes: limitStream(answer.bytes, clock) };
      const stream = await openStream(limited, warnOfMissingPrelude);
      return { ...stream, isStreamed: answer.kind === 'streaming', initMs, crash };
    },
    invokeBuffered: async (event, invocation) => {
      const { answer, initMs } = await run(event, invocation);
      return answer.kind === 'buffered'
        ? { bytes: Buffer.from(answer.json), isStreamed: false, initMs }
        : { bytes: await collectPayload(answer.bytes), isStreamed: true, initMs };
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
    close: () => pool.close(),
  };
}

interface Run {
  readonly answer: SandboxAnswer;
  readonly initMs: number | undefined;
  readonly crash: () => void;
}
