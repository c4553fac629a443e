/** What goes wrong at CloudFront on purpose, and what is written down of its hops. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { test } from 'node:test';
import { noFaults } from '../../src/local/faults/request-faults.ts';
import type { RequestFaults } from '../../src/local/faults/request-faults.ts';
import type { HopTrace } from '../../src/local/hop-trace.ts';
import { LocalChainError } from '../../src/local/local-chain-error.ts';
import { answerOf, ask, edgeFunction, open, openDistribution } from './cloudfront-harness.ts';

const root = new URL('../../', import.meta.url);

const passes = edgeFunction(({ request }) => request, true);

test('gives the wish of a request to the plan, and shows it to no function, no origin and no trace', async () => {
  const seen: unknown[] = [];
  const wishes: unknown[] = [];
  await using distribution = await openDistribution({
    isTraced: true,
    faultsOf: (wish) => {
      wishes.push(wish);
      return noFaults;
    },
    behaviour: {
      viewerFunction: {
        name: 'f',
        code: 'function handler(event) { console.log(JSON.stringify(event)); return event.request; }',
      },
      originRequestFunction: edgeFunction((record) => {
        seen.push(record);
        return record.request;
      }),
      originResponseFunction: edgeFunction((record) => {
        seen.push(record);
        return record.response;
      }),
    },
  });
  await ask(distribution, { headers: { 'X-Local-Fault': 'split=1', 'x-own': 'kept' } });
  await ask(distribution);
  assert.deepEqual(wishes, ['split=1', undefined]);
  const all = JSON.stringify([seen, distribution.requests, distribution.lines, distribution.logs]);
  assert.ok(all.includes('kept') && !/local-fault|split=1/iu.test(all), all);
});

test('knows the header in the local chain only', async () => {
  const holders = [];
  for await (const file of glob('src/**/*.ts', { cwd: root })) {
    if (/x-local-fault/iu.test(readFileSync(new URL(file, root), 'utf8'))) {
      holders.push(file);
    }
  }
  assert.ok(holders.includes('src/local/cloudfront/request-wishes.ts'));
  assert.deepEqual(
    holders.filter((file) => !file.startsWith('src/local/')),
    [],
  );
});

test('answers a wish that is no fault with the sentence, and asks the origin nothing', async () => {
  await using distribution = await openDistribution({
    faultsOf: () => {
      throw new LocalChainError('the fault is "nonsense", and no such fault is known');
    },
  });
  const { status, headers, body } = await ask(distribution, { headers: { 'x-local-fault': 'nonsense' } });
  assert.deepEqual(
    [status, headers['content-type'], headers['x-cache'], body, distribution.requests.length],
    [
      400,
      'text/plain; charset=utf-8',
      'Error from cloudfront',
      'the fault is "nonsense", and no such fault is known\n',
      0,
    ],
  );
});

test('fails the function at origin-request where the plan says so, without running it', async () => {
  let ran = 0;
  const originRequestFunction = edgeFunction(({ request }) => {
    ran += 1;
    return request;
  });
  await using distribution = await openDistribution({
    faultsOf: (wish) => ({ ...noFaults, edge: { failsFunction: wish !== undefined } }),
    behaviour: { originRequestFunction },
  });
  const failed = await ask(distribution, { headers: { 'x-local-fault': 'yes' } });
  assert.deepEqual([failed.status, failed.headers['x-cache'], ran], [503, 'LambdaExecutionError from cloudfront', 0]);
  assert.deepEqual([(await ask(distribution)).status, ran], [200, 1]);
});

test('reads no faster than a slow viewer, and sleeps in between as long as it takes', async () => {
  const slept: number[] = [];
  const pulled: number[] = [];
  const viewer = { bytesPerSecond: 100, leavesAfter: undefined };
  const asleep = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  await using distribution = await openDistribution({
    faultsOf: () => ({ ...noFaults, viewer }),
    sleep: async (ms) => {
      slept.push(ms);
      if (slept.length === 3) {
        asleep.resolve();
        await awake.promise;
      }
    },
    origin: () =>
      Promise.resolve({
        status: 200,
        headers: [],
        body: (async function* () {
          for (let count = 1; count <= 3; count += 1) {
            pulled.push(count);
            yield Buffer.alloc(25, 'a');
          }
        })(),
      }),
  });
  const answer = ask(distribution);
  await asleep.promise;
  assert.deepEqual([pulled, slept], [[1], [100, 100, 50]]);
  awake.resolve();
  assert.equal((await answer).body, 'a'.repeat(75));
  assert.deepEqual(slept, [100, 100, 50, 100, 100, 50, 100, 100, 50]);
});

