// Handlers as a function's bundle exports them: what is right, and what real code gets wrong.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const { streamifyResponse, HttpResponseStream } = awslambda;
const meta = { statusCode: 200, headers: {} };
let invocations = 0;

export const tokens = streamifyResponse(async (event, stream) => {
  const out = HttpResponseStream.from(stream, {
    statusCode: 201,
    headers: { 'Content-Type': 'text/event-stream', 'x-count': '1' },
    cookies: ['a=b; Path=/', 'c=d'],
  });
  for (let n = 0; n < (event.count ?? 3); n += 1) {
    out.write(`data: {"n":${n}}\n\n`);
  }
  out.end();
});

export const endWithChunk = streamifyResponse(async (_event, stream) => {
  const out = HttpResponseStream.from(stream, meta);
  out.write('x');
  out.end('y');
});

export const emptyWrite = streamifyResponse(async (_event, stream) => {
  const out = HttpResponseStream.from(stream, meta);
  out.write('');
  await wait(10);
  out.end('late');
});

export const lateFrom = streamifyResponse(async (_event, stream) => {
  await wait(5);
  HttpResponseStream.from(stream, { statusCode: 404, headers: { 'content-type': 'application/json' } });
  stream.write('{"error":1}');
  stream.end();
});

export const bytes = streamifyResponse(async (_event, stream) => {
  const out = HttpResponseStream.from(stream, meta);
  out.write(Uint8Array.of(0, 1, 254, 255));
  out.write(Buffer.from('€').subarray(0, 1));
  out.write(Buffer.from('€').subarray(1));
  out.write(Buffer.alloc(8));
  out.end();
});

export const objects = streamifyResponse(async (_event, stream) => {
  stream.write({ a: 1 });
  stream.write([1, 2]);
  stream.write(7);
  stream.end();
});

export const latin1 = streamifyResponse(async (_event, stream) => {
  const called = new Promise((resolve) => {
    stream.write('\u00e9', 'latin1', resolve);
  });
  await called;
  stream.end('cafe', 'hex');
});

export const ownContentType = streamifyResponse(async (_event, stream) => {
  stream.setContentType('text/plain');
  stream.write('x');
  stream.end();
});

export const noContentType = streamifyResponse(async (_event, stream) => {
  stream.write('x');
  stream.end();
});

export const piped = streamifyResponse(async (_event, stream) => {
  await pipeline(Readable.from(['a', 'b']), HttpResponseStream.from(stream, meta));
});

export const pipedBytes = streamifyResponse(async (_event, stream) => {
  await pipeline(Readable.from([Buffer.from('a'), Buffer.from('b')]), HttpResponseStream.from(stream, meta));
});

export const corked = streamifyResponse(async (_event, stream) => {
  const out = HttpResponseStream.from(stream, meta);
  out.cork();
  out.write('one');
  out.write('two');
  out.uncork();
  await wait(5);
  out.end();
});

export const smallWaterMark = streamifyResponse(
  async (_event, stream) => {
    const results = [1, 1000, 20_000].map((size) => stream.write('x'.repeat(size)));
    stream.end(JSON.stringify(results));
  },
  { highWaterMark: 1024 },
);

export const surface = streamifyResponse(async (_event, stream) => {
  const before = {
    keys: Object.getOwnPropertyNames(stream).sort(),
    prototype: Object.getPrototypeOf(stream) === Object.prototype,
    writable: stream.writable,
    ended: stream.writableEnded,
    finished: stream.writableFinished,
    objectMode: stream.writableObjectMode,
    highWaterMark: stream.writableHighWaterMark,
    corked: stream.writableCorked,
    length: stream.writableLength,
    needDrain: stream.writableNeedDrain,
    destroyed: stream.destroyed,
    hook: typeof stream._onBeforeFirstWrite,
    awslambda: Object.keys(awslambda).sort(),
  };
  stream.write(JSON.stringify(before));
  stream.end();
});

export const context = streamifyResponse(async (event, stream, context) => {
  const { getRemainingTimeInMillis, ...rest } = context;
  const remaining = getRemainingTimeInMillis();
  const store = awslambda.InvokeStore;
  stream.write({
    event,
    rest,
    inTime: remaining > 0 && remaining <= 30_000,
    trace: process.env._X_AMZN_TRACE_ID,
    store: [store.getRequestId(), store.getXRayTraceId(), store.hasContext()],
  });
  stream.end();
});

export const logs = streamifyResponse(async (_event, stream) => {
  console.log('hello %s', 'world', { a: 1 });
  console.info('two\nlines');
  console.warn({ warn: true });
  console.error('failed', new TypeError('inner'));
  console.error(new RangeError('alone'));
  console.debug('debugged');
  console.trace('traced');
  stream.write('x');
  stream.end();
});

export const returnsValue = streamifyResponse(async (_event, stream) => {
  stream.write('x');
  stream.end();
  return 'ignored';
});

export const endOnly = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).end();
});

export const endChunkOnly = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).end('bad request');
});

export const earlyThrow = streamifyResponse(async () => {
  throw new Error('before any write');
});

export const midThrow = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).write('data: 1\n\n');
  await wait(20);
  throw new TypeError('upstream died');
});

export const throwAfterEnd = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).write('x');
  stream.end();
  throw new Error('after the end');
});

export const throwText = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).write('x');
  throw 'a string';
});

export const throwDelete = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).write('x');
  throw Object.assign(new Error('with \u007F in it'), { name: 'Odd\u007FName', code: 'E_ODD', detail: { a: 1 } });
});

export const throwBadName = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).write('x');
  throw Object.assign(new Error('no header can hold this name'), { name: 'Line\nBreak' });
});

