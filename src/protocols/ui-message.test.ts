import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import type { AgentEvent, RunStopReason, TokenUsage } from '../events/agent-event.ts';
import { createEventOrder } from '../events/order.ts';
import { isJsonObject } from '../json.ts';
import { createUiMessage } from './ui-message.ts';
import type { UiMessageOptions } from './ui-message.ts';

const context = {
  requestId: 'request-0001',
  conversationId: 'conversation-0000000000000000000001',
  startedAtMs: 1_800_000_000_000,
};

/** Everything that is written of a run, put in order as the relay does. */
function write(events: readonly AgentEvent[], options?: UiMessageOptions): string {
  const writer = createUiMessage(options).createWriter(context);
  let text = '';
  const order = createEventOrder((event) => (text += writer.write(event)));
  for (const event of events) order.push(event);
  order.end();
  return text;
}

/** The chunks of a run, without the marks that are the same in every chunk of a tool. */
function read(text: string): unknown[] {
  const messages = text.split('\n\n');
  assert.deepEqual(messages.splice(-2), ['data: [DONE]', '']);
  return messages.map((message) => {
    assert.match(message, /^data: [^\r\n]+$/u);
    const { dynamic, providerExecuted, ...chunk } = JSON.parse(message.slice('data: '.length)) as Record<
      string,
      unknown
    >;
    assert.equal(dynamic, providerExecuted);
    assert.equal(dynamic === true, 'toolCallId' in chunk && chunk['type'] !== 'tool-input-delta');
    return chunk;
  });
}

const run = (events: readonly AgentEvent[], options?: UiMessageOptions) => read(write(events, options));
const start = { type: 'start', messageId: 'request-0001' };
const startStep = { type: 'start-step' };
const finishStep = { type: 'finish-step' };
const finish = { type: 'finish', finishReason: 'stop' };

function call(input: readonly string[], id = 't', name = 'clock'): AgentEvent[] {
  return [
    { type: 'tool-start', id, name },
    ...input.map((input): AgentEvent => ({ type: 'tool-delta', id, input })),
    { type: 'tool-end', id },
  ];
}

