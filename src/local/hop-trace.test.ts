import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExchangeTrace, untraced } from './hop-trace.ts';

test('writes down every hop in the order of the beginnings, with times since the arrival', () => {
  let now = 100;
  const trace = createExchangeTrace(() => now);
  now = 101;
  const viewer = trace.begin('viewer', [{ name: 'accept', value: '*/*' }], 7);
  now = 102;
  const agent = trace.begin('agentcore');
  now = 105;
  agent.head(200, [{ name: 'content-type', value: 'text/event-stream' }], 2.5);
  now = 106;
  agent.chunk(10);
  now = 107;
  agent.chunk(20);
  viewer.head(200, []);
  now = 108;
  agent.end('cut');
  now = 109;
  agent.end('complete');
  assert.deepEqual(trace.hops(), [
    {
      hop: 'viewer',
      startMs: 1,
      requestHeaders: [{ name: 'accept', value: '*/*' }],
      requestBytes: 7,
      headMs: 7,
      status: 200,
      responseHeaders: [],
      coldStartMs: undefined,
      chunks: [],
      chunkCount: 0,
      responseBytes: 0,
      endMs: undefined,
      outcome: undefined,
    },
    {
      hop: 'agentcore',
      startMs: 2,
      requestHeaders: [],
      requestBytes: 0,
      headMs: 5,
      status: 200,
      responseHeaders: [{ name: 'content-type', value: 'text/event-stream' }],
      coldStartMs: 2.5,
      chunks: [
        { atMs: 6, bytes: 10 },
        { atMs: 7, bytes: 20 },
      ],
      chunkCount: 2,
      responseBytes: 30,
      endMs: 8,
      outcome: 'cut',
    },
  ]);
});

test('keeps the first 10,000 chunks of a hop and counts the rest', () => {
  const trace = createExchangeTrace(() => 0);
  const hop = trace.begin('viewer');
  for (let chunk = 0; chunk < 10_003; chunk += 1) {
    hop.chunk(2);
  }
  const [traced] = trace.hops();
  assert.deepEqual([traced?.chunks.length, traced?.chunkCount, traced?.responseBytes], [10_000, 10_003, 20_006]);
});

test('writes nothing down where nobody asked for it', () => {
  const hop = untraced.begin('viewer');
  hop.head(200, []);
  hop.chunk(1);
  hop.end('complete');
  assert.deepEqual(untraced.hops(), []);
});
