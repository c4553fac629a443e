/** Loads a function's module as Lambda does and prints how long that took, in milliseconds. */
import { pathToFileURL } from 'node:url';

const [, , path = ''] = process.argv;
Object.assign(globalThis, { awslambda: { streamifyResponse: (handler: unknown) => handler } });
const url = pathToFileURL(path).href;
const startedAt = performance.now();
await import(url);
process.stdout.write(String(performance.now() - startedAt));