describe('a tool', () => {
  const inputStart = { type: 'tool-input-start', toolCallId: 't', toolName: 'clock' };
  const inputDelta = (inputTextDelta: string) => ({ type: 'tool-input-delta', toolCallId: 't', inputTextDelta });
  const inputAvailable = (input: unknown) => ({
    type: 'tool-input-available',
    toolCallId: 't',
    toolName: 'clock',
    input,
  });
  const output = (output: unknown) => ({ type: 'tool-output-available', toolCallId: 't', output });
  const answer = (content: unknown): AgentEvent => ({ type: 'tool-result', id: 't', isError: false, content });

  it('is marked as the agent’s own in every chunk that has a place for it', () => {
    assert.equal(
      write([...call(['{}']), answer('12:00')]),
      [
        '{"type":"start","messageId":"request-0001"}',
        '{"type":"start-step"}',
        '{"type":"tool-input-start","toolCallId":"t","dynamic":true,"providerExecuted":true,"toolName":"clock"}',
        '{"type":"tool-input-delta","toolCallId":"t","inputTextDelta":"{}"}',
        '{"type":"tool-input-available","toolCallId":"t","dynamic":true,"providerExecuted":true,"toolName":"clock","input":{}}',
        '{"type":"tool-output-available","toolCallId":"t","dynamic":true,"providerExecuted":true,"output":"12:00"}',
        '{"type":"finish-step"}',
        '{"type":"finish","finishReason":"stop"}',
        '[DONE]',
      ]
        .map((data) => `data: ${data}\n\n`)
        .join(''),
    );
  });

  it('has its input whole once the pieces are, and no arguments where the model said nothing', () => {
    assert.deepEqual(run([...call(['{"zone":', ' "UTC"}']), answer(null)]).slice(2, -2), [
      inputStart,
      inputDelta('{"zone":'),
      inputDelta(' "UTC"}'),
      inputAvailable({ zone: 'UTC' }),
      output(null),
    ]);
    assert.deepEqual(run([...call([]), answer(7)]).slice(2, -2), [inputStart, inputAvailable({}), output(7)]);
  });

  it('keeps the raw text of an input that is no JSON, and takes a result after it', () => {
    assert.deepEqual(run([...call(['{"zone": UTC']), answer('12:00')]).slice(2, -2), [
      inputStart,
      inputDelta('{"zone": UTC'),
      {
        type: 'tool-input-error',
        toolCallId: 't',
        toolName: 'clock',
        input: '{"zone": UTC',
        errorText: 'the input of this tool is not a whole JSON text',
      },
      output('12:00'),
    ]);
  });

  it('says what went wrong as text, whatever it was', () => {
    for (const [content, errorText] of [
      ['no such zone', 'no such zone'],
      [{ code: 1 }, '{"code":1}'],
      [undefined, 'null'],
    ] as const) {
      assert.deepEqual(run([...call([]), { type: 'tool-result', id: 't', isError: true, content }]).at(-3), {
        type: 'tool-output-error',
        toolCallId: 't',
        errorText,
      });
    }
  });

  it('sends an input that is too long to hold in pieces only, and holds the next one again', () => {
    const events = [...call(['"12345', '678"']), ...call(['"12345', '67"'], 'u'), answer(1)];
    const chunks = run(events, { maxToolInputLength: 9 });
    assert.deepEqual(chunks.slice(2, 9), [
      inputStart,
      inputDelta('"12345'),
      inputDelta('678"'),
      { ...inputStart, toolCallId: 'u' },
      { ...inputDelta('"12345'), toolCallId: 'u' },
      { ...inputDelta('67"'), toolCallId: 'u' },
      { ...inputAvailable('1234567'), toolCallId: 'u' },
    ]);
  });

  it('holds no more than the cap over all inputs that are open at once', () => {
    const ids = ['a', 'b', 'c'];
    const events = [
      ...ids.map((id): AgentEvent => ({ type: 'tool-start', id, name: 'clock' })),
      ...ids.map((id): AgentEvent => ({ type: 'tool-delta', id, input: '12345' })),
      ...ids.map((id): AgentEvent => ({ type: 'tool-end', id })),
    ];
    const available = run(events, { maxToolInputLength: 10 }).filter(
      (chunk) => isJsonObject(chunk) && chunk['type'] === 'tool-input-available',
    );
    assert.deepEqual(available, [
      { ...inputAvailable(12345), toolCallId: 'a' },
      { ...inputAvailable(12345), toolCallId: 'b' },
    ]);
  });

  it('has a result as JSON text where the client would take its names for an attack', () => {
    const attack = '{"a":[{"__proto__":{"x":1}}]}';
    const other = '{"constructor":{"prototype":{}}}';
    const harmless = { constructor: { name: 'Ferrari' }, text: '{"__proto__":1}' };
    assert.deepEqual(run([...call([attack]), answer(JSON.parse(other))]).slice(4, 6), [
      inputAvailable(attack),
      output(other),
    ]);
    assert.deepEqual(run([...call([]), answer(harmless)]).at(-3), output(harmless));
  });

  it('is over when the model is called again, though the agent never showed its result', () => {
    const events: AgentEvent[] = [...call([]), { type: 'step-end', stopReason: 'tool-use' }, { type: 'step-start' }];
    assert.deepEqual(run([...events, { type: 'step-end', stopReason: 'end-turn' }]), [
      start,
      startStep,
      inputStart,
      inputAvailable({}),
      output(null),
      finishStep,
      startStep,
      finishStep,
      finish,
    ]);
  });

  it('shows a result that comes late after all', () => {
    const late: AgentEvent[] = [{ type: 'step-end', stopReason: 'tool-use' }, { type: 'step-start' }, answer('12:00')];
    assert.deepEqual(run([...call([]), ...late, { type: 'step-end', stopReason: 'end-turn' }]).slice(4), [
      output(null),
      finishStep,
      startStep,
      output('12:00'),
      finishStep,
      finish,
    ]);
  });

  it('is not left running when the run ends without its result', () => {
    const lost = {
      type: 'tool-output-error',
      toolCallId: 't',
      errorText: 'the answer ended before this tool gave a result',
    };
    const fates: readonly [RunStopReason, readonly unknown[]][] = [
      ['end-turn', [output(null)]],
      ['stop-sequence', [output(null)]],
      ['max-tokens', [lost]],
      ['content-filter', [lost]],
      ['cancelled', [lost]],
      ['other', [lost]],
      // Somebody else is to run it, or to allow it.
      ['tool-use', []],
      ['interrupt', [{ type: 'data-interrupt', data: {} }]],
    ];
    for (const [stopReason, said] of fates) {
      const chunks = run([...call([]), { type: 'step-end', stopReason }, { type: 'run-end', stopReason }]);
      const endOfStep = chunks.findIndex((chunk) => isJsonObject(chunk) && chunk['type'] === 'finish-step');
      assert.deepEqual(chunks.slice(4, endOfStep), said, stopReason);
    }
    const failed = run([...call([]), { type: 'error', code: 'agent_error', message: 'x' }]);
    assert.deepEqual(failed.slice(4, 6), [lost, finishStep]);
  });
});

