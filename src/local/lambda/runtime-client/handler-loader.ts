import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RuntimeError } from './runtime-error.ts';

/** Marks that `awslambda.streamifyResponse` leaves on a handler (aws-lambda-ric). */
export const streamingMark: unique symbol = Symbol.for('aws.lambda.runtime.handler.streaming');
/** Where `streamifyResponse`'s `highWaterMark` is kept. */
export const highWaterMarkMark: unique symbol = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

/** A handler as it was exported. */
export type Handler = ((...values: unknown[]) => unknown) & {
  [streamingMark]?: unknown;
  [highWaterMarkMark]?: unknown;
};

/** A handler and how it is called. */
export interface LoadedHandler {
  readonly handler: Handler;
  /** True: called with (event, responseStream, context); false: with (event, context). */
  readonly streaming: boolean;
  /** Bytes that its socket takes before `write` returns false, where the handler named them. */
  readonly highWaterMark: number | undefined;
}

/**
 * Loads `file.export` from a folder: the file as it is named, then with `.js`, `.mjs`, `.cjs`, then as a package.
 *
 * @throws RuntimeError where the name is malformed, nothing is exported by it, or it takes a callback, which Node.js 24
 * functions may not.
 */
export async function loadHandler(taskRoot: string, handlerName: string): Promise<LoadedHandler> {
  const { folder, moduleName, path } = parseHandlerName(handlerName);
  const module = await loadModule(taskRoot, folder, moduleName);
  const handler = findHandler(module, path) ?? findHandler(readProperty(module, 'default'), path);
  if (handler === undefined || handler === null) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  if (!isHandler(handler)) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  }
  const streaming = isStreaming(handler);
  if (!streaming && handler.length >= 3) {
    throw new RuntimeError(
      'Runtime.CallbackHandlerDeprecated',
      'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
    );
  }
  const highWaterMark = Number(handler[highWaterMarkMark]);
  return { handler, streaming, highWaterMark: highWaterMark > 0 ? highWaterMark : undefined };
}

interface HandlerName {
  readonly folder: string;
  readonly moduleName: string;
  readonly path: readonly string[];
}

function parseHandlerName(name: string): HandlerName {
  if (name.includes('..')) {
    throw new RuntimeError(
      'Runtime.MalformedHandlerName',
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const [, moduleName, path] = /^([^.]*)\.(.*)$/u.exec(basename(name)) ?? [];
  if (moduleName === undefined || path === undefined) {
    throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  }
  return { folder: dirname(name), moduleName, path: path.split('.') };
}

async function loadModule(taskRoot: string, folder: string, moduleName: string): Promise<unknown> {
  const base = resolve(taskRoot, folder, moduleName);
  try {
    const file = ['', '.js', '.mjs', '.cjs'].map((extension) => `${base}${extension}`).find((path) => existsSync(path));
    if (file !== undefined) {
      return await import(pathToFileURL(file).href);
    }
    const require = createRequire(import.meta.url);
    return require(require.resolve(moduleName, { paths: [taskRoot, resolve(taskRoot, folder)] }));
  } catch (error) {
    if (error instanceof SyntaxError) {
      const syntaxError = new RuntimeError('Runtime.UserCodeSyntaxError', String(error));
      if (error.stack !== undefined) {
        syntaxError.stack = error.stack;
      }
      throw syntaxError;
    }
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') {
      throw new RuntimeError('Runtime.ImportModuleError', String(error));
    }
    throw error;
  }
}

function findHandler(module: unknown, path: readonly string[]): unknown {
  return path.reduce((nested, key) => readProperty(nested, key), module);
}

function readProperty(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

function isStreaming(handler: Handler): boolean {
  const mark = handler[streamingMark];
  if (mark !== undefined && mark !== '' && mark !== false && mark !== 'response') {
    throw new RuntimeError('Runtime.MalformedStreamingHandler', 'Only response streaming is supported.');
  }
  return mark === 'response';
}
