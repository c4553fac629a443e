import type nodeHttp from 'node:http';
import type nodeHttps from 'node:https';

/**
 * Node's own HTTP client, without an `import` of `node:http`: from an ES module, that reads everything that it exports, and
 * `WebSocket` among that loads the whole of Node's `fetch`: 30 ms instead of 3, a fifth of a cold start. The client in
 * Lambda's own Node.js runtime (`aws-lambda-ric` 4) requires `node:http`, so it is not there before the function either.
 */
export const http: typeof nodeHttp = process.getBuiltinModule('node:http');

/** The same over TLS. */
export const https: typeof nodeHttps = process.getBuiltinModule('node:https');
