import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RuntimeError } from './runtime-error.ts';

/** Marks that `awslambda.streamifyResponse` leaves on a handler (aws-lambda-ric). */
export const streamingMark: unique symbol = Symbol.for('aws.lambda.runtime.handler.streaming');
/** Where `streamifyResponse`'s `highWaterMark` is kept. */
export const highWaterMarkMark: unique symbol = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

/** Why a handler that takes a callback is refused. */
const callbackMessages = {
  node22:
    'ERROR: AWS Lambda does not support callback-based function handlers when using Node.js 22 with Managed Instances. To use Managed Instances, modify this function to use a supported handler signature. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
  later:
    'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.',
};

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
  // What is falsy is as if it were not there.
  const handler = nothingOf(findHandler(module, path)) ?? findHandler(readProperty(module, 'default'), path);
  if (nothingOf(handler) === undefined) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  if (!isHandler(handler)) {
    throw new RuntimeError('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  }
  const streaming = isStreaming(handler);
  if (!streaming && handler.length >= 3) {
    throw new RuntimeError(
      'Runtime.CallbackHandlerDeprecated',
      process.env['AWS_EXECUTION_ENV'] === 'AWS_Lambda_nodejs22.x' ? callbackMessages.node22 : callbackMessages.later,
    );
  }
  const highWaterMark = Number(nothingOf(handler[highWaterMarkMark]) ?? Number.NaN);
  return { handler, streaming, highWaterMark: Number.isNaN(highWaterMark) ? undefined : highWaterMark };
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
  const file = basename(name);
  const [, moduleName, path] = /^([^.]*)\.(.*)$/u.exec(file) ?? [];
  if (moduleName === undefined || path === undefined) {
    throw new RuntimeError('Runtime.MalformedHandlerName', 'Bad handler');
  }
  // Up to where the file's name stands first, even within a folder's.
  const folder = name.slice(0, name.indexOf(file)).replace(/\/$/u, '');
  return { folder, moduleName, path: path.split('.') };
}

async function loadModule(taskRoot: string, folder: string, moduleName: string): Promise<unknown> {
  const base = resolve(taskRoot, folder, moduleName);
  try {
    const file = ['', '.js', '.mjs', '.cjs'].map((extension) => `${base}${extension}`).find((path) => existsSync(path));
    if (file !== undefined) {
      return await import(pathToFileURL(file).href);
    }
    const require = createRequire(import.meta.url);
    return require(require.resolve(moduleName, { paths: [taskRoot, join(taskRoot, folder)] }));
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

function nothingOf<T>(value: T): NonNullable<T> | undefined {
  return value ? value : undefined;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

function isStreaming(handler: Handler): boolean {
  const mark = nothingOf(handler[streamingMark]);
  if (mark !== undefined && mark !== 'response') {
    throw new RuntimeError('Runtime.MalformedStreamingHandler', 'Only response streaming is supported.');
  }
  return mark === 'response';
}
