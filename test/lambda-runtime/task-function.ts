import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLambdaFunction } from '../../src/local/lambda/lambda-function.ts';
import type { LambdaFunction, LambdaStream } from '../../src/local/lambda/lambda-function.ts';
import type { LambdaFunctionSettings } from '../../src/local/lambda/lambda-function-settings.ts';

/** Folder of the handlers of these tests. */
export const taskFolder: string = fileURLToPath(new URL('task', import.meta.url));

/** What an invocation is known by where it does not matter. */
export const invocation = { requestId: 'req-1', traceId: 'Root=1-2;Sampled=1' };

/** Makes a function of these handlers, which ends with the test. Its answers are as fast as this machine is. */
export function startFunction(
  t: TestContext,
  handler: string,
  changes: Partial<LambdaFunctionSettings> = {},
): LambdaFunction {
  const lambda = createLambdaFunction({
    name: 'relay',
    codeDirectory: taskFolder,
    handler,
    environment: {},
    timeoutMs: 20_000,
    memorySizeMb: 512,
    region: 'eu-west-1',
    accountId: '123456789012',
    clock: { nowMs: () => performance.now(), wait: () => Promise.resolve() },
    onLog: () => undefined,
    ...changes,
  });
  t.after(() => lambda.close());
  return lambda;
}

/** Reads a streamed answer to its end. */
export async function readStream(stream: LambdaStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream.body) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads a streamed answer until it fails, and says how. */
export async function readUntilError(stream: LambdaStream): Promise<unknown> {
  let read = '';
  try {
    for await (const chunk of stream.body) {
      read += String(chunk);
    }
  } catch (error) {
    const { kind, errorType } = error as { readonly kind: string; readonly errorType: string };
    return { read, kind, errorType };
  }
  return { read };
}
