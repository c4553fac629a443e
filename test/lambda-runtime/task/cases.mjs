// Handlers of which many run in one process, one after the other: what is unusual, and ends no process.
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';

const { streamifyResponse, HttpResponseStream } = awslambda;
const meta = { statusCode: 200, headers: {} };
const ignore = () => {};

/** What is thrown, by functions and modules alike. */
const thrown = {
  aString: () => 'text',
  aNumber: () => 7,
  aSymbol: () => Symbol('mark'),
  aBigInt: () => 7n,
  anObject: () => ({ a: 1 }),
  anArray: () => [1, 2],
  aFunction: () => ignore,
  nothing: () => undefined,
  null: () => null,
  withoutPrototypeButText: () => Object.assign(Object.create(null), { toString: () => 'own text' }),
  ownClass: () => new (class OwnError extends Error {})('own class'),
  ownName: () => Object.assign(new Error('named'), { name: 'Own.Name' }),
  numberAsName: () => Object.assign(new Error('number as name'), { name: 5 }),
  noMessage: () => new Error(),
  numberAsMessage: () => Object.assign(new Error('x'), { message: 5 }),
  noStack: () => Object.assign(new Error('no stack'), { stack: undefined }),
  numberAsStack: () => Object.assign(new Error('number as stack'), { stack: 5 }),
  emptyStack: () => Object.assign(new Error('empty stack'), { stack: '' }),
  textAsStack: () => Object.assign(new Error('text as stack'), { stack: 'one\ntwo' }),
  withCause: () => new Error('outer', { cause: new TypeError('inner') }),
  aggregate: () => new AggregateError([new Error('one'), new Error('two')], 'both'),
  withNestedError: () => Object.assign(new Error('outer'), { inner: Object.assign(new TypeError('inner'), { a: 1 }) }),
  circular: () => {
    const error = new Error('circular');
    return Object.assign(error, { self: error, list: [error] });
  },
  withBigInt: () => Object.assign(new Error('with a big integer'), { size: 7n }),
  withToJson: () => Object.assign(new Error('with toJSON'), { toJSON: () => ({ short: true }) }),
  withFields: () => Object.assign(new RangeError('with fields'), { code: 'E_FIELDS', statusCode: 400, errorType: 'Mine' }),
  unicode: () => new Error('gr\u00fc\u00dfe \u4e16\u754c \u{1f600}'),
  multiline: () => new Error('one\ntwo'),
  frozen: () => Object.freeze(new Error('frozen')),
  domException: () => new DOMException('aborted', 'AbortError'),
  likeAnError: () => ({ name: 'Error', message: 'looks like one', stack: 'Error: looks like one' }),
};

