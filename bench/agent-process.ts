/**
 * The agent of the benchmark, a process of its own: a plain HTTP server in AgentCore's place that answers a POST with as
 * many valid Converse frames as the prompt says, one per HTTP chunk, and a GET of `/<id>` with the number of bytes that it
 * has handed to that answer's socket so far. Ends with its parent.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { createDeltas, framing } from './converse-frames.ts';
import type { AnswerPlan, Delivery } from './converse-frames.ts';

const sentBytes = new Map<string, number>();
const deltasBySize = new Map<number, readonly Buffer[]>();

const pauses: Readonly<Record<Delivery, () => Promise<void> | undefined>> = {
  paced: () => wait(1),
  single: spin,
  'back-to-back': () => nextTurn(),
  bulk: () => undefined,
};

/** Time between two single events: the function then reads each by itself, and has little time to cool down. */
const singleMs = 0.05;

/** Turns the event loop, which sends what was written, until so much time has passed. */
async function spin(): Promise<void> {
  const until = performance.now() + singleMs;
  do await nextTurn();
  while (performance.now() < until);
}

const server = createServer((request, response) => {
  if (request.method === 'GET') response.end(String(sentBytes.get(request.url?.slice(1) ?? '') ?? 0));
  else void answer(request, response);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt } = (await json(request)) as { readonly prompt: string };
  const { id, eventBytes, eventCount, delivery } = JSON.parse(prompt) as AnswerPlan;
  const deltas = deltasBySize.get(eventBytes) ?? createDeltas(eventBytes);
  deltasBySize.set(eventBytes, deltas);
  let handedOver = 0;
  let wake = (): void => undefined;
  response.on('drain', () => wake());
  response.on('close', () => wake());

  function write(bytes: Buffer): boolean {
    handedOver += bytes.length;
    sentBytes.set(id, handedOver);
    return response.write(bytes);
  }

  function drain(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const frame of framing.head) write(frame);
  for (let index = 0; index < eventCount && !response.destroyed; index++) {
    const delta = deltas[index % deltas.length];
    if (delta !== undefined && !write(delta)) await drain();
    await pauses[delivery]();
  }
  for (const frame of framing.tail) write(frame);
  response.end();
}
