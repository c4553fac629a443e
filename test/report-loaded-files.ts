/**
 * A process that starts the relay's bundle as Lambda does and answers the requests that it is sent. It says, of the start and of
 * each request, which files of the bundle Node.js loaded for it.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { FunctionUrlHandler } from '../src/hosts/lambda-types.ts';
import { awslambda, context, createResponseStream, functionUrlEvent } from './hosts/awslambda.ts';

/** What the process is sent. */
export interface FileRequest {
  readonly method: string;
  readonly rawPath: string;
}

/** What the process sends back, once for its start and once for each request. */
export interface LoadedFiles {
  /** Names within the bundle's folder, in the order in which they were loaded. */
  readonly files: readonly string[];
  /** Of the answer to a request. */
  readonly status?: number | undefined;
  readonly body?: string | undefined;
}

const folder = pathToFileURL(`${process.argv[2] ?? ''}/`).href;
let files: string[] = [];
registerHooks({
  load(url, loadContext, nextLoad) {
    if (url.startsWith(folder)) files.push(url.slice(folder.length));
    return nextLoad(url, loadContext);
  },
});
Object.assign(globalThis, { awslambda });

const { handler } = (await import(`${folder}index.mjs`)) as { readonly handler: FunctionUrlHandler };
report();
process.on('message', (request: FileRequest) => void answer(request));

async function answer(request: FileRequest): Promise<void> {
  const stream = createResponseStream();
  await handler(functionUrlEvent({ ...request, body: '{}' }), stream.sink, context);
  await stream.ended();
  const { statusCode: status, body } = stream.response();
  report({ status, body });
}

function report(answered: Omit<LoadedFiles, 'files'> = {}): void {
  process.send?.({ files, ...answered } satisfies LoadedFiles);
  files = [];
}
