import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { looseEvent } from '../../test/loose-events.ts';
import { RelayError } from '../errors.ts';
import type { AgentEvent, RunStopReason } from '../events/agent-event.ts';
import { createEventOrder } from '../events/order.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { createOpenAiResponses } from './openai-responses.ts';
import type { OpenAiResponsesOptions } from './openai-responses.ts';
import type { EventWriter } from './protocol.ts';

const context = {
  requestId: 'request-1',
  conversationId: 'session-0123456789-0123456789-0123',
  startedAtMs: 1_800_000_000_999,
};

function createWriter(options: OpenAiResponsesOptions = {}, body: object = {}): EventWriter {
  const { format } = createOpenAiResponses(options).endpoint.read(
    {
      method: 'POST',
      query: new URLSearchParams(),
      headers: {},
      body: new TextEncoder().encode(JSON.stringify({ input: 'hi', stream: true, ...body })),
    },
    { maxPromptLength: 1000 },
  );
  assert.ok(format?.kind === 'events');
  return format.createWriter(context);
}

/** Writes loose events as the relay does: in order, and nothing after the writer's own ending. */
function write(events: readonly AgentEvent[], writer: EventWriter = createWriter()): string {
  let output = '';
  const order = createEventOrder((event) => {
    if (writer.ended !== true) output += writer.write(event);
  });
  for (const event of events) order.push(event);
  order.end();
  return output;
}

/** Reads a stream by hand: the form of the messages, the names of the events and their numbers are checked on the way. */
function parse(stream: string): JsonObject[] {
  const messages = stream.split('\n\n');
  assert.equal(messages.pop(), '');
  return messages.map((message, index) => {
    const [, name, data = ''] = /^event: (\S+)\ndata: ([^\r\n]+)$/u.exec(message) ?? [];
    const event: unknown = JSON.parse(data);
    assert.ok(isJsonObject(event));
    const { type, sequence_number: sequenceNumber, ...members } = event;
    assert.deepEqual([type, sequenceNumber], [name, index]);
    return { type, ...members };
  });
}

/** The response of the last event, without what is the same in all of them. */
function readResponse(stream: string) {
  const { output, status, error, incomplete_details, usage } = readWhole(parse(stream));
  return { output, status, error, incomplete_details, usage };
}

function readWhole(events: readonly JsonObject[]): JsonObject {
  const response = events.at(-1)?.['response'];
  assert.ok(isJsonObject(response));
  return response;
}

const delta = (text: string, id = '0'): AgentEvent => ({ type: 'text-delta', id, text });
const call = (id: string, input?: string): AgentEvent[] => [
  { type: 'tool-start', id, name: 'clock' },
  ...(input === undefined ? [] : [{ type: 'tool-delta', id, input } as const]),
  { type: 'tool-end', id },
];
const result = (id: string, content: unknown, isError = false): AgentEvent => ({
  type: 'tool-result',
  id,
  isError,
  content,
});

const message = (index: number, text: string, more: { status?: string; annotations?: readonly unknown[] } = {}) => ({
  id: `msg_request-1_${index}`,
  type: 'message',
  status: more.status ?? 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: more.annotations ?? [] }],
});
const mcpCall = (index: number, more: JsonObject = {}) => ({
  id: `mcp_request-1_${index}`,
  type: 'mcp_call',
  server_label: 'agent',
  name: 'clock',
  status: 'completed',
  arguments: '{}',
  output: null,
  error: null,
  approval_request_id: null,
  ...more,
});
const completed = { status: 'completed', error: null, incomplete_details: null, usage: null };
const full = { ...completed, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };

describe('a response', () => {
  it('begins with what the request named, and its id holds the conversation', () => {
    const id = `resp_a.${context.conversationId}`;
    const [created, inProgress] = parse(write([], createWriter({}, { model: 'gpt-99', previous_response_id: id })));
    const response = {
      id: `resp_request-1.${context.conversationId}`,
      object: 'response',
      created_at: 1_800_000_000,
      model: 'gpt-99',
      previous_response_id: id,
      instructions: null,
      metadata: {},
      parallel_tool_calls: true,
      temperature: null,
      tool_choice: 'auto',
      tools: [],
      top_p: null,
      output: [],
      status: 'in_progress',
      error: null,
      incomplete_details: null,
      usage: null,
    };
    assert.deepEqual(
      [created, inProgress],
      [
        { type: 'response.created', response },
        { type: 'response.in_progress', response },
      ],
    );
  });

  it('puts two halves of a character together that the agent sent apart', () => {
    const stream = write([delta('\ud83d'), delta('\ude00')]);
    assert.deepEqual(readResponse(stream), { ...completed, output: [message(0, '😀')] });
    assert.deepEqual(
      parse(stream).flatMap(({ delta: piece }) => piece ?? []),
      ['\ud83d', '\ude00'],
    );
  });

  it('escapes what would break a line, a string or a message', () => {
    const awkward = '\n\n"\\\u2028\u0000data: [DONE]\r\n</script>';
    const writer = createWriter({ serverLabel: awkward }, { model: awkward });
    const { output } = readResponse(
      write([delta(awkward), { type: 'tool-start', id: awkward, name: awkward }, result(awkward, awkward)], writer),
    );
    assert.deepEqual(output, [
      message(0, awkward),
      mcpCall(1, { name: awkward, server_label: awkward, output: awkward }),
    ]);
  });

  it('keeps blocks apart that are open at the same time, in the order in which they began', () => {
    const events = parse(
      write([
        delta('a', '0'),
        { type: 'tool-start', id: 'text-1', name: 'clock' },
        delta('b', '1'),
        { type: 'tool-delta', id: 'text-1', input: '{"x":1}' },
        delta('c', '0'),
        { type: 'text-end', id: '1' },
        { type: 'text-end', id: '0' },
        { type: 'tool-end', id: 'text-1' },
        result('text-1', { time: 12 }),
      ]),
    );
    const output = [message(0, 'ac'), mcpCall(1, { arguments: '{"x":1}', output: '{"time":12}' }), message(2, 'b')];
    assert.deepEqual(
      events.filter(({ type }) => type === 'response.output_item.done'),
      [2, 0, 1].map((index) => ({ type: 'response.output_item.done', output_index: index, item: output[index] })),
    );
    assert.deepEqual(readWhole(events)['output'], output);
  });

  it('has no item for a block in which nothing is said', () => {
    const events: AgentEvent[] = [
      { type: 'text-start', id: '0' },
      { type: 'reasoning-signature', id: '1', signature: 'x' },
      { type: 'reasoning-redacted', id: '2', data: 'x' },
    ];
    assert.deepEqual(readResponse(write(events)), { ...completed, output: [] });
  });

  const endings: readonly [RunStopReason, object][] = [
    ['end-turn', completed],
    ['stop-sequence', completed],
    ['tool-use', completed],
    ['max-tokens', full],
    ['content-filter', { ...full, incomplete_details: { reason: 'content_filter' } }],
    ['interrupt', { ...full, incomplete_details: { reason: 'interrupt' } }],
    ['cancelled', { ...full, incomplete_details: { reason: 'cancelled' } }],
    ['other', { ...full, incomplete_details: { reason: 'other' } }],
  ];
  for (const [stopReason, expected] of endings) {
    it(`says how a run ends: ${stopReason}`, () => {
      const stream = write([delta('x'), { type: 'run-end', stopReason }]);
      assert.deepEqual(readResponse(stream), { ...expected, output: [message(0, 'x')] });
      assert.equal(parse(stream).at(-1)?.['type'], `response.${'status' in expected && String(expected.status)}`);
    });
  }

  it('says an error twice: for clients that throw, and for those that look at the response', () => {
    const error = { code: 'agent_error', message: 'the agent reported an error' };
    assert.deepEqual(parse(write([delta('x'), { type: 'error', ...error }])).slice(-2), [
      { type: 'error', ...error, param: null, error: { ...error, type: 'server_error', param: null } },
      {
        type: 'response.failed',
        response: {
          ...(parse(write([]))[0]?.['response'] as JsonObject),
          output: [message(0, 'x')],
          status: 'failed',
          error,
        },
      },
    ]);
  });
});

