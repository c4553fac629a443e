import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createScriptedRelay,
  follow,
  readText,
  runtimeSessionOf,
  sessionId,
  start,
  stop,
  textFrame,
} from '../../test/scripted-relay.ts';
import { RelayError } from '../errors.ts';
import type { RelayRequest } from './relay-request.ts';
import { setProcessTimer } from './watch.ts';

describe('a request that is not valid', () => {
  const bytes = (text: string) => ({ readBody: async () => new TextEncoder().encode(text) });
  const cases: readonly [string, Parameters<ReturnType<typeof createScriptedRelay>['send']>[0], number, string][] = [
    ['an empty body', bytes(''), 400, 'invalid_json'],
    ['a body that is no JSON', bytes('prompt=hi'), 400, 'invalid_json'],
    ['bytes that are no UTF-8', { readBody: async () => Uint8Array.of(0xff, 0xfe) }, 400, 'invalid_json'],
    ['a JSON array', bytes('["hi"]'), 400, 'invalid_request'],
    ['a JSON string', bytes('"hi"'), 400, 'invalid_request'],
    ['null', bytes('null'), 400, 'invalid_request'],
    ['no prompt', bytes('{}'), 400, 'invalid_prompt'],
    ['a prompt only on the prototype', bytes('{"__proto__":{"prompt":"hi"}}'), 400, 'invalid_prompt'],
    ['an empty prompt', { json: { prompt: ' \n' } }, 400, 'invalid_prompt'],
    ['a prompt that is a number', { json: { prompt: 42 } }, 400, 'invalid_prompt'],
    ['a prompt that is a list', { json: { prompt: ['hi'] } }, 400, 'invalid_prompt'],
    ['a prompt that is too long', { json: { prompt: 'x'.repeat(500_001) } }, 413, 'payload_too_large'],
    ['an unknown response', { json: { prompt: 'hi', response: 'xml' } }, 400, 'invalid_response_format'],
    ['a response that is a number', { json: { prompt: 'hi', response: 1 } }, 400, 'invalid_response_format'],
    ['a short session id', { json: { prompt: 'hi', runtimeSessionId: 'short' } }, 400, 'invalid_session_id'],
    ['a long one', { json: { prompt: 'hi', runtimeSessionId: 'x'.repeat(101) } }, 400, 'invalid_session_id'],
    ['one with CR LF', { json: { prompt: 'hi', runtimeSessionId: `${sessionId}\r\nx: y` } }, 400, 'invalid_session_id'],
    ['one that is a number', { json: { prompt: 'hi', runtimeSessionId: 7 } }, 400, 'invalid_session_id'],
    ['a GET without a prompt', { method: 'GET' }, 400, 'invalid_prompt'],
    ['a method that is not taken', { method: 'DELETE' }, 405, 'method_not_allowed'],
    ['an unknown path', { path: '/nowhere' }, 404, 'not_found'],
    ['a path trick', { path: '//' }, 404, 'not_found'],
  ];

  for (const [name, request, status, code] of cases) {
    it(`is refused with ${status} ${code}, and never runs the agent: ${name}`, async () => {
      const { agent, send } = createScriptedRelay();
      const response = await send(request);
      const body: unknown = JSON.parse(await readText(response));
      const { message } = (body as { error: { message: string } }).error;
      assert.deepEqual(
        { status: response.status, type: response.headers['content-type'], body, runs: agent.invocations.length },
        {
          status,
          type: 'application/json; charset=utf-8',
          body: { error: { code, message, requestId: response.headers['x-request-id'] } },
          runs: 0,
        },
      );
      assert.match(message, /^\S.{8,200}$/u);
      assert.match(response.headers['x-runtime-session-id'] ?? '', /^made-\d{32}$/u);
    });
  }

  it('keeps a valid session id in the headers of the refusal', async () => {
    const { send } = createScriptedRelay();
    const response = await send({ json: { prompt: 'hi', runtimeSessionId: sessionId, response: 'xml' } });
    assert.equal(response.headers['x-runtime-session-id'], sessionId);
  });

  it('names the methods that a path takes', async () => {
    const { send } = createScriptedRelay();
    assert.equal((await send({ method: 'PUT' })).headers['allow'], 'GET, POST, HEAD, OPTIONS');
  });
});