describe('reasoning', () => {
  it('has its signature and what is redacted at its end, in whatever pieces they came', () => {
    const pieces = (data: readonly string[]) =>
      data.map((data): AgentEvent => ({ type: 'reasoning-redacted', id: '0', data }));
    const events: AgentEvent[] = [
      { type: 'reasoning-delta', id: '0', text: 'hm' },
      { type: 'reasoning-signature', id: '0', signature: 'Ep' },
      { type: 'reasoning-signature', id: '0', signature: 'UB' },
      { type: 'reasoning-end', id: '0' },
      ...pieces([Buffer.from('a').toString('base64'), Buffer.from('bcd').toString('base64')]),
      { type: 'reasoning-end', id: '0' },
      { type: 'reasoning-delta', id: '0', text: 'no proof' },
    ];
    assert.deepEqual(run(events), [
      start,
      startStep,
      { type: 'reasoning-start', id: 'reasoning-1' },
      { type: 'reasoning-delta', id: 'reasoning-1', delta: 'hm' },
      { type: 'reasoning-end', id: 'reasoning-1', providerMetadata: { bedrock: { signature: 'EpUB' } } },
      { type: 'reasoning-start', id: 'reasoning-2' },
      { type: 'reasoning-end', id: 'reasoning-2', providerMetadata: { bedrock: { redactedData: 'YWJjZA==' } } },
      { type: 'reasoning-start', id: 'reasoning-3' },
      { type: 'reasoning-delta', id: 'reasoning-3', delta: 'no proof' },
      { type: 'reasoning-end', id: 'reasoning-3' },
      finishStep,
      finish,
    ]);
  });

  it('drops a signature without end instead of holding it', () => {
    const signature = 'x'.repeat(100_000);
    const events = Array.from({ length: 5 }, (): AgentEvent => ({ type: 'reasoning-signature', id: '0', signature }));
    assert.deepEqual(run(events).slice(2, -2), [
      { type: 'reasoning-start', id: 'reasoning-1' },
      { type: 'reasoning-end', id: 'reasoning-1' },
    ]);
  });
});

describe('a source', () => {
  const cite = (citation: object) => run([{ type: 'citation', citation }])[2];

  it('is a link where it has an address that a page may follow, and a document where not', () => {
    const passage = { providerMetadata: { agentcore: { citedText: 'boils at 100 °C' } } };
    assert.deepEqual(cite({ url: 'https://example.com/a', title: 'A', text: 'boils at 100 °C' }), {
      type: 'source-url',
      sourceId: 'source-1',
      url: 'https://example.com/a',
      title: 'A',
      ...passage,
    });
    assert.deepEqual(cite({ url: 'HTTP://example.com' }), {
      type: 'source-url',
      sourceId: 'source-1',
      url: 'HTTP://example.com',
    });
    const document = { type: 'source-document', sourceId: 'source-1', mediaType: 'text/plain' };
    assert.deepEqual(cite({ title: 'handbook.pdf', text: 'boils at 100 °C' }), {
      ...document,
      title: 'handbook.pdf',
      ...passage,
    });
    for (const url of ['javascript:alert(1)', 'javascript://example.com/%0aalert(1)', 's3://bucket/key']) {
      assert.deepEqual(cite({ url }), { ...document, title: url });
    }
    assert.deepEqual(cite({}), { ...document, title: 'document' });
  });

  it('has an id of its own', () => {
    const citation: AgentEvent = { type: 'citation', citation: { title: 'A' } };
    const ids = run([citation, citation]).flatMap((chunk) => (isJsonObject(chunk) ? (chunk['sourceId'] ?? []) : []));
    assert.deepEqual(ids, ['source-1', 'source-2']);
  });
});