describe('tool calls', () => {
  it('are over at the next call of the model where the agent keeps its results to itself', () => {
    const types = parse(write([...call('a'), { type: 'step-end', stopReason: 'tool-use' }, delta('x')])).map(
      ({ type }) => type,
    );
    assert.deepEqual(types.slice(2, 9), [
      'response.output_item.added',
      'response.mcp_call.in_progress',
      'response.mcp_call_arguments.done',
      'response.mcp_call.completed',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
    ]);
  });

  it('wait for their results where the agent gives any', () => {
    const nextStep: AgentEvent[] = [{ type: 'step-end', stopReason: 'tool-use' }, { type: 'step-start' }];
    const { output } = readResponse(
      write([...call('a'), ...call('b'), result('a', 'first'), ...nextStep, delta('x'), result('b', null, true)]),
    );
    const error = { type: 'mcp_tool_execution_error', content: [{ type: 'text', text: 'null' }] };
    assert.deepEqual(output, [
      mcpCall(0, { output: 'first' }),
      mcpCall(1, { status: 'failed', error }),
      message(2, 'x'),
    ]);
  });

  it('lose a first result that comes after the next call of the model has begun', () => {
    const nextStep: AgentEvent[] = [{ type: 'step-end', stopReason: 'tool-use' }, { type: 'step-start' }];
    const { output } = readResponse(write([...call('a', '{"x":'), ...nextStep, result('a', 'late'), delta('x')]));
    assert.deepEqual(output, [mcpCall(0, { arguments: '{"x":' }), message(1, 'x')]);
  });

  it('are completed by the end of a good run and left incomplete by that of a bad one', () => {
    assert.deepEqual(readResponse(write(call('a', '{"x":1}'))), {
      ...completed,
      output: [mcpCall(0, { arguments: '{"x":1}' })],
    });
    assert.deepEqual(readResponse(write([...call('a'), { type: 'run-end', stopReason: 'interrupt' }])), {
      ...full,
      incomplete_details: { reason: 'interrupt' },
      output: [mcpCall(0, { status: 'incomplete' })],
    });
  });

  it('and reasoning are left out with all that belongs to them', () => {
    const events: AgentEvent[] = [
      { type: 'reasoning-delta', id: '0', text: 'hm' },
      ...call('a', '{"x":1}'),
      result('a', 1),
      delta('x'),
    ];
    assert.equal(
      write(events, createWriter({ tools: 'hide', reasoning: 'off' })),
      write([delta('x')], createWriter({ tools: 'hide', reasoning: 'off' })),
    );
  });
});