describe('requests that never run the agent', () => {
  const cases: readonly [string, Partial<RelayRequest>, number][] = [
    ['OPTIONS', { method: 'OPTIONS' }, 204],
    ['HEAD', { method: 'HEAD', query: 'prompt=hi' }, 200],
    ['the favicon', { method: 'GET', path: '/favicon.ico' }, 204],
    ['an EventSource that comes back', { method: 'GET', query: 'prompt=hi', headers: { 'last-event-id': '' } }, 204],
  ];
  for (const [name, request, status] of cases) {
    it(`answers ${name} with ${status}`, async () => {
      const { agent, send } = createScriptedRelay();
      const response = await send(request);
      assert.deepEqual([response.status, await readText(response), agent.invocations.length], [status, '', 0]);
    });
  }
});

describe('an answer', () => {
  it('passes the content type and the bytes of the agent through by default', async () => {
    const { agent, send } = createScriptedRelay();
    agent.answer('text/event-stream; charset=utf-8');
    agent.say('data: {"x"');
    agent.say(':1}\r\n\r\n: comment\n\n');
    agent.end();
    const response = await send({ json: { prompt: 'hé', runtimeSessionId: sessionId } });
    assert.deepEqual(
      [response.status, response.headers],
      [
        200,
        {
          'cache-control': 'no-cache, no-store, no-transform',
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
          'referrer-policy': 'no-referrer',
          'x-frame-options': 'DENY',
          'x-accel-buffering': 'no',
          'x-content-type-options': 'nosniff',
          'content-type': 'text/event-stream; charset=utf-8',
          'x-request-id': `made-${'1'.padStart(32, '0')}`,
          'x-runtime-session-id': sessionId,
        },
      ],
    );
    assert.equal(await readText(response), 'data: {"x":1}\r\n\r\n: comment\n\n');
    const [invocation] = agent.invocations;
    assert.deepEqual(
      [invocation?.payload, invocation?.runtimeSessionId],
      ['{"prompt":"hé"}', runtimeSessionOf(sessionId)],
    );
  });

  it('takes the prompt, the session and the format from the query of a GET', async () => {
    const { agent, send } = createScriptedRelay();
    agent.answer();
    agent.say(start + textFrame('Hi') + stop);
    agent.end();
    const query = `prompt=a%20b%2Bc+d&runtimeSessionId=${sessionId}&response=transformed`;
    const response = await send({ method: 'GET', query });
    assert.equal(response.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(await readText(response), `Hi\n{"runtimeSessionId":"${sessionId}"}`);
    assert.equal(agent.invocations[0]?.payload, '{"prompt":"a b+c d"}');
  });

  it('makes a session id where the client gives none, or an empty one', async () => {
    for (const runtimeSessionId of [undefined, null, '']) {
      const { agent, send } = createScriptedRelay();
      agent.answer();
      agent.end();
      const response = await send({ json: { prompt: 'hi', runtimeSessionId } });
      await readText(response);
      const ownId = response.headers['x-runtime-session-id'] ?? '';
      assert.match(ownId, /^made-/u);
      assert.equal(agent.invocations[0]?.runtimeSessionId, runtimeSessionOf(ownId));
    }
  });

  it('sends the first event before the second exists', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    const viewed = follow(await send({ json: { prompt: 'hi', response: 'transformed' } }));
    agent.say(start + textFrame('first'));
    await clock.advance(0);
    assert.equal(viewed.text, 'first');
    agent.say(stop);
    agent.end();
    await viewed.done;
  });

  it('does not read ahead of a slow viewer', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    for (let count = 0; count < 10; count++) agent.say(`data: ${count}\n\n`);
    const chunks = (await send()).body[Symbol.asyncIterator]();
    await chunks.next();
    await clock.advance(1000);
    assert.equal(agent.unread, 9);
    await chunks.return?.();
  });

  it('passes on the trace of the request and nothing that only looks like one', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const cases = [
      [
        { traceparent, tracestate: 'a=b', 'x-amzn-trace-id': 'Root=1-2-3' },
        { traceparent, tracestate: 'a=b', amznTraceId: 'Root=1-2-3' },
      ],
      [
        { traceparent: 'x\r\ny: z', tracestate: 'a=b', 'x-amzn-trace-id': 'x'.repeat(129) },
        { traceparent: undefined, tracestate: undefined, amznTraceId: undefined },
      ],
    ] as const;
    for (const [headers, trace] of cases) {
      const { agent, send } = createScriptedRelay();
      agent.answer();
      agent.end();
      await readText(await send({ headers }));
      assert.deepEqual(agent.invocations[0]?.trace, trace);
    }
  });

  it('shows every event to the filter and puts in order what the filter leaves', async () => {
    const { agent, send } = createScriptedRelay({
      createFilter: () => (event) => {
        if (event.type === 'text-start' || event.type === 'run-end') return undefined;
        return event.type === 'text-delta' ? { ...event, text: event.text.toUpperCase() } : event;
      },
    });
    agent.answer();
    agent.say(start + textFrame('quiet') + stop);
    agent.end();
    const lines = (await readText(await send({ json: { prompt: 'hi', response: 'ndjson' } }))).trim().split('\n');
    assert.deepEqual(
      lines.slice(1).map((line): unknown => JSON.parse(line)),
      [
        { type: 'step-start' },
        { type: 'text-start', id: 'text-1' },
        { type: 'text-delta', id: 'text-1', text: 'QUIET' },
        { type: 'text-end', id: 'text-1' },
        { type: 'step-end', stopReason: 'end-turn' },
        { type: 'run-end', stopReason: 'end-turn' },
      ],
    );
  });

  it('ends with an error of its own when the filter throws', async () => {
    const { agent, send } = createScriptedRelay({
      createFilter: () => () => {
        throw new Error('secret detail');
      },
    });
    agent.answer();
    agent.say(start);
    const text = await readText(await send({ json: { prompt: 'hi', response: 'transformed' } }));
    assert.equal(text, '\n----------\n{"error":{"code":"internal_error","message":"the relay failed"}}');
  });
});

