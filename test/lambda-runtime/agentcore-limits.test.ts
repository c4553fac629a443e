import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { invocation, scopeWith, start, textOf } from './agentcore-harness.ts';
import type { RequestFaults } from '../../src/local/faults/request-faults.ts';
import type { AgentCoreLimits } from '../../src/local/agentcore/agentcore-settings.ts';
import { untilGone } from './until.ts';

describe("AgentCore's limits", () => {
  it('refuse a payload that is larger, and take one that is as large', async (t) => {
    const payload = { prompt: 'bytes', count: 1 };
    const { length } = JSON.stringify(payload);
    for (const [maxPayloadBytes, expected] of [
      [length, 'a'],
      [length - 1, 'ValidationException'],
    ] as const) {
      const { client } = await start(t, { limits: { maxPayloadBytes } });
      const answer = await client.send(invocation(payload)).then(textOf, (error: Error) => error.name);
      assert.equal(answer, expected);
    }
  });

  const cuts: readonly (readonly [string, Partial<AgentCoreLimits>, object, string, string])[] = [
    [
      'an answer after its last byte that is allowed',
      { maxResponseBytes: 1000 },
      { prompt: 'bytes', count: 1001 },
      'a'.repeat(1000),
      'AgentCore cuts an answer: the answer is larger than 1000 bytes',
    ],
    [
      'a stream at a message that is larger than one may be',
      { maxChunkBytes: 1000 },
      { prompt: 'one message', count: 1000 },
      '',
      'AgentCore cuts an answer: one message of the answer is larger than 1000 bytes',
    ],
    [
      'a stream that takes longer',
      { streamTimeoutMs: 500, requestTimeoutMs: 60_000 },
      { prompt: 'stream', count: 1000 },
      'data: {"n":0}',
      'AgentCore cuts an answer: it took longer than 0.5 s',
    ],
  ];
  for (const [name, limits, payload, beginning, note] of cuts) {
    it(`cut ${name}, and say so`, async (t) => {
      const { client, notes } = await start(t, { limits });
      const output = await client.send(invocation(payload));
      let read = '';
      await assert.rejects(
        async () => {
          for await (const chunk of output.response as AsyncIterable<Buffer>) read += chunk.toString();
        },
        { code: 'ECONNRESET' },
      );
      assert.equal(read.slice(0, Math.max(beginning.length, 1)), beginning);
      assert.deepEqual(notes, [note]);
    });
  }

  it('let answers through that are as large as they may be', async (t) => {
    const { client, notes } = await start(t, { limits: { maxResponseBytes: 1016, maxChunkBytes: 1007 } });
    const bytes = await textOf(await client.send(invocation({ prompt: 'bytes', count: 1016 })));
    const message = await textOf(await client.send(invocation({ prompt: 'one message', count: 999 })));
    assert.deepEqual([bytes.length, message.length, notes], [1016, 1016, []]);
  });

  it('end the wait for an answer with 504', async (t) => {
    const { client, notes, lines } = await start(t, { limits: { requestTimeoutMs: 500 } });
    await client.send(invocation({ prompt: 'bytes', count: 1 }));
    await assert.rejects(client.send(invocation({ prompt: 'silence' })), (error: Record<string, unknown>) => {
      assert.deepEqual((error['$metadata'] as { readonly httpStatusCode: number }).httpStatusCode, 504);
      return true;
    });
    assert.deepEqual(
      [notes, lines.map(({ status }) => status)],
      [['the agent gave no answer in 0.5 s, as long as AgentCore waits'], [200, 504]],
    );
  });
});