describe('citations', () => {
  const cite = (url?: string, title?: string): AgentEvent => ({
    type: 'citation',
    citation: { url, title, text: 'x' },
  });

  it('stand for the block of text that they come in, or before', () => {
    const stream = write([
      cite('https://a.example/', 'A'),
      delta('One 😀.'),
      cite('HTTP://b.example/'),
      cite('https://c.example/', ''),
      { type: 'text-end', id: '0' },
      cite('https://d.example/', 'D'),
      { type: 'reasoning-delta', id: '1', text: 'hm' },
      delta(' Two.'),
      { type: 'text-end', id: '0' },
      cite('https://late.example/'),
    ]);
    const annotate = (end_index: number, url: string, title: string) => ({
      type: 'url_citation',
      start_index: 0,
      end_index,
      url,
      title,
    });
    const first = [
      annotate(7, 'https://a.example/', 'A'),
      annotate(7, 'HTTP://b.example/', 'HTTP://b.example/'),
      annotate(7, 'https://c.example/', 'https://c.example/'),
    ];
    const second = [annotate(5, 'https://d.example/', 'D')];
    assert.deepEqual(readWhole(parse(stream))['output'], [
      message(0, 'One 😀.', { annotations: first }),
      { id: 'rs_request-1_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
      message(2, ' Two.', { annotations: second }),
    ]);
    const added = (index: number) => (annotation: object, annotation_index: number) => ({
      type: 'response.output_text.annotation.added',
      item_id: `msg_request-1_${index}`,
      output_index: index,
      content_index: 0,
      annotation_index,
      annotation,
    });
    assert.deepEqual(
      parse(stream).filter(({ type }) => type === 'response.output_text.annotation.added'),
      [...first.map(added(0)), ...second.map(added(2))],
    );
  });

  it('of anything but the web are left out, because a client makes links of them', () => {
    for (const url of [
      undefined,
      '',
      'javascript:alert(1)',
      'javascript://x/%0aalert(1)',
      's3://bucket/key',
      ' https://x',
    ]) {
      assert.deepEqual(readResponse(write([delta('x'), cite(url, 'title')])), {
        ...completed,
        output: [message(0, 'x')],
      });
    }
  });
});

describe('an answer that is too long to be held', () => {
  const long = 'x'.repeat(600);
  const cases: readonly [string, readonly AgentEvent[], readonly unknown[]][] = [
    ['text', [delta('a'), delta(long)], [message(0, 'a', { status: 'incomplete' })]],
    ['the first text', [delta(long)], []],
    [
      'characters that JSON escapes',
      [delta('a'), delta('\u0001'.repeat(100))],
      [message(0, 'a', { status: 'incomplete' })],
    ],
    [
      'reasoning',
      [
        { type: 'reasoning-delta', id: '0', text: 'a' },
        { type: 'reasoning-delta', id: '0', text: long },
      ],
      [{ id: 'rs_request-1_0', type: 'reasoning', summary: [{ type: 'summary_text', text: 'a' }] }],
    ],
    ['a name', [{ type: 'tool-start', id: 'a', name: long }], []],
    [
      'an input',
      [
        { type: 'tool-start', id: 'a', name: 'clock' },
        { type: 'tool-delta', id: 'a', input: '{' },
        { type: 'tool-delta', id: 'a', input: long },
      ],
      [mcpCall(0, { status: 'incomplete', arguments: '{' })],
    ],
    ['a result', [...call('a'), result('a', long)], [mcpCall(0, { status: 'incomplete' })]],
    ['a structured result', [...call('a'), result('a', [long])], [mcpCall(0, { status: 'incomplete' })]],
    [
      'a citation',
      [delta('a'), { type: 'citation', citation: { url: long } }],
      [message(0, 'a', { status: 'incomplete' })],
    ],
    ['many items', [delta('a', '0'), delta('b', '1'), delta('c', '2')], [message(0, 'a', { status: 'incomplete' })]],
  ];
  for (const [name, events, output] of cases) {
    it(`ends as incomplete before it holds more: ${name}`, () => {
      const writer = createWriter({ maxHeldLength: 700 });
      const stream = write([...events, delta('more', '9')], writer);
      assert.deepEqual([readResponse(stream), writer.ended], [{ ...full, output }, true]);
      const whole = write([...events, delta('more', '9')], createWriter({ maxHeldLength: 700 }, { stream: false }));
      assert.deepEqual(JSON.parse(whole), readWhole(parse(stream)));
    });
  }

  it('is one of eight million characters where nothing else is said', () => {
    const writer = createWriter();
    const piece = 'x'.repeat(1022);
    let count = 0;
    while (writer.ended !== true) count += writer.write(delta(piece)).includes('response.incomplete') ? 0 : 1;
    // Each piece takes 1024 characters of 8,388,608 with its quotes; the item's frame takes one of them.
    assert.equal(count, 8 * 1024 - 1);
  });

  it('is one with a character more than is allowed', () => {
    const text = 'x'.repeat(298);
    assert.deepEqual(readResponse(write([delta(text)], createWriter({ maxHeldLength: 700 }))), {
      ...completed,
      output: [message(0, text)],
    });
    assert.deepEqual(readResponse(write([delta(text)], createWriter({ maxHeldLength: 699 }))), { ...full, output: [] });
  });
});

describe('a whole response', () => {
  it('comes at the end, in one piece, and is what the stream ends with', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const events: AgentEvent[] = [delta('x'), { type: 'usage', usage }];
    const writer = createWriter({}, { stream: false });
    const pieces: string[] = [];
    const order = createEventOrder((event) => pieces.push(writer.write(event)));
    for (const event of events) order.push(event);
    order.end();
    const whole = pieces.pop() ?? '';
    assert.deepEqual([pieces.join(''), writer.keepAlive()], ['', '']);
    assert.deepEqual(JSON.parse(whole), readWhole(parse(write(events))));
  });

  it('says nothing of an error, because the relay still can', () => {
    assert.equal(
      write([delta('x'), { type: 'error', code: 'agent_error', message: 'x' }], createWriter({}, { stream: false })),
      '',
    );
  });
});