test('notices that a slow viewer leaves while it sleeps', async () => {
  const viewer = { bytesPerSecond: 1, leavesAfter: undefined };
  await using distribution = await openDistribution({
    faultsOf: () => ({ ...noFaults, viewer }),
    sleep: (_ms, signal) => once(signal, 'abort').then(() => undefined),
  });
  const line = distribution.nextLine();
  const answer = await open(distribution, {});
  await once(answer, 'data');
  answer.destroy();
  const { ending, bytes } = await line;
  assert.deepEqual({ ending, bytes }, { ending: 'viewer-left', bytes: 1 });
});

test('has the viewer leave after so many bytes or messages, which it gets', async () => {
  const chunks = ['data: 1\n\nda', 'ta: 2\n\ndata: 3\n\n'];
  for (const [leavesAfter, expected] of [
    [{ unit: 'messages', count: 2 }, 'data: 1\n\ndata: 2\n\n'],
    [{ unit: 'bytes', count: 4 }, 'data'],
  ] as const) {
    const faults: RequestFaults = { ...noFaults, viewer: { bytesPerSecond: undefined, leavesAfter } };
    await using distribution = await openDistribution({
      faultsOf: () => faults,
      origin: () => Promise.resolve(answerOf(200, { 'content-type': 'text/event-stream' }, ...chunks)),
    });
    const line = distribution.nextLine();
    const answer = await open(distribution, {});
    let got = '';
    answer.on('data', (bytes: Buffer) => (got += bytes.toString()));
    await assert.rejects(once(answer, 'end'), { code: 'ECONNRESET' });
    const { ending, bytes } = await line;
    assert.deepEqual({ got, ending, bytes }, { got: expected, ending: 'viewer-left', bytes: expected.length });
  }
});

test('writes down every hop of its own with what it was sent, what it answered, and each piece', async () => {
  await using distribution = await openDistribution({
    isTraced: true,
    behaviour: {
      viewerFunction: {
        name: 'f',
        code: 'function handler(event) { event.request.headers.added = { value: "1" }; return event.request; }',
      },
      originRequestFunction: passes,
      originResponseFunction: edgeFunction(({ response }) => ({ ...response, status: '201' })),
    },
    origin: () => Promise.resolve(answerOf(200, { 'X-Own': 'yes' }, 'one', 'three')),
  });
  await ask(distribution, { method: 'POST', body: 'body', headers: { 'x-own': 'mine' } });
  const [line] = distribution.lines;
  assert.deepEqual(
    line?.trace.map((hop) => ({
      hop: hop.hop,
      sent: [namesOf(hop.requestHeaders), hop.requestBytes],
      answered: [hop.status, namesOf(hop.responseHeaders), hop.chunks.map(({ bytes }) => bytes)],
      outcome: hop.outcome,
    })),
    [
      {
        hop: 'viewer',
        sent: [['x-own', 'content-length', 'host', 'connection'], 4],
        answered: [201, ['x-own', 'x-cache', 'via', 'x-amz-cf-pop', 'x-amz-cf-id'], [3, 5]],
        outcome: 'complete',
      },
      {
        hop: 'viewer-function',
        sent: [['x-own', 'content-length', 'host'], 0],
        answered: [undefined, [], []],
        outcome: 'complete',
      },
      {
        hop: 'edge-request',
        sent: [['host', 'x-own', 'content-length', 'added', 'user-agent', 'x-forwarded-for', 'via'], 4],
        answered: [undefined, [], []],
        outcome: 'complete',
      },
      {
        hop: 'edge-response',
        sent: [['x-own'], 0],
        answered: [201, ['x-own', 'transfer-encoding'], []],
        outcome: 'complete',
      },
    ],
  );
  const times = line.trace.flatMap(({ startMs, endMs = 0 }) => [startMs, endMs]);
  assert.ok(times.every((ms) => ms >= 0 && ms <= line.totalMs));
  assert.ok((line.trace[0]?.headMs ?? 0) >= (line.trace[3]?.endMs ?? Number.POSITIVE_INFINITY));
});

test('writes down how a hop failed', async () => {
  await using distribution = await openDistribution({
    isTraced: true,
    faultsOf: () => ({ ...noFaults, edge: { failsFunction: true } }),
    behaviour: { originRequestFunction: passes },
  });
  await ask(distribution);
  const summary = ({ hop, status, outcome }: HopTrace): unknown[] => [hop, status, outcome];
  assert.deepEqual(distribution.lines[0]?.trace.map(summary), [
    ['viewer', 503, 'complete'],
    ['edge-request', 503, 'failed'],
  ]);
});

function namesOf(headers: HopTrace['requestHeaders']): readonly string[] {
  return headers.map(({ name }) => name.toLowerCase());
}
