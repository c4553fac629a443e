// Handlers for the tests of how processes begin and end.
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { maxHeaderSize } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const { INIT_LOG: initLog, INIT_HANGS: hangs } = process.env;
if (initLog !== undefined) {
  appendFileSync(initLog, 'i');
  // Hangs at its first start, or as often as it is told.
  if (readFileSync(initLog, 'utf8').length <= Number(hangs)) {
    await wait(60_000);
  }
}

const kept = [];

export const settings = async (_event, context) => ({
  options: process.execArgv,
  gc: typeof globalThis.gc,
  maxHeaderSize,
  remainingMs: context.getRemainingTimeInMillis(),
});

export const blocks = async (event) => {
  writeFileSync(event.progress, String(process.pid));
  for (;;);
};

/** Takes memory, keeps it or not, and answers or not. */
export const allocates = async (event) => {
  const bytes = Buffer.alloc(event.megabytes * 1024 * 1024, 1);
  if (event.isKept) {
    kept.push(bytes);
    await wait(60_000);
  }
  return process.pid;
};

export const failsLater = async (event) => {
  setTimeout(() => {
    switch (event.how) {
      case 'exception':
        throw new Error('later');
      case 'rejection':
        void Promise.reject(new Error('later'));
        break;
      default:
        process.exit(4);
    }
  }, 20);
  return process.pid;
};

export const failsBeforeNext = awslambda.streamifyResponse(async (_event, stream) => {
  stream.write('whole');
  stream.end();
  await once(stream, 'finish');
  await wait(100);
  process.exit(5);
});

export const streamsForever = awslambda.streamifyResponse(async (event, stream) => {
  writeFileSync(event.progress, String(process.pid));
  for (;;) {
    stream.write('x');
    await wait(5);
  }
});

export const pid = async (event) => {
  await wait(event.ms ?? 0);
  return process.pid;
};