describe('an error before the response', () => {
  it('is said as OpenAI does', () => {
    const { body, headers, status } = createOpenAiResponses().renderError(new RelayError('agent_busy'), 'request-1');
    assert.deepEqual(
      { status, headers, body: JSON.parse(body) as unknown },
      {
        status: 406,
        headers: { 'content-type': 'application/json; charset=utf-8', 'x-should-retry': 'false' },
        body: {
          error: {
            message: 'this session is busy; try again in a moment',
            type: 'server_error',
            param: null,
            code: 'agent_busy',
          },
        },
      },
    );
  });
});

describe('any run', () => {
  it('is a stream whose pieces add up to its items, and whose items add up to its response', () => {
    fc.assert(
      fc.property(
        fc.array(looseEvent, { maxLength: 60 }),
        fc.integer({ min: 0, max: 6000 }),
        (events, maxHeldLength) => {
          const stream = parse(write(events, createWriter({ maxHeldLength })));
          assert.equal(stream[0]?.['type'], 'response.created');
          const pieces: string[] = [];
          const items: unknown[] = [];
          let openCount = 0;
          for (const event of stream) {
            const index = Number(event['output_index']);
            if (event['type'] === 'response.output_item.added') {
              assert.equal(index, pieces.length);
              pieces.push('');
              openCount += 1;
            } else if (event['type'] === 'response.output_item.done') {
              assert.equal(index in items, false);
              items[index] = event['item'];
              openCount -= 1;
            } else if (typeof event['delta'] === 'string') {
              assert.notEqual(event['delta'], '');
              pieces[index] += event['delta'];
            }
          }
          assert.equal(openCount, 0);
          const last = stream.at(-1);
          assert.match(String(last?.['type']), /^response\.(?:completed|incomplete|failed)$/u);
          assert.deepEqual(readWhole(stream)['output'], items);
          assert.deepEqual(
            items.map(readItemText),
            pieces.map((piece, index) => piece || emptyText(items[index])),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  function readItemText(item: unknown): unknown {
    assert.ok(isJsonObject(item));
    const [part] = (item['content'] ?? item['summary'] ?? [{ text: item['arguments'] }]) as readonly JsonObject[];
    return part?.['text'];
  }

  /** What an item says to which no piece came: only a call may be without input. */
  function emptyText(item: unknown): string {
    return isJsonObject(item) && item['type'] === 'mcp_call' ? '{}' : 'nothing was said';
  }
});