const streamed = {
  // What the stream is.
  writesThroughOn: (stream) => {
    HttpResponseStream.from(stream, meta);
    stream.on('error', ignore).write('through the emitter');
    stream.end();
  },
  fromOnOn: (stream) => {
    HttpResponseStream.from(stream.once('finish', ignore), meta).write('x');
    stream.end();
  },
  fromTwice: (stream) => {
    HttpResponseStream.from(stream, { statusCode: 500 });
    HttpResponseStream.from(stream, { statusCode: 201 }).write('x');
    stream.end();
  },
  fromAfterWrite: (stream) => {
    stream.write('x');
    HttpResponseStream.from(stream, meta);
  },
  fromIsTheSame: (stream) => {
    const same = HttpResponseStream.from(stream, meta) === stream;
    stream.write(String(same));
    stream.end();
  },
  ownHook: (stream) => {
    stream._onBeforeFirstWrite = (write) => write('own');
    stream.write('x');
    stream.write('y');
    stream.end();
  },
  hookIsNoFunction: (stream) => {
    stream._onBeforeFirstWrite = 'text';
    stream.write('x');
    stream.end();
  },
  hookThrows: (stream) => {
    stream._onBeforeFirstWrite = () => {
      throw new Error('in the hook');
    };
    try {
      stream.write('x');
    } catch (error) {
      stream._onBeforeFirstWrite = undefined;
      stream.end(error.message);
    }
  },
  keys: (stream) => {
    stream.write(Object.keys(stream).join());
    stream.end(Reflect.ownKeys(stream).map(String).join());
  },
  readOnly: (stream) => {
    const failed = ['writable', 'writableEnded'].map((name) => {
      try {
        stream[name] = 1;
        return 'set';
      } catch (error) {
        return error.message.replace(/ of .*/u, '');
      }
    });
    stream.write(failed.join());
    stream.end();
  },
  notAWritable: (stream) => {
    stream.write(String([stream instanceof Writable, typeof stream.pipe, typeof stream.flushHeaders]));
    stream.end();
  },
  listeners: (stream) => {
    const names = stream.eventNames().map(String);
    stream.write(`${names} ${stream.listenerCount('error')} ${stream.getMaxListeners()}`);
    stream.end();
  },
  // What is written.
  bigChunk: (stream) => {
    stream.write('x'.repeat(1_000_000));
    stream.end('y'.repeat(300_000));
  },
  manyChunks: (stream) => {
    for (let n = 0; n < 2000; n += 1) {
      stream.write(`${n},`);
    }
    stream.end();
  },
  emptyWrites: (stream) => {
    stream.write('');
    stream.write(Buffer.alloc(0));
    stream.write('x');
    stream.write('');
    stream.end('');
  },
  values: (stream) => {
    const values = [0, false, true, null, [], {}, new Date(0), new Map([[1, 2]]), new ArrayBuffer(2), new DataView(new ArrayBuffer(1))];
    for (const value of values) {
      try {
        stream.write(value);
      } catch (error) {
        stream.write(`${error.name}: ${error.message}`);
      }
    }
    stream.end();
  },
  unwritable: (stream) => {
    for (const value of [ignore, Symbol('s'), 7n, undefined, { toJSON: () => undefined }]) {
      try {
        stream.write(value);
        stream.write('taken');
      } catch (error) {
        stream.write(`${error.name} ${error.code} ${error.message};`);
      }
    }
    stream.end();
  },
  typedArrays: (stream) => {
    stream.write(new Uint16Array([1, 2]));
    stream.write(new Uint8ClampedArray([3]));
    stream.write(Buffer.from('abc').subarray(1));
    stream.end();
  },
  encodings: (stream) => {
    stream.write('68c3a9', 'hex');
    stream.write('aMOp', 'base64');
    stream.write('h\u00e9', 'utf16le');
    stream.end('h\u00e9', 'latin1');
  },
  surrogates: (stream) => {
    stream.write('\ud83d');
    stream.write('\ude00');
    stream.end('\u{1f600}');
  },
  callbacks: async (stream) => {
    const order = [];
    await new Promise((resolve) => {
      stream.write('a', () => order.push('a'));
      stream.write('b', 'utf8', () => {
        order.push('b');
        resolve();
      });
    });
    stream.end(order.join());
  },
  results: (stream) => {
    const results = [stream.write('x'), stream.write('y'.repeat(70_000)), stream.writableNeedDrain, stream.writableLength > 0];
    const ended = stream.end(results.join());
    return ended === undefined ? undefined : ignore(ended);
  },
  drains: async (stream) => {
    let drained = 0;
    for (let n = 0; n < 4; n += 1) {
      if (!stream.write('z'.repeat(100_000))) {
        await new Promise((resolve) => {
          stream.once('drain', resolve);
        });
        drained += 1;
      }
    }
    stream.end(String(drained));
  },
  corkedEnd: (stream) => {
    stream.cork();
    stream.write('one');
    stream.write('two');
    stream.end('three');
  },
  // How it ends.
  endTwice: (stream) => {
    stream.write('x');
    stream.end('y');
    stream.end();
  },
  endWithCallback: async (stream) => {
    stream.write('x');
    await new Promise((resolve) => {
      stream.end(resolve);
    });
  },
  states: async (stream) => {
    const states = () => [stream.writable, stream.writableEnded, stream.writableFinished, stream.destroyed];
    const before = states();
    stream.write(JSON.stringify(before));
    const finished = new Promise((resolve) => {
      stream.on('finish', resolve);
    });
    stream.end();
    const ended = states();
    await finished;
    console.log(ended, states());
  },
  closeEvent: async (stream) => {
    const events = [];
    for (const name of ['finish', 'close', 'error', 'prefinish', 'drain', 'pipe', 'socket', 'response']) {
      stream.on(name, () => events.push(name));
    }
    stream.write('x');
    stream.end();
    await wait(50);
    console.log(events.join());
  },
  pipes: async (stream) => {
    const finished = new Promise((resolve) => {
      stream.on('finish', resolve);
    });
    Readable.from(['a', Buffer.from('b')]).pipe(HttpResponseStream.from(stream, meta));
    await finished;
  },
  pipelineOfNothing: (stream) => pipeline(Readable.from([]), HttpResponseStream.from(stream, meta)),
  pipelineOfObjects: (stream) => pipeline(Readable.from([{ a: 1 }, 2]), HttpResponseStream.from(stream, meta)),
  pipelineOfWeb: (stream) =>
    pipeline(new Response('web').body, HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' } })),
  // Preludes.
  ...Object.fromEntries(
    Object.entries({
      empty: {},
      onlyStatus: { statusCode: 404 },
      textStatus: { statusCode: '404' },
      oddStatus: { statusCode: 99.5 },
      arrays: { headers: { a: ['b', 'c'] }, cookies: ['d=e; Path=/'] },
      unicode: { headers: { 'x-name': 'gr\u00fc\u00dfe \u4e16\u754c' } },
      nothing: undefined,
      null: null,
      text: 'text',
      nested: { a: { toJSON: () => 'b' }, c: undefined, d: () => 1 },
    }).map(([name, prelude]) => [
      `prelude ${name}`,
      (stream) => {
        HttpResponseStream.from(stream, prelude).write('x');
        stream.end();
      },
    ]),
  ),
  'prelude that has no JSON': (stream) => {
    HttpResponseStream.from(stream, { size: 7n });
  },
  'prelude changed later': (stream) => {
    const prelude = { statusCode: 200 };
    HttpResponseStream.from(stream, prelude);
    prelude.statusCode = 500;
    stream.write('x');
    stream.end();
  },
  // Content types.
  contentTypeTwice: (stream) => {
    stream.setContentType('text/plain');
    stream.setContentType('text/html; charset=utf-8');
    stream.end('x');
  },
  contentTypeAfterEnd: (stream) => {
    stream.end();
    stream.setContentType('text/plain');
  },
  contentTypeWithBreak: (stream) => stream.setContentType('text/plain\nx: y'),
  contentTypeMissing: (stream) => stream.setContentType(),
  // What the handler gives back.
  returnsObject: async (stream) => {
    stream.end('x');
    await wait(1);
    return { statusCode: 500 };
  },
  returnsNull: (stream) => {
    stream.end('x');
    return null;
  },
  // What it throws, before and after it writes.
  ...Object.fromEntries(
    Object.entries(thrown).flatMap(([name, make]) => [
      [
        `throws ${name}`,
        () => {
          throw make();
        },
      ],
      [
        `throws late ${name}`,
        (stream) => {
          HttpResponseStream.from(stream, meta).write('x');
          throw make();
        },
      ],
    ]),
  ),
  throwsWhileCorked: (stream) => {
    stream.cork();
    stream.write('x');
    throw new Error('while corked');
  },
  // What a runtime shows.
  globals: (stream) => {
    const { InvokeStore } = awslambda;
    stream.write(
      JSON.stringify({
        awslambda: Object.keys(awslambda),
        types: [typeof HttpResponseStream, typeof streamifyResponse, typeof InvokeStore, typeof HttpResponseStream.from],
        name: HttpResponseStream.name,
        logIsInfo: console.log === console.info,
        methods: ['run', 'get', 'set', 'getContext', 'hasContext', 'isProtectedKey'].map((name) => typeof InvokeStore[name]),
      }),
    );
    stream.end();
  },
  invokeStore: async (stream) => {
    const { InvokeStore } = awslambda;
    const context = InvokeStore.getContext();
    InvokeStore.set('own', 1);
    await wait(1);
    let refusal = '';
    try {
      InvokeStore.set(Symbol.for('_AWS_LAMBDA_REQUEST_ID'), 'x');
    } catch (error) {
      refusal = error.message;
    }
    stream.write(
      JSON.stringify([
        InvokeStore.get('own'),
        context === InvokeStore.getContext(),
        context.own,
        InvokeStore.getRequestId(),
        InvokeStore.getXRayTraceId(),
        String(InvokeStore.getTenantId()),
        InvokeStore.hasContext(),
        refusal,
        InvokeStore.run({ a: 1 }, () => InvokeStore.get('a')),
        InvokeStore.getRequestId(),
      ]),
    );
    stream.end();
  },
  invokeStoreIsNewEachTime: (stream) => {
    stream.end(String(awslambda.InvokeStore.get('own')));
  },
};

const logged = {
  texts: () => {
    console.log();
    console.log(undefined);
    console.log('%s has %d of %i, %f, %j %o %%', 'x', 1.5, 2.7, '3.5', { a: 1 }, [1]);
    console.log('%c styled', 'color: red');
    console.log('tab\tand\r\nbreak\rs');
    console.log({ deep: { a: { b: { c: 1 } } } }, [1, [2]], new Map([[1, 2]]), Symbol('s'), 7n, null);
    console.log('');
    console.log('more', 'than', 'one');
    console.fatal('fatal');
  },
  errors: () => {
    for (const make of Object.values(thrown)) {
      console.error(make());
      console.error('with text', make());
    }
  },
  circular: () => {
    const circle = { name: 'circle' };
    circle.self = circle;
    console.log(circle);
    console.log('text', circle);
    console.log({ size: 7n });
  },
  other: () => {
    console.table([{ a: 1, b: 2 }]);
    console.group('group');
    console.log('within');
    console.groupEnd();
    console.log('after');
    console.assert(true, 'not seen');
    console.assert(false, 'seen %s', 'formatted');
    console.assert(false);
    console.count();
    console.count('label');
    console.countReset('label');
    console.count('label');
    console.dirxml({ a: 1 });
    console.dir({ a: { b: { c: {} } } }, { depth: 0 });
    console.timeLog('none');
  },
  raw: () => {
    process.stdout.write('no break');
    console.log('with break');
    process.stdout.write('one\ntwo\n');
    process.stdout.write(Buffer.from('bytes\n'));
  },
  levels: () => {
    for (const name of ['trace', 'debug', 'info', 'log', 'warn', 'error', 'fatal']) {
      console[name](name, { name });
    }
  },
  objects: () => {
    console.log({ timestamp: 'mine', level: 'mine', message: 'mine' });
    console.log({ error: new TypeError('nested') });
    console.log([new RangeError('listed')]);
    console.log('text', { error: new TypeError('not found there') });
    console.log('first of two', new TypeError('first'), new RangeError('second'));
    console.log({ toJSON: () => 'own JSON' });
    console.log(undefined, 'second');
    console.log(['a'], 'second');
  },
};

const returned = {
  undefinedMember: () => ({ a: undefined, b: null, c: NaN, d: Infinity, e: new Date(0), f: new Map([[1, 2]]) }),
  aFunction: () => ignore,
  aSymbol: () => Symbol('s'),
  aBigInt: () => 7n,
  aNumber: () => 1.5,
  text: () => 'h\u00e9 \u4e16 \ud83d',
  escapes: () => '\u0000\u2028\u007f"\\',
  buffer: () => Buffer.from('abc'),
  large: () => 'x'.repeat(1_000_000),
  error: () => new Error('returned'),
  toJsonThrows: () => ({
    toJSON: () => {
      throw new TypeError('in toJSON');
    },
  }),
  toJsonOfNothing: () => ({ toJSON: () => undefined }),
  promiseOfPromise: async () => Promise.resolve(Promise.resolve(1)),
  thenable: () => ({ then: (resolve) => resolve('from a thenable') }),
  generator: function* generate() {
    yield 1;
  },
  ...Object.fromEntries(
    Object.entries(thrown).map(([name, make]) => [
      `throws ${name}`,
      () => {
        throw make();
      },
    ]),
  ),
  rejects: () => Promise.reject(new RangeError('rejected')),
  globals: () => [typeof awslambda, typeof globalThis.gc],
};

export const streaming = streamifyResponse(async (event, stream) => streamed[event.case](stream));
export const buffered = async (event) => returned[event.case]();
export const logging = async (event) => logged[event.case]();
/** Not async, and with a receiver. */
export const receiver = function handle(event, context) {
  return { receiver: this === undefined ? 'undefined' : Object.keys(this), count: arguments.length, context: typeof context, event };
};
export const streamingReceiver = streamifyResponse(async function handle(_event, stream) {
  stream.write(JSON.stringify([Object.keys(this), arguments.length, typeof this.lifecycle]));
  stream.end();
});

export const cases = { streaming: Object.keys(streamed), buffered: Object.keys(returned), logging: Object.keys(logged) };
