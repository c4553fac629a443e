import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ViewerFunctionEvent } from './viewer-function-event.ts';
import { createViewerFunction } from './viewer-function.ts';
import type { ViewerFunction, ViewerFunctionRun } from './viewer-function.ts';

const event: ViewerFunctionEvent = {
  version: '1.0',
  context: {
    distributionDomainName: 'd1.cloudfront.net',
    distributionId: 'E1',
    eventType: 'viewer-request',
    requestId: 'r1',
  },
  viewer: { ip: '127.0.0.1' },
  request: { method: 'GET', uri: '/a', querystring: {}, headers: { host: { value: 'here' } }, cookies: {} },
};

const opened: ViewerFunction[] = [];
after(() => Promise.all(opened.map((viewerFunction) => viewerFunction.close())));

test('runs a plain and an async handler and hands their results on', async () => {
  assert.deepEqual(await run('function handler(event) { event.request.uri = "/b"; return event.request; }'), {
    result: { ...event.request, uri: '/b' },
    failure: undefined,
    logs: [],
  });
  assert.deepEqual(await run('async function handler(event) { await null; return { statusCode: 204 }; }'), {
    result: { statusCode: 204 },
    failure: undefined,
    logs: [],
  });
});

test('hands on what the function writes to the console', async () => {
  assert.deepEqual(
    (await run('function handler(event) { console.log("path", event.request.uri, { a: 1 }); return {}; }')).logs,
    ['path /a {"a":1}'],
  );
});

test('stops a function that never ends', async () => {
  assert.match((await run('function handler() { for (;;); }')).failure ?? '', /stopped after 1000 ms/u);
  assert.match(
    (await run('async function handler() { for (;;) await null; }')).failure ?? '',
    /stopped after 1000 ms/u,
  );
  assert.equal(
    (await run('function handler() { return new Promise(() => {}); }')).failure,
    'the handler never came to an end',
  );
});

test('reports what a function throws, and a function without a handler', async () => {
  assert.equal((await run('function handler() { throw new TypeError("no"); }')).failure, 'TypeError: no');
  assert.equal((await run('const other = 1;')).failure, 'TypeError: the function has no handler');
});

test('gives a function nothing but the language: no process, no timers, no network, no code from strings', async () => {
  const names = ['process', 'require', 'setTimeout', 'fetch', 'Buffer', 'WebAssembly', 'SharedArrayBuffer'];
  const code = `function handler() { return [${names.map((name) => `typeof ${name}`).join(', ')}]; }`;
  assert.deepEqual(
    (await run(code)).result,
    names.map(() => 'undefined'),
  );
  assert.match((await run('function handler() { return eval("1"); }')).failure ?? '', /EvalError/u);
  assert.match(
    (await run('function handler() { return console.log.constructor("return process")(); }')).failure ?? '',
    /EvalError/u,
  );
});

test('runs again after it had to be stopped, and answers each of several events at once', async () => {
  const viewerFunction = createViewerFunction(
    'f',
    'function handler(event) { while (event.request.uri === "/hang"); return { uri: event.request.uri }; }',
  );
  opened.push(viewerFunction);
  const runs = ['/hang', '/b', '/c'].map((uri) => viewerFunction.run({ ...event, request: { ...event.request, uri } }));
  assert.deepEqual(
    (await Promise.all(runs)).map(({ result }) => result),
    [undefined, { uri: '/b' }, { uri: '/c' }],
  );
});

test('keeps nothing from one run to the next', async () => {
  const viewerFunction = createViewerFunction(
    'f',
    'var count = 0; function handler() { globalThis.n = (globalThis.n || 0) + 1; count += 1; return { n: globalThis.n, count }; }',
  );
  opened.push(viewerFunction);
  await viewerFunction.run(event);
  assert.deepEqual((await viewerFunction.run(event)).result, { n: 1, count: 1 });
});

test('says which function cannot be compiled', async () => {
  assert.throws(() => createViewerFunction('front', "import cf from 'cloudfront';"), {
    name: 'LocalChainError',
    message: 'the CloudFront Function front cannot be compiled: Cannot use import statement outside a module',
  });
});

function run(code: string): Promise<ViewerFunctionRun> {
  const viewerFunction = createViewerFunction('f', code);
  opened.push(viewerFunction);
  return viewerFunction.run(event);
}
