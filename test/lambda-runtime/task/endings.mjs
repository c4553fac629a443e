// Handlers that end their process, or come near it.
import { setTimeout as wait } from 'node:timers/promises';

const { streamifyResponse, HttpResponseStream } = awslambda;
const meta = { statusCode: 200, headers: {} };
const never = () => new Promise(() => {});

const endings = {
  neverSettles: never,
  exitsWithZero: () => process.exit(0),
  exitsWithItsOwnCode: () => {
    process.exitCode = 3;
    return never();
  },
  isTerminated: async () => {
    process.kill(process.pid, 'SIGTERM');
    await wait(10_000);
  },
  rejectsUnheard: async () => {
    void Promise.reject(new Error('nobody waits'));
    await wait(10_000);
  },
  rejectsUnheardWithText: async () => {
    void Promise.reject('text');
    await wait(10_000);
  },
  throwsInATimer: async () => {
    setTimeout(() => {
      throw new Error('in a timer');
    }, 5);
    await wait(10_000);
  },
  throwsWithoutPrototype: () => {
    throw Object.create(null);
  },
};

const streamedEndings = {
  destroysAtOnce: async (stream) => {
    stream.destroy();
    await wait(10_000);
  },
  destroysWithAnError: async (stream) => {
    stream.write('x');
    stream.destroy(new Error('on purpose'));
    await wait(10_000);
  },
  destroysHeard: async (stream) => {
    stream.on('error', () => {});
    stream.destroy(new Error('on purpose'));
    await wait(10_000);
  },
  emitsError: async (stream) => {
    stream.write('x');
    stream.emit('error', new Error('on purpose'));
    await wait(10_000);
  },
  writesAfterEndUnheard: async (stream) => {
    stream.end('x');
    stream.write('y');
    await wait(10_000);
  },
  writesUnknownEncoding: async (stream) => {
    stream.write('x', 'none');
    await wait(10_000);
  },
  throwsWithoutPrototype: async () => {
    throw Object.create(null);
  },
  exitsAfterItsEnd: async (stream) => {
    HttpResponseStream.from(stream, meta).write('x');
    stream.end();
    await new Promise((resolve) => {
      stream.on('finish', resolve);
    });
    process.exit(8);
  },
  rejectsUnheard: async (stream) => {
    HttpResponseStream.from(stream, meta).write('x');
    await wait(20);
    void Promise.reject(new Error('nobody waits'));
    await wait(10_000);
  },
};

export const handler = async (event) => endings[event.case]();
export const streaming = streamifyResponse(async (event, stream) => streamedEndings[event.case](stream));
export const negativeWaterMark = streamifyResponse(
  async (_event, stream) => {
    stream.end('x');
    await wait(10_000);
  },
  { highWaterMark: -1 },
);
export const [oddWaterMark, fractionalWaterMark, textWaterMark, zeroWaterMark] = [Number.NaN, 1024.9, '1024', 0].map(
  (highWaterMark) =>
    streamifyResponse(
      async (_event, stream) => {
        stream.end(JSON.stringify([stream.write('x'.repeat(2000)), stream.write('y')]));
      },
      { highWaterMark },
    ),
);

/** Several invocations: each does as its event says. */
export const several = async (event, context) => {
  switch (event.do) {
    case 'takeVariable':
      delete process.env.AWS_LAMBDA_FUNCTION_NAME;
      break;
    case 'changeVariable':
      process.env.AWS_LAMBDA_FUNCTION_NAME = 'changed';
      break;
    case 'throw':
      throw new Error('this one fails');
    case 'hearEverything':
      process.on('uncaughtException', (error) => console.log('heard', error.message));
      setTimeout(() => {
        throw new Error('later');
      });
      await wait(20);
      break;
    case 'setExitCode':
      process.exitCode = 9;
      break;
    case 'write':
      process.stdout.write('without a break');
      break;
    default:
  }
  return [context.functionName, context.awsRequestId, process.env._X_AMZN_TRACE_ID, context.xRayTraceId];
};
export const severalStreams = streamifyResponse(async (event, stream, context) => {
  const out = event.from === true ? HttpResponseStream.from(stream, meta) : stream;
  if (event.text !== undefined) {
    out.write(event.text);
  }
  if (event.fails === true) {
    throw new Error('this one fails');
  }
  out.end(context.awsRequestId);
});

export const cases = { handler: Object.keys(endings), streaming: Object.keys(streamedEndings) };