describe('a failure', () => {
  it('before the first byte keeps its true status and hides the cause', async () => {
    const { agent, entries, send } = createScriptedRelay();
    agent.refuse(
      new RelayError('agent_throttled', {
        retryAfterSeconds: 2,
        cause: new Error('User arn:aws:iam::123456789012:role/x is throttled'),
        upstreamName: 'ThrottlingException',
      }),
    );
    const response = await send({ json: { prompt: 'secret prompt', runtimeSessionId: sessionId } });
    assert.deepEqual(
      [response.status, response.headers['retry-after'], response.headers['x-runtime-session-id']],
      [429, '2', sessionId],
    );
    const text = await readText(response);
    assert.equal(text.includes('123456789012'), false);
    assert.equal(JSON.stringify(entries).includes('secret prompt'), false);
  });

  it('in the middle becomes an error message of the event stream', async () => {
    const { agent, send } = createScriptedRelay();
    agent.answer();
    agent.say('data: {"whole":1}\n\ndata: {"cut');
    agent.end(new RelayError('agent_interrupted', { cause: new Error('ECONNRESET 10.0.0.1') }));
    assert.equal(
      await readText(await send()),
      'data: {"whole":1}\n\ndata: {"cut\n\nevent: error\ndata: {"error":{"code":"agent_interrupted","message":"the answer broke off before its end"}}\n\n',
    );
  });

  it('that looks like a clean end is still said where a line of the event stream is not whole', async () => {
    const { agent, send } = createScriptedRelay();
    agent.answer();
    agent.say('data: {"whole":1}\n\ndata: {"cut');
    agent.end();
    assert.equal(
      await readText(await send()),
      'data: {"whole":1}\n\ndata: {"cut\n\nevent: error\ndata: {"error":{"code":"agent_interrupted","message":"the answer broke off before its end"}}\n\n',
    );
  });

  it('is not made up where the last message of the event stream only lacks its blank line', async () => {
    const { agent, send } = createScriptedRelay();
    agent.answer();
    agent.say('data: 1\n\ndata: 2\n');
    agent.end();
    assert.equal(await readText(await send()), 'data: 1\n\ndata: 2\n');
  });

  it('in the middle becomes the trailer of transformed text', async () => {
    const { agent, send } = createScriptedRelay();
    agent.answer();
    agent.say(start + textFrame('Hel'));
    agent.end(new RelayError('agent_interrupted'));
    assert.equal(
      await readText(await send({ json: { prompt: 'hi', response: 'transformed' } })),
      'Hel\n----------\n{"error":{"code":"agent_interrupted","message":"the answer broke off before its end"}}',
    );
  });

  it('of the agent that ends cleanly in the middle of its answer is still said', async () => {
    const { agent, send } = createScriptedRelay();
    agent.answer();
    agent.say(start + textFrame('Hel'));
    agent.end();
    assert.match(await readText(await send({ json: { prompt: 'hi', response: 'transformed' } })), /agent_interrupted/u);
  });
});