describe('a fault at AgentCore', () => {
  const three = ['data: {"n":0}\n\n', 'data: {"n":1}\n\n', 'data: {"n":2}\n\n'];
  const after = (count: number): { readonly unit: 'messages'; readonly count: number } => ({ unit: 'messages', count });

  async function read(
    t: Parameters<typeof start>[0],
    faults: Partial<RequestFaults['agent']>,
  ): Promise<{
    readonly text: string;
    readonly code: unknown;
    readonly trace: readonly unknown[];
    readonly pid: number;
  }> {
    const scope = scopeWith(faults);
    let isOn = false;
    const { client } = await start(t, { scopeOf: () => (isOn ? scope.scopeOf() : undefined) });
    const { pid } = JSON.parse(await textOf(await client.send(invocation({ prompt: 'who' })))) as { pid: number };
    isOn = true;
    let text = '';
    let code: unknown;
    try {
      const output = await client.send(invocation({ prompt: 'stream', count: 3 }));
      for await (const chunk of output.response as AsyncIterable<Buffer>) text += chunk.toString();
    } catch (error) {
      ({ code } = error as { readonly code?: unknown });
    }
    const trace = scope.trace().map(({ hop, status, outcome, chunks }) => ({
      hop,
      status,
      outcome,
      bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
      isSplit: chunks.every(({ bytes }) => bytes <= 4),
    }));
    return { text, code, trace, pid };
  }

  it('splits the answer', async (t) => {
    const { text, code, trace } = await read(t, { splitBytes: 4 });
    assert.deepEqual(
      [text, code, trace],
      [three.join(''), undefined, [{ hop: 'agentcore', status: 200, outcome: 'complete', bytes: 45, isSplit: true }]],
    );
  });

  it('cuts the answer', async (t) => {
    const { text, code, trace } = await read(t, { cutAfter: after(2) });
    assert.deepEqual([text, code], [three.slice(0, 2).join(''), 'ECONNRESET']);
    assert.deepEqual(trace, [{ hop: 'agentcore', status: 200, outcome: 'cut', bytes: 30, isSplit: false }]);
  });

  it('ends the answer as if it were whole', async (t) => {
    const { text, code } = await read(t, { endAfter: after(1) });
    assert.deepEqual([text, code], [three[0], undefined]);
  });

  it("kills the session's process in the middle of the answer", async (t) => {
    const { text, code, pid } = await read(t, { crashAfter: after(1) });
    assert.deepEqual([text, code], [three[0], 'ECONNRESET']);
    await untilGone(pid);
  });

  it('keeps the answer silent', async (t) => {
    const startedMs = performance.now();
    const { text } = await read(t, { silence: { after: after(1), forMs: 300 } });
    assert.equal(text, three.join(''));
    assert.ok(performance.now() - startedMs > 300);
  });

  it("adds to the start of a session's process, and to nothing where it runs", async (t) => {
    const scope = scopeWith({ coldStartMs: 300 });
    const { client, lines } = await start(t, { scopeOf: scope.scopeOf });
    await textOf(await client.send(invocation({ prompt: 'who' })));
    const [hop] = scope.trace();
    assert.ok((hop?.coldStartMs ?? 0) > 300);
    await textOf(await client.send(invocation({ prompt: 'who' })));
    const [cold, warm] = lines;
    assert.ok((cold?.coldStartMs ?? 0) > 300 && (warm?.firstByteMs ?? 0) < 300);
    assert.deepEqual([warm?.coldStartMs, scope.trace()[0]?.coldStartMs], [undefined, undefined]);
  });

  it('leaves a trace of what was asked and answered, also of an error', async (t) => {
    const scope = scopeWith({ exception: 'ThrottlingException' });
    const { client } = await start(t, { scopeOf: scope.scopeOf });
    await client.send(invocation({ prompt: 'who' })).catch(() => undefined);
    const [hop] = scope.trace();
    assert.deepEqual(
      {
        status: hop?.status,
        outcome: hop?.outcome,
        requestBytes: hop?.requestBytes,
        session: hop?.requestHeaders.find(({ name }) => name.toLowerCase().endsWith('runtime-session-id'))?.value,
        error: hop?.responseHeaders.find(({ name }) => name === 'x-amzn-errortype')?.value,
      },
      {
        status: 429,
        outcome: 'complete',
        requestBytes: 16,
        session: 'session-0123456789-0123456789-012',
        error: 'ThrottlingException',
      },
    );
  });
});