describe('the end', () => {
  const end = (stopReason: RunStopReason, usage?: TokenUsage): AgentEvent[] => [
    { type: 'step-start' },
    { type: 'step-end', stopReason },
    ...(usage === undefined ? [] : [{ type: 'usage' as const, usage }]),
    { type: 'run-end', stopReason },
  ];

  it('has a finish reason that all majors know', () => {
    const reasons: readonly [RunStopReason, string][] = [
      ['end-turn', 'stop'],
      ['stop-sequence', 'stop'],
      ['tool-use', 'tool-calls'],
      ['max-tokens', 'length'],
      ['content-filter', 'content-filter'],
      ['cancelled', 'other'],
      ['other', 'other'],
    ];
    for (const [stopReason, finishReason] of reasons) {
      assert.deepEqual(run(end(stopReason)), [start, startStep, finishStep, { type: 'finish', finishReason }]);
    }
    assert.deepEqual(run(end('interrupt')), [
      start,
      startStep,
      { type: 'data-interrupt', data: {} },
      finishStep,
      { type: 'finish', finishReason: 'other' },
    ]);
  });

  it('counts what the cache gave as part of the input, and names it for every major', () => {
    const cached = {
      inputTokens: 20,
      outputTokens: 7,
      totalTokens: 1327,
      cacheReadInputTokens: 1200,
      cacheWriteInputTokens: 100,
    };
    assert.deepEqual(run(end('end-turn', cached)).at(-1), {
      ...finish,
      messageMetadata: {
        usage: {
          inputTokens: 1320,
          inputTokenDetails: { noCacheTokens: 20, cacheReadTokens: 1200, cacheWriteTokens: 100 },
          outputTokens: 7,
          outputTokenDetails: {},
          totalTokens: 1327,
          cachedInputTokens: 1200,
        },
      },
    });
    assert.deepEqual(run(end('end-turn', { inputTokens: 20, outputTokens: 7, totalTokens: 27 })).at(-1), {
      ...finish,
      messageMetadata: {
        usage: { inputTokens: 20, inputTokenDetails: {}, outputTokens: 7, outputTokenDetails: {}, totalTokens: 27 },
      },
    });
  });

  it('says an error after everything is closed, with its code in the metadata, which useChat keeps', () => {
    const events: AgentEvent[] = [
      { type: 'text-delta', id: '0', text: 'Hel' },
      { type: 'error', code: 'agent_throttled', message: 'too many requests' },
    ];
    assert.deepEqual(run(events), [
      start,
      startStep,
      { type: 'text-start', id: 'text-1' },
      { type: 'text-delta', id: 'text-1', delta: 'Hel' },
      { type: 'text-end', id: 'text-1' },
      finishStep,
      {
        type: 'message-metadata',
        messageMetadata: { error: { code: 'agent_throttled', message: 'too many requests' } },
      },
      { type: 'error', errorText: 'too many requests' },
      { type: 'finish', finishReason: 'error' },
    ]);
  });
});

describe('what is hidden', () => {
  const events: AgentEvent[] = [
    { type: 'reasoning-delta', id: '0', text: 'hm' },
    { type: 'reasoning-signature', id: '0', signature: 'x' },
    { type: 'reasoning-redacted', id: '0', data: 'eA==' },
    { type: 'reasoning-end', id: '0' },
    ...call(['{}']),
    { type: 'tool-result', id: 't', isError: false, content: 1 },
    ...call(['{'], 'never answered'),
    { type: 'text-delta', id: '1', text: 'Hi' },
    { type: 'error', code: 'agent_error', message: 'x' },
  ];
  const types = (options: UiMessageOptions) =>
    run(events, options)
      .map((chunk) => (isJsonObject(chunk) ? String(chunk['type']) : ''))
      .slice(2, -4);
  const text = ['text-start', 'text-delta', 'text-end'];
  const tool = ['tool-input-start', 'tool-input-delta'];

  it('leaves no chunk behind', () => {
    assert.deepEqual(types({ tools: 'hide', reasoning: 'hide' }), text);
    assert.deepEqual(types({ tools: 'hide' }), ['reasoning-start', 'reasoning-delta', 'reasoning-end', ...text]);
    assert.deepEqual(types({ reasoning: 'hide' }), [
      ...tool,
      'tool-input-available',
      'tool-output-available',
      ...tool,
      'tool-input-error',
      ...text,
    ]);
  });
});