describe('time', () => {
  it('sends 200 and keep-alives when AgentCore takes longer than the grace time, then the answer', async () => {
    const { agent, clock, send } = createScriptedRelay();
    const sending = send();
    await clock.advance(10_000);
    const response = await sending;
    assert.deepEqual([response.status, response.headers['content-type']], [200, 'text/event-stream']);
    const viewed = follow(response);
    await clock.advance(15_000);
    assert.equal(viewed.text, ': keep-alive\n\n');
    agent.answer();
    agent.say('data: 1\n\n');
    agent.end();
    await viewed.done;
    assert.equal(viewed.text, ': keep-alive\n\ndata: 1\n\n');
    assert.equal(clock.pendingTimers, 0);
  });

  it('waits for the true status as long as it takes where the grace time is endless', async () => {
    const { agent, send } = createScriptedRelay({ limits: { graceMs: Infinity }, setTimer: setProcessTimer });
    const sending = send();
    // A delay that overflows Node's timers becomes one millisecond.
    await new Promise((resolve) => setTimeout(resolve, 20));
    agent.refuse(new RelayError('agent_throttled'));
    assert.equal((await sending).status, 429);
  });

  it('says an error that comes after the grace time in the stream', async () => {
    const { agent, clock, send } = createScriptedRelay();
    const sending = send();
    await clock.advance(10_000);
    const viewed = follow(await sending);
    agent.refuse(new RelayError('agent_failed'));
    await viewed.done;
    assert.equal(
      viewed.text,
      'event: error\ndata: {"error":{"code":"agent_failed","message":"the agent failed before it answered"}}\n\n',
    );
  });

  it('wraps a document that comes after the grace time into the promised event stream', async () => {
    const { agent, clock, send } = createScriptedRelay();
    const sending = send();
    await clock.advance(10_000);
    const viewed = follow(await sending);
    agent.answer('application/json');
    agent.say('{"a":\n');
    agent.say('1}');
    agent.end();
    await viewed.done;
    assert.equal(viewed.text, 'data: {"a":\ndata: 1}\n\n');
  });

  it('wraps a document the same wherever it is cut, also between CR and LF', async () => {
    const { agent, clock, send } = createScriptedRelay();
    const sending = send();
    await clock.advance(10_000);
    const viewed = follow(await sending);
    agent.answer('text/plain');
    for (const piece of ['a\r', '\nb\r', 'c\n', '\r']) agent.say(piece);
    agent.end();
    await viewed.done;
    assert.equal(viewed.text, 'data: a\ndata: b\ndata: c\ndata: \ndata: \n\n');
  });

  it('keeps a silent stream alive between messages, never inside one', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    const viewed = follow(await send());
    agent.say('data: 1\r\n\r');
    await clock.advance(15_000);
    assert.equal(viewed.text, 'data: 1\r\n\r');
    agent.say('\n');
    await clock.advance(30_000);
    assert.equal(viewed.text, 'data: 1\r\n\r\n: keep-alive\n\n: keep-alive\n\n');
    agent.say('data: 2\n\n');
    agent.end();
    await viewed.done;
    assert.equal(viewed.text, 'data: 1\r\n\r\n: keep-alive\n\n: keep-alive\n\ndata: 2\n\n');
  });

  it('does not send keep-alives to a viewer who is being served', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    const viewed = follow(await send());
    for (let count = 0; count < 10; count++) {
      agent.say('data: 1\n\n');
      await clock.advance(14_000);
    }
    assert.equal(viewed.text, 'data: 1\n\n'.repeat(10));
    agent.end();
    await viewed.done;
  });

  it('keeps ndjson alive by blank lines and sends nothing into plain text', async () => {
    for (const [response, expected] of [
      ['ndjson', '\n\n'],
      ['transformed', ''],
    ] as const) {
      const { agent, clock, send } = createScriptedRelay();
      agent.answer();
      const viewed = follow(await send({ json: { prompt: 'hi', response } }));
      await clock.advance(30_000);
      assert.equal(viewed.text, expected);
      agent.end();
      await viewed.done;
    }
  });

  it('keeps ndjson alive while the agent sends only what the viewer is not shown', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    const viewed = follow(await send({ json: { prompt: 'hi', response: 'ndjson' } }));
    for (let count = 0; count < 3; count++) {
      agent.say(': ping\n\n');
      await clock.advance(10_000);
    }
    assert.equal(viewed.text, '\n\n');
    agent.end();
    await viewed.done;
  });

  it('ends plain text by an error before a proxy cuts it, though the agent is at work', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    const viewed = follow(await send({ json: { prompt: 'hi', response: 'transformed' } }));
    for (let count = 0; count < 11; count++) {
      agent.say(': ping\n\n');
      await clock.advance(10_000);
    }
    await viewed.done;
    assert.match(viewed.text, /"code":"agent_silent"/u);
    assert.equal(clock.pendingTimers, 0);
  });

  it('ends at the deadline also between an agent that is always ready and a viewer who is slow', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    for (let count = 0; count < 10; count++) agent.say('data: 1\n\n');
    const { body } = await send({ hostDeadlineAt: clock.now() + 60_000 });
    let text = '';
    for await (const chunk of body) {
      text += Buffer.from(chunk).toString('utf8');
      await clock.advance(20_000);
    }
    assert.equal(
      text,
      `${'data: 1\n\n'.repeat(3)}event: error\ndata: {"error":{"code":"deadline_exceeded","message":"the time for this answer is over"}}\n\n`,
    );
  });

  it('ends a stream whose agent has been silent for too long, and cancels its call', async () => {
    for (const [response, silenceMs] of [
      ['original', 300_000],
      ['transformed', 110_000],
    ] as const) {
      const { agent, clock, send } = createScriptedRelay();
      agent.answer();
      const viewed = follow(await send({ json: { prompt: 'hi', response } }));
      await clock.advance(silenceMs - 1);
      assert.equal(agent.invocations[0]?.signal.aborted, false);
      await clock.advance(1);
      await viewed.done;
      assert.match(viewed.text, /"code":"agent_silent"/u);
      assert.equal(agent.invocations[0]?.signal.aborted, true);
      assert.equal(clock.pendingTimers, 0);
    }
  });

  it("ends a stream before the host's own deadline would cut it", async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    const viewed = follow(
      await send({ hostDeadlineAt: clock.now() + 60_000, json: { prompt: 'hi', response: 'transformed' } }),
    );
    agent.say(start + textFrame('Hel'));
    await clock.advance(54_999);
    assert.equal(viewed.text, 'Hel');
    await clock.advance(1);
    await viewed.done;
    assert.equal(
      viewed.text,
      'Hel\n----------\n{"error":{"code":"deadline_exceeded","message":"the time for this answer is over"}}',
    );
  });

  it('leaves most of a short deadline to the agent', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    const viewed = follow(
      await send({ hostDeadlineAt: clock.now() + 3000, json: { prompt: 'hi', response: 'transformed' } }),
    );
    await clock.advance(2699);
    assert.equal(viewed.text, '');
    await clock.advance(1);
    await viewed.done;
    assert.match(viewed.text, /"code":"deadline_exceeded"/u);
  });

  it('does not take the time that a slow viewer needs for silence of the agent', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    agent.say('data: 1\n\n');
    agent.say('data: 2\n\n');
    const chunks = (await send()).body[Symbol.asyncIterator]();
    await chunks.next();
    await clock.advance(600_000);
    assert.equal(Buffer.from((await chunks.next()).value ?? []).toString(), 'data: 2\n\n');
    await chunks.return?.();
  });
});

