import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ViewerFunctionEvent } from './viewer-function-event.ts';
import { createViewerFunction } from './viewer-function.ts';
import type { ComputeLimits, ViewerFunction, ViewerFunctionRun } from './viewer-function.ts';

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
    warning: undefined,
  });
  assert.deepEqual(await run('async function handler(event) { await null; return { statusCode: 204 }; }'), {
    result: { statusCode: 204 },
    failure: undefined,
    logs: [],
    warning: undefined,
  });
});

test('hands on what the function writes to the console', async () => {
  assert.deepEqual(
    (await run('function handler(event) { console.log("path", event.request.uri, { a: 1 }); return {}; }')).logs,
    ['path /a {"a":1}'],
  );
});

test('cuts what it writes after 10 KB, and has no other way to write', async () => {
  const { logs } = await run(
    'function handler() { for (var i = 0; i < 3; i += 1) console.log("x".repeat(5000)); return {}; }',
  );
  assert.deepEqual(
    logs.map((line) => line.length),
    [5000, 5000, 240],
  );
  assert.equal(
    (await run('function handler() { console.error("x"); }')).failure,
    'TypeError: console.error is not a function',
  );
});

test('stops a function that uses far more memory than CloudFront gives it, and runs it again', async () => {
  const viewerFunction = createViewerFunction(
    'f',
    'function handler(event) { var all = []; while (event.request.uri === "/big") all.push({ all: [all.length] }); return {}; }',
  );
  opened.push(viewerFunction);
  const big = await viewerFunction.run({ ...event, request: { ...event.request, uri: '/big' } });
  assert.equal(big.failure, 'the function was stopped: it used over 32 MB of memory, and CloudFront gives it 2 MB');
  assert.deepEqual((await viewerFunction.run(event)).result, {});
});

test('fails a run that uses far more processor time than CloudFront gives it, and warns before', async () => {
  const code = 'function handler() { return { x: 1 }; }';
  const used = /^the function used \d+ ms of processor time here, and CloudFront gives it about 1 ms$/u;
  const warned = createViewerFunction('f', code, { warnedMs: -1, refusedMs: 1000, stoppedMs: 5000 });
  const refused = createViewerFunction('f', code, { warnedMs: -1, refusedMs: -1, stoppedMs: 5000 });
  opened.push(warned, refused);
  const slow = await warned.run(event);
  assert.deepEqual([slow.result, slow.failure], [{ x: 1 }, undefined]);
  assert.match(slow.warning ?? '', used);
  const tooSlow = await refused.run(event);
  assert.deepEqual([tooSlow.result, tooSlow.warning], [undefined, undefined]);
  assert.match(tooSlow.failure ?? '', used);
});

test('stops the clock while a function runs', async () => {
  const code = `function handler() {
    var first = Date.now();
    for (var i = 0, x = 0; i < 1e4; i += 1) x = Math.sin(x + i);
    return [Date.now() - first, new Date().getTime() - first, Date().slice(0, 3), new Date(0).getTime(),
      new Date() instanceof Date, new Date().constructor === Date];
  }`;
  const [toNow, toNew, day, ...rest] = (await run(code)).result as unknown[];
  assert.deepEqual([toNow, toNew, ...rest], [0, 0, 0, true, true]);
  assert.match(String(day), /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)$/u);
});

test('has nothing of the language that the runtime does not list', async () => {
  const absent = ['Map', 'Set', 'WeakMap', 'BigInt', 'Intl', 'Proxy', 'Reflect', 'Iterator', 'escape'];
  const code = `function handler() { return [${absent.map((name) => `typeof ${name}`).join(', ')}, typeof [].flat,
    typeof [].toSorted, typeof ''.at, typeof ''.matchAll, typeof Array.from, typeof Object.fromEntries, typeof Promise.try]; }`;
  const { result } = await run(code);
  assert.deepEqual(
    result,
    Array.from({ length: absent.length + 7 }, () => 'undefined'),
  );
  const listed = `function handler() { 'use strict'; var copy = [3, 1, ...[2]].sort().map((value) => \`<\${value}>\`).join('');
    return { copy, padded: 'a'.padStart(3).replaceAll(' ', '-'), entries: Object.entries({ a: 1 }), typed: new Uint8Array([1, 2]).map((x) => x * 2).join() }; }`;
  assert.deepEqual((await run(listed)).result, {
    copy: '<1><2><3>',
    padded: '--a',
    entries: [['a', 1]],
    typed: '2,4',
  });
});

test('runs functions in strict mode', async () => {
  assert.match((await run('function handler() { undeclared = 1; }')).failure ?? '', /ReferenceError/u);
});

test('stops a function that never ends', async () => {
  const limits = { warnedMs: 10, refusedMs: 100, stoppedMs: 500 };
  for (const code of ['function handler() { for (;;); }', 'async function handler() { for (;;) await null; }']) {
    assert.equal((await run(code, limits)).failure, 'the function was stopped after 500 ms');
  }
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
  const names = ['process', 'module', 'setTimeout', 'fetch', 'URL', 'performance', 'WebAssembly', 'SharedArrayBuffer'];
  const code = `function handler() { return [${names.map((name) => `typeof ${name}`).join(', ')}]; }`;
  assert.deepEqual(
    (await run(code)).result,
    names.map(() => 'undefined'),
  );
  assert.match((await run('function handler() { return eval("1"); }')).failure ?? '', /EvalError/u);
  for (const holder of [
    'console.log',
    'require',
    'Buffer',
    'Buffer.from',
    'TextDecoder',
    'require("crypto").createHash',
  ]) {
    const escape = await run(`function handler() { return ${holder}.constructor("return process")(); }`);
    assert.match(escape.failure ?? '', /EvalError/u, holder);
  }
  const outside = 'function handler() { return require("node:fs"); }';
  assert.equal((await run(outside)).failure, 'Error: Cannot find module "node:fs"');
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
  assert.throws(() => createViewerFunction('front', 'function handler() { return 010; }'), {
    name: 'LocalChainError',
    message: 'the CloudFront Function front cannot be compiled: Octal literals are not allowed in strict mode.',
  });
});

function run(code: string, limits?: ComputeLimits): Promise<ViewerFunctionRun> {
  const viewerFunction = createViewerFunction('f', code, limits);
  opened.push(viewerFunction);
  return viewerFunction.run(event);
}