describe('what never runs the agent', () => {
  const answerDirectly = createUiMessage().answerDirectly ?? assert.fail('there is none');

  it('tells a page that there is nothing to resume, and knows no other path', () => {
    for (const path of ['/api/chat/c/stream', '/api/chat/a%2Fb%20%C3%A9/stream', '/api/chat/a/b/stream']) {
      for (const method of ['GET', 'HEAD']) {
        assert.deepEqual(answerDirectly({ method, path }), { status: 204, headers: {}, body: '' });
      }
    }
    for (const [method, path] of [
      ['POST', '/api/chat/c/stream'],
      ['DELETE', '/api/chat/c/stream'],
      ['GET', '/api/chat/c'],
      ['GET', '/api/chat/stream'],
      ['GET', '/api/chat//stream'],
      ['GET', '/api/chat/c/stream/'],
      ['GET', '/x/api/chat/c/stream'],
    ] as const) {
      assert.equal(answerDirectly({ method, path }), undefined, `${method} ${path}`);
    }
  });

  it('is refused with one sentence of plain text', () => {
    const error = new RelayError('agent_busy', { cause: 'secret' });
    assert.deepEqual(createUiMessage().renderError(error, 'request-0001'), {
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'this session is busy; try again in a moment',
    });
  });
});

describe('any run', () => {
  const id = fc.constantFrom('0', '1', '__proto__', 't');
  const text = fc.constantFrom('', 'x', '天気', '"\n\r\u2028', '{"a":1}', '\ud800');
  const looseEvent: fc.Arbitrary<AgentEvent> = fc.oneof(
    fc.constantFrom<AgentEvent>({ type: 'step-start' }, { type: 'step-end', stopReason: 'tool-use' }),
    fc.record({ type: fc.constantFrom('text-end', 'reasoning-end', 'tool-end'), id }),
    fc.record({ type: fc.constantFrom('text-delta', 'reasoning-delta'), id, text }),
    fc.record({ type: fc.constant('reasoning-signature'), id, signature: text }),
    fc.record({ type: fc.constant('tool-start'), id, name: text }),
    fc.record({ type: fc.constant('tool-delta'), id, input: text }),
    fc.record({ type: fc.constant('tool-result'), id, isError: fc.boolean(), content: fc.jsonValue() }),
    fc.record({ type: fc.constant('citation'), citation: fc.record({ url: text, title: text }, { requiredKeys: [] }) }),
    { weight: 1, arbitrary: fc.constant<AgentEvent>({ type: 'error', code: 'agent_error', message: 'x' }) },
  );

  it('is a well-formed stream: one beginning, one ending, balanced steps, no empty delta, no null but a tool’s', () => {
    fc.assert(
      fc.property(fc.array(looseEvent, { maxLength: 40 }), fc.nat(20), (events, maxToolInputLength) => {
        const chunks = run(events, { maxToolInputLength }).map((chunk) =>
          isJsonObject(chunk) ? chunk : assert.fail(),
        );
        const types = chunks.map(({ type }) => type);
        assert.equal(types[0], 'start');
        assert.deepEqual([types.lastIndexOf('start'), types.indexOf('finish')], [0, types.length - 1]);
        let isInStep = false;
        for (const { type, delta, inputTextDelta } of chunks) {
          assert.notEqual(delta ?? inputTextDelta, '');
          if (type === 'start-step' || type === 'finish-step') {
            assert.equal(isInStep, type === 'finish-step');
            isInStep = !isInStep;
          } else if (!['start', 'finish', 'error', 'message-metadata'].includes(String(type))) {
            assert.equal(isInStep, true, String(type));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
