/**
 * The program of a function's process: loads the handler and serves one invocation after another from the Runtime API.
 *
 * What a handler sees is what `aws-lambda-ric` 4 (the client of Lambda's own Node.js 24 runtime) shows it, and what it
 * sends is the same bytes; `test/lambda-runtime/genuine-runtime.test.ts` compares the two.
 */
import { logFailure, patchConsole } from './runtime-client/console.ts';
import { loadHandler, highWaterMarkMark, streamingMark } from './runtime-client/handler-loader.ts';
import type { Handler, LoadedHandler } from './runtime-client/handler-loader.ts';
import { buildContext } from './runtime-client/invoke-context.ts';
import type { InvokeContext } from './runtime-client/invoke-context.ts';
import { InvokeStore, invokeStoreContext } from './runtime-client/invoke-store.ts';
import { HttpResponseStream } from './runtime-client/response-stream.ts';
import { createRuntimeApiClient } from './runtime-client/runtime-api-client.ts';
import type { RuntimeApiClient } from './runtime-client/runtime-api-client.ts';
import { RuntimeError } from './runtime-client/runtime-error.ts';

const json = process.env['AWS_LAMBDA_LOG_FORMAT']?.toUpperCase() === 'JSON';
const invokeStore = new InvokeStore();

if (!['1', 'true'].includes(process.env['AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA'] ?? '')) {
  Object.assign(globalThis, { awslambda: { streamifyResponse, HttpResponseStream, InvokeStore: invokeStore } });
}
patchConsole(console, {
  json,
  minLevel: process.env['AWS_LAMBDA_LOG_LEVEL'],
  requestId: () => invokeStore.getRequestId(),
  write: (line) => process.stdout.write(line),
});
// Not awaited: a process with nothing left to do, as where a handler never settles, ends without a word.
void serve();

async function serve(): Promise<never> {
  const address = variable('AWS_LAMBDA_RUNTIME_API');
  const loaded = await load(createRuntimeApiClient(address, undefined));
  const client = createRuntimeApiClient(address, loaded.highWaterMark);
  for (;;) {
    const { headers, event } = await client.next();
    const context = buildContext(headers);
    await invokeStore.run(invokeStoreContext(context.awsRequestId, context.xRayTraceId), () =>
      loaded.streaming ? runStreaming(client, loaded, event, context) : runBuffered(client, loaded, event, context),
    );
  }
}

async function load(client: RuntimeApiClient): Promise<LoadedHandler> {
  try {
    return await loadHandler(variable('LAMBDA_TASK_ROOT'), variable('_HANDLER'));
  } catch (error) {
    logFailure('Init Error', error, json);
    await client.failInit(error).catch((failure: unknown) => {
      logFailure('Failed to post init error', failure, json);
      throw failure;
    });
    throw error;
  }
}

/**
 * What a handler that is no arrow function sees as its receiver, besides itself: the genuine runtime calls it as a method of
 * an object of its own. A method of a class that lost its instance fails there, and here, in the same words.
 */
const lifecycle = {};
const handlerMetadata = {};

async function runBuffered(
  client: RuntimeApiClient,
  { handler }: LoadedHandler,
  event: unknown,
  context: InvokeContext,
): Promise<void> {
  try {
    const result = await handler.call({ handler, lifecycle }, event, context);
    await turn();
    await client.respond(context.awsRequestId, result);
  } catch (error) {
    await turn();
    logFailure('Invoke Error', error, json);
    await client.fail(context.awsRequestId, error);
  }
}

async function runStreaming(
  client: RuntimeApiClient,
  { handler }: LoadedHandler,
  event: unknown,
  context: InvokeContext,
): Promise<void> {
  const response = client.stream(context.awsRequestId);
  try {
    const running = handler.call({ handler, lifecycle, handlerMetadata }, event, response.stream, context);
    if (!isPromise(running)) {
      throw new Error('Streaming does not support non-async handlers.');
    }
    if ((await running) !== undefined) {
      console.warn('Streaming handlers ignore return values.');
    }
    await response.accepted;
    if (!response.stream.writableFinished) {
      throw new Error('Response stream is not finished.');
    }
  } catch (error) {
    await turn();
    logFailure('Invoke Error', error, json);
    // Not awaited, as in the genuine client: a failure here ends the process.
    void response.fail(error);
  }
}

/** Lets what the handler has scheduled for this turn go out first. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function streamifyResponse(handler: Handler, options?: { readonly highWaterMark?: unknown }): Handler {
  handler[streamingMark] = 'response';
  if (typeof options?.highWaterMark === 'number') {
    handler[highWaterMarkMark] = Number.parseInt(String(options.highWaterMark), 10);
  }
  return handler;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new RuntimeError('Runtime.PlatformError', `${name} environment variable is not set`);
  }
  return value;
}