export const lateContentType = streamifyResponse(async (_event, stream) => {
  stream.write('x');
  stream.setContentType('text/plain');
});

export const notAsync = streamifyResponse((_event, stream) => {
  stream.write('x');
  stream.end();
});

export const writeNothing = streamifyResponse(async (_event, stream) => {
  stream.write('x');
  stream.write(undefined);
});

export const writeCircular = streamifyResponse(async (_event, stream) => {
  const circle = {};
  circle.self = circle;
  HttpResponseStream.from(stream, meta).write(circle);
});

export const pipelineFailsKeptOpen = streamifyResponse(async (_event, stream) => {
  const out = HttpResponseStream.from(stream, meta);
  try {
    await pipeline(Readable.from(failing()), out, { end: false });
  } catch {
    out.write('event: error\n\n');
    out.end();
  }
});

export const pipelineFails = streamifyResponse(async (_event, stream) => {
  await pipeline(Readable.from(failing()), HttpResponseStream.from(stream, meta));
});

export const pipelineFailsCaught = streamifyResponse(async (_event, stream) => {
  try {
    await pipeline(Readable.from(failing()), HttpResponseStream.from(stream, meta));
  } catch {
    stream.end('never seen');
  }
});

export const destroys = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).write('x');
  await wait(20);
  stream.destroy();
  await wait(1000);
});

export const writeAfterEnd = streamifyResponse(async (_event, stream) => {
  stream.on('error', () => {});
  stream.write('x');
  stream.end();
  stream.write('y');
});

export const exits = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).write('x');
  await wait(20);
  process.exit(7);
});

export const exitsEarly = streamifyResponse(async () => {
  process.exit(3);
});

export const neverEnds = streamifyResponse(async (_event, stream) => {
  HttpResponseStream.from(stream, meta).write('x');
});

export const neverWrites = streamifyResponse(async () => {
  await wait(60_000);
});

export const echo = async (event, context) => ({ event, id: context.awsRequestId });
export const returnsUndefined = async () => undefined;
export const returnsText = async () => 'caf\u00e9';
export const synchronous = () => ({ sync: true });
export const returnsCircular = async () => {
  const circle = {};
  circle.self = circle;
  return circle;
};
export const throws = async () => {
  throw new RangeError('buffered boom');
};
export const throwsNothing = async () => {
  throw undefined;
};
export const withCallback = (_event, _context, callback) => callback(null, 1);
export const notAFunction = { handler: 1 };
export const nested = { deep: { handler: async () => 'nested' } };

// For the tests of processes: state, environment, pace.
export const state = async (event) => {
  invocations += 1;
  const { release } = event;
  for (let tries = 0; release !== undefined && tries < 500 && !exists(release); tries += 1) {
    await wait(10);
  }
  return { pid: process.pid, invocations };
};
export const environment = async () => ({ variables: { ...process.env }, directory: process.cwd() });
export const large = async (event) => 'x'.repeat(event.length ?? event.queryStringParameters.length);
export const crashes = async () => {
  process.kill(process.pid, 'SIGKILL');
  await wait(5000);
};
export const startsChild = async () => {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
  return { pid: process.pid, child: child.pid };
};
/** Writes for as long as it may, and notes how far it came in the file that the event names. */
export const fast = streamifyResponse(async (event, stream) => {
  const { writeFileSync } = await import('node:fs');
  const out = HttpResponseStream.from(stream, { statusCode: 200, headers: { 'x-pid': process.pid } });
  const chunk = Buffer.alloc(65_536, 0x61);
  for (let n = 1; n <= event.chunks; n += 1) {
    if (!out.write(chunk)) {
      writeFileSync(event.progress, `${n} waiting`);
      await new Promise((resolve) => {
        out.once('drain', resolve);
      });
    }
  }
  writeFileSync(event.progress, `${event.chunks} done`);
  out.end();
});


// For the tests of Function URLs.
export const returnsAnswer = async () => ({ statusCode: 404, body: 'not here' });
export const ownCors = streamifyResponse(async (_event, stream) => {
  const headers = { 'access-control-allow-origin': '*' };
  HttpResponseStream.from(stream, { statusCode: 200, headers }).write('x');
  stream.end();
});
export const pausesAfterFirst = streamifyResponse(async (_event, stream) => {
  const out = HttpResponseStream.from(stream, { statusCode: 200, headers: { 'content-type': 'text/plain' } });
  out.write('first');
  await wait(50);
  out.write('second');
  out.end();
});
export const tokensWithPid = streamifyResponse(async (_event, stream) => {
  const headers = { 'content-type': 'text/event-stream', 'x-pid': process.pid };
  const out = HttpResponseStream.from(stream, { statusCode: 200, headers });
  for (let n = 0; n < 5; n += 1) {
    out.write(`data: ${n}\n\n`);
    await wait(10);
  }
  out.end();
});

export const compressed = streamifyResponse(async (_event, stream) => {
  const { gzipSync } = await import('node:zlib');
  const out = HttpResponseStream.from(stream, { statusCode: 200, headers: { 'content-encoding': 'gzip' } });
  out.write(gzipSync('plain after all'));
  out.end();
});

// Any of these handlers, so that many can be invoked in one process.
const ownModule = () => import('./index.mjs');
export const anyStreaming = streamifyResponse(async (event, stream, context) =>
  (await ownModule())[event.case](event, stream, context),
);
export const anyBuffered = async (event, context) => (await ownModule())[event.case](event, context);

function exists(path) {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

async function* failing() {
  yield 'a';
  await wait(20);
  throw new Error('source broke');
}