describe('a viewer who leaves', () => {
  it('cancels the call of the agent before its headers came', async () => {
    const { agent, send, viewer } = createScriptedRelay();
    const sending = send();
    await agent.invoked;
    viewer.abort();
    assert.equal((await sending).status, 499);
    assert.equal(agent.invocations[0]?.signal.aborted, true);
  });

  it('cancels the call of the agent in the middle and is told nothing more', async () => {
    const { agent, clock, entries, send, viewer } = createScriptedRelay();
    agent.answer();
    const viewed = follow(await send());
    agent.say('data: 1\n\n');
    await clock.advance(0);
    viewer.abort();
    await viewed.done;
    assert.equal(viewed.text, 'data: 1\n\n');
    assert.equal(agent.invocations[0]?.signal.aborted, true);
    assert.equal(entries.at(-1)?.['ending'], 'cancelled');
    assert.equal(clock.pendingTimers, 0);
  });

  it('cancels the call of the agent by no longer reading', async () => {
    const { agent, clock, send } = createScriptedRelay();
    agent.answer();
    agent.say('data: 1\n\n');
    const chunks = (await send()).body[Symbol.asyncIterator]();
    await chunks.next();
    await chunks.return?.();
    assert.equal(agent.invocations[0]?.signal.aborted, true);
    assert.equal(clock.pendingTimers, 0);
  });
});
