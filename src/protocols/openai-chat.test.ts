import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { listErrorKinds, RelayError } from '../errors.ts';
import type { RelayErrorCode } from '../errors.ts';
import type { AgentEvent } from '../events/agent-event.ts';
import { createEventOrder } from '../events/order.ts';
import type { JsonObject } from '../json.ts';
import { createOpenAiChat } from './openai-chat.ts';
import type { OpenAiChatOptions } from './openai-chat.ts';
import type { AgentCall, EventFormat } from './protocol.ts';

const context = { requestId: 'r-1', conversationId: 'c-1', startedAtMs: 1_800_000_000_999 };
const user = (content: unknown) => ({ role: 'user', content });

function read(body: unknown, headers: Readonly<Record<string, string>> = {}, options?: OpenAiChatOptions): AgentCall {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const request = { method: 'POST', query: new URLSearchParams(), headers, body: bytes };
  return createOpenAiChat(options).endpoint.read(request, { maxPromptLength: 100 });
}

/** What of a call goes to the agent, without what is left out. */
function readCall(body: unknown, headers?: Readonly<Record<string, string>>): unknown {
  const { format: _format, ...call } = read(body, headers);
  return JSON.parse(JSON.stringify(call));
}

function readFormat(body: JsonObject, options?: OpenAiChatOptions): EventFormat {
  const { format } = read({ messages: [user('hi')], ...body }, {}, options);
  assert.equal(format?.kind, 'events');
  return format;
}

function write(format: EventFormat, events: readonly AgentEvent[]): string {
  const writer = format.createWriter(context);
  let text = '';
  const order = createEventOrder((event) => (text += writer.write(event)));
  for (const event of events) order.push(event);
  order.end();
  return text;
}

const step: AgentEvent = { type: 'step-start' };
const text = (text: string, id = 't'): AgentEvent => ({ type: 'text-delta', id, text });
const thought = (text: string, id = 'r'): AgentEvent => ({ type: 'reasoning-delta', id, text });
const stop = (stopReason: 'end-turn' | 'tool-use' = 'end-turn'): AgentEvent => ({ type: 'step-end', stopReason });

/** What the deltas of a stream say, one after the other, and how it ends. */
function readDeltas(stream: string): unknown[] {
  return stream
    .split('\n\n')
    .filter((frame) => frame !== '' && frame !== 'data: [DONE]')
    .map(
      (frame) => JSON.parse(frame.replace(/^data: /u, '')) as { choices: { delta: object; finish_reason: unknown }[] },
    )
    .slice(1)
    .flatMap(({ choices }) => choices.map((choice) => choice.finish_reason ?? choice.delta));
}

function streamDeltas(options: OpenAiChatOptions, events: readonly AgentEvent[]): unknown[] {
  return readDeltas(write(readFormat({ stream: true }, options), events));
}

/** All content and all reasoning of a stream. */
function readTexts(options: OpenAiChatOptions, events: readonly AgentEvent[]): [content: string, reasoning: string] {
  const deltas = streamDeltas(options, events) as { content?: string; reasoning_content?: string }[];
  return [
    deltas.map(({ content = '' }) => content).join(''),
    deltas.map(({ reasoning_content: reasoning = '' }) => reasoning).join(''),
  ];
}

describe('a chat completion request', () => {
  const requests: readonly [name: string, messages: unknown, call: unknown][] = [
    ['a prompt', [user('hi')], { prompt: 'hi', messages: [] }],
    [
      'the history, with the instructions from wherever they stand',
      [
        { role: 'system', content: 'Be brief.' },
        user('one'),
        { role: 'assistant', content: 'uno' },
        { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
        user('two'),
      ],
      {
        prompt: 'two',
        messages: [
          { role: 'user', content: 'one' },
          { role: 'assistant', content: 'uno' },
        ],
        system: 'Be brief.\n\nBe kind.',
      },
    ],
    [
      'the instructions after the prompt',
      [user('hi'), { role: 'system', content: 'Be brief.' }],
      { prompt: 'hi', messages: [], system: 'Be brief.' },
    ],
    [
      'what was said, without the calls of tools and what they gave',
      [
        user('one'),
        { role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function', function: {} }] },
        { role: 'tool', tool_call_id: 'c', content: '42' },
        { role: 'function', name: 'f', content: '42' },
        {
          role: 'assistant',
          content: [
            { type: 'refusal', refusal: 'no' },
            { type: 'text', text: 'uno' },
          ],
        },
        { role: 'assistant', content: '' },
        { role: 'assistant' },
        user('two'),
      ],
      {
        prompt: 'two',
        messages: [
          { role: 'user', content: 'one' },
          { role: 'assistant', content: 'uno' },
        ],
      },
    ],
    [
      'text from parts and from files that are text',
      [
        user([
          { type: 'text', text: 'look' },
          { type: 'text', text: '' },
          { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,w6k=' } },
        ]),
      ],
      { prompt: 'look\n[a.txt]\né', messages: [] },
    ],
    [
      'an earlier message, without its pictures and the files that are none of text',
      [
        user([
          { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } },
          { type: 'file', file: { file_id: 'file-1' } },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==' } },
          { type: 'file', file: { file_data: 'data:,notes' } },
          { type: 'text', text: 'a cat' },
        ]),
        user([{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }]),
        user('two'),
      ],
      { prompt: 'two', messages: [{ role: 'user', content: '[text/plain]\nnotes\na cat' }] },
    ],
  ];
  for (const [name, messages, call] of requests) {
    it(`gives the agent ${name}`, () => assert.deepEqual(readCall({ messages }), call));
  }

  it('is read whatever else it holds', () => {
    const body = {
      messages: [{ ...user('hi'), name: 'Ada' }],
      model: null,
      n: null,
      stream: null,
      stream_options: null,
      metadata: null,
      temperature: 2,
      tools: [{ type: 'function' }],
      response_format: { type: 'json_object' },
      constructor: 1,
    };
    const bytes = `${JSON.stringify(body).slice(0, -1)},"__proto__":{"model":"x"}}`;
    assert.deepEqual(readCall(bytes), { prompt: 'hi', messages: [] });
  });

  const names: readonly [name: string, headers: Readonly<Record<string, string>>, metadata: unknown, id: unknown][] = [
    ['x-session-id', { 'x-session-id': ' a ', 'x-openwebui-chat-id': 'b' }, { session_id: 'c' }, 'a'],
    ['x-openwebui-chat-id', { 'x-session-id': ' ', 'x-openwebui-chat-id': 'b' }, { session_id: 'c' }, 'b'],
    ['metadata.session_id', {}, { session_id: ' c ' }, 'c'],
    ['an id of any length', { 'x-session-id': 'é'.repeat(500) }, undefined, 'é'.repeat(500)],
    ['nothing', { 'x-session-id': '' }, { session_id: '' }, undefined],
    ['nothing', {}, { other: 1 }, undefined],
  ];
  for (const [name, headers, metadata, conversationId] of names) {
    it(`takes the conversation's name from ${name}: ${JSON.stringify(metadata)}`, () => {
      assert.equal(read({ messages: [user('hi')], metadata }, headers).conversationId, conversationId);
    });
  }

  const refused: readonly [body: unknown, code: RelayErrorCode, message: string][] = [
    ['', 'invalid_json', 'the body must be a JSON object, got nothing'],
    ['[]', 'invalid_request', 'the body must be a JSON object, got an array'],
    [{}, 'invalid_request', '"messages" must be an array, got nothing'],
    [{ messages: {} }, 'invalid_request', '"messages" must be an array, got an object'],
    [{ messages: [] }, 'invalid_prompt', '"messages" must hold a message of the role "user"'],
    [
      { messages: [{ role: 'system', content: 'x' }] },
      'invalid_prompt',
      '"messages" must hold a message of the role "user"',
    ],
    [{ messages: ['hi'] }, 'invalid_request', '"messages[0]" must be an object, got a string'],
    [{ messages: [{ content: 'hi' }] }, 'invalid_request', '"messages[0].role" must be a string, got nothing'],
    [
      { messages: [user('hi'), { role: 'bot', content: 'hi' }] },
      'invalid_request',
      '"messages[1].role" must be one of "system", "developer", "user", "assistant", "tool", "function", got "bot"',
    ],
    [
      { messages: [user('hi'), { role: 'assistant', content: 'hello' }] },
      'invalid_prompt',
      'the last of "messages" must have the role "user", got "assistant"',
    ],
    [
      { messages: [user('hi'), { role: 'tool', content: '42' }] },
      'invalid_prompt',
      'the last of "messages" must have the role "user", got "tool"',
    ],
    [{ messages: [user(' \n')] }, 'invalid_prompt', '"messages[0].content" must not be empty'],
    [{ messages: [user(null)] }, 'invalid_prompt', '"messages[0].content" must not be empty'],
    [{ messages: [user([])] }, 'invalid_prompt', '"messages[0].content" must not be empty'],
    [
      { messages: [user('x'.repeat(101))] },
      'payload_too_large',
      '"messages[0].content" has 101 characters, at most 100 are allowed',
    ],
    [{ messages: [user(7)] }, 'invalid_request', '"messages[0].content" must be a string or an array, got a number'],
    [{ messages: [user(['hi'])] }, 'invalid_request', '"messages[0].content[0]" must be an object, got a string'],
    [
      { messages: [user([{ type: 'text' }])] },
      'invalid_request',
      '"messages[0].content[0].text" must be a string, got nothing',
    ],
    [
      { messages: [user('a'), user([{ type: 'text', text: 'b' }, { type: 'image_url' }])] },
      'unsupported_content',
      '"messages[1].content[1]" must be text, or a file that is text, got "image_url"',
    ],
    [
      { messages: [user([{}])] },
      'unsupported_content',
      '"messages[0].content[0]" must be text, or a file that is text, got null',
    ],
    [
      { messages: [user([{ type: 'file', file: { file_id: 'file-1' } }])] },
      'unsupported_content',
      '"messages[0].content[0].file.file_data" must be a "data:" URL; a file that was uploaded elsewhere cannot be read',
    ],
    [
      { messages: [user([{ type: 'file', file: { file_data: 'data:application/pdf;base64,AA==' } }])] },
      'unsupported_content',
      'an attachment must be text, such as text/plain or application/json, got "application/pdf"',
    ],
    [{ messages: [user('hi')], n: 2 }, 'invalid_request', '"n" must be 1, because an agent gives one answer, got 2'],
    [{ messages: [user('hi')], model: 1 }, 'invalid_request', '"model" must be a string, got a number'],
    [
      { messages: [user('hi')], model: 'm'.repeat(257) },
      'invalid_request',
      '"model" has 257 characters, at most 256 are allowed',
    ],
    [{ messages: [user('hi')], stream: 'true' }, 'invalid_request', '"stream" must be a boolean, got a string'],
    [
      { messages: [user('hi')], stream_options: true },
      'invalid_request',
      '"stream_options" must be an object, got a boolean',
    ],
    [
      { messages: [user('hi')], stream_options: { include_usage: 1 } },
      'invalid_request',
      '"stream_options.include_usage" must be a boolean, got a number',
    ],
    [{ messages: [user('hi')], metadata: 'x' }, 'invalid_request', '"metadata" must be an object, got a string'],
    [
      { messages: [user('hi')], metadata: { session_id: 7 } },
      'invalid_request',
      '"metadata.session_id" must be a string, got a number',
    ],
  ];
  for (const [body, code, message] of refused) {
    it(`is refused in a sentence: ${message.slice(0, 100)}`, () => {
      assert.throws(() => read(body), { name: 'RelayError', code, message });
    });
  }

  it('gives a call that the agent can take, or is refused for what the caller did, whatever it holds', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const part = fc.oneof(
      json,
      fc.record({
        type: fc.constantFrom('text', 'file', 'image_url'),
        text: fc.oneof({ weight: 4, arbitrary: fc.string() }, json),
        file: fc.oneof(json, fc.record({ file_data: fc.constantFrom('data:,x', 'data:text/plain;base64,eA==', 'x') })),
      }),
    );
    const message = fc.oneof(
      { weight: 1, arbitrary: json },
      {
        weight: 9,
        arbitrary: fc.record({
          role: fc.constantFrom('system', 'developer', 'user', 'user', 'assistant', 'tool'),
          content: fc.oneof(fc.string(), fc.array(part, { maxLength: 3 }), fc.constant(null)),
        }),
      },
    );
    const body = fc.oneof(
      { weight: 1, arbitrary: json },
      {
        weight: 4,
        arbitrary: fc.record(
          {
            messages: fc.tuple(fc.array(message, { maxLength: 3 }), message).map(([all, last]) => [...all, last]),
            stream: fc.boolean(),
            metadata: fc.constantFrom({}, { session_id: 'x' }, 7),
            model: fc.string(),
          },
          { requiredKeys: ['messages'] },
        ),
      },
    );
    const outcomes = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(body, (value) => {
        try {
          const { prompt, messages = [], system } = read(value);
          assert.notEqual(prompt.trim(), '');
          assert.notEqual(system, '');
          for (const { role, content } of messages) {
            assert.ok(role === 'user' || role === 'assistant');
            assert.notEqual(content, '');
          }
          outcomes.taken += 1;
        } catch (thrown) {
          assert.ok(thrown instanceof RelayError, String(thrown));
          assert.ok(thrown.status === 400 || thrown.status === 413, thrown.code);
          outcomes.refused += 1;
        }
      }),
      { numRuns: 2_000 },
    );
    assert.ok(outcomes.taken > 20 && outcomes.refused > 20, JSON.stringify(outcomes));
  });

  it('is answered whole unless it asks for a stream', () => {
    const pick = ({ isWhole, hasKeepAlive, headers }: EventFormat) => ({ isWhole, hasKeepAlive, headers });
    assert.deepEqual(
      [{}, { stream: false }, { stream: true }].map((body) => pick(readFormat(body))),
      [
        { isWhole: true, hasKeepAlive: false, headers: { 'content-type': 'application/json; charset=utf-8' } },
        { isWhole: true, hasKeepAlive: false, headers: { 'content-type': 'application/json; charset=utf-8' } },
        { isWhole: false, hasKeepAlive: true, headers: { 'content-type': 'text/event-stream; charset=utf-8' } },
      ],
    );
  });
});

describe('a stream of chunks', () => {
  const chunk = (rest: string) =>
    `data: {"id":"chatcmpl-r-1","object":"chat.completion.chunk","created":1800000000,"model":"my \\"model\\"",${rest}}\n\n`;
  const delta = (delta: string) => `"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":null}]`;
  const usage: AgentEvent = {
    type: 'usage',
    usage: { inputTokens: 1, outputTokens: 2, totalTokens: 7, cacheReadInputTokens: 3, cacheWriteInputTokens: 1 },
  };

  it('says who speaks, then the text, then why it ends, each with the id, the time and the model', () => {
    assert.equal(
      write(readFormat({ stream: true, model: 'my "model"' }), [step, text('Hé\n'), usage, stop()]),
      chunk(delta('{"role":"assistant","content":""}')) +
        chunk(delta('{"content":"Hé\\n"}')) +
        chunk('"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]') +
        'data: [DONE]\n\n',
    );
  });

  it('has the usage in a chunk of its own, and null in the others, where it is asked for', () => {
    const stream_options = { include_usage: true };
    assert.equal(
      write(readFormat({ stream: true, stream_options, model: 'my "model"' }), [step, text('x'), stop(), usage]),
      chunk(`${delta('{"role":"assistant","content":""}')},"usage":null`) +
        chunk(`${delta('{"content":"x"}')},"usage":null`) +
        chunk('"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null') +
        chunk(
          '"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":3}}',
        ) +
        'data: [DONE]\n\n',
    );
  });

  it('has no chunk for usage that nobody told', () => {
    const format = readFormat({ stream: true, stream_options: { include_usage: true }, model: 'my "model"' });
    assert.equal(
      write(format, [step, stop()]),
      chunk(`${delta('{"role":"assistant","content":""}')},"usage":null`) +
        chunk('"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null') +
        'data: [DONE]\n\n',
    );
  });

  it('ends with the error and nothing after it but the terminator', () => {
    const error: AgentEvent = { type: 'error', code: 'my_filter', message: 'no "more"' };
    assert.equal(
      write(readFormat({ stream: true, model: 'my "model"' }), [step, text('x'), error]),
      chunk(delta('{"role":"assistant","content":""}')) +
        chunk(delta('{"content":"x"}')) +
        'data: {"error":{"message":"no \\"more\\"","type":"server_error","param":null,"code":"my_filter"}}\n\n' +
        'data: [DONE]\n\n',
    );
  });

  it('names the first of the models where the client names none', () => {
    for (const model of [undefined, null, '']) {
      const stream = write(readFormat({ stream: true, model }, { models: ['first', 'second'] }), [step, stop()]);
      assert.match(stream, /"model":"first"/u);
    }
  });

  it('is kept alive by a comment', () => {
    assert.equal(readFormat({ stream: true }).createWriter(context).keepAlive(), ': keep-alive\n\n');
  });

  for (const [stopReason, tools, finishReason] of [
    ['end-turn', 'hide', 'stop'],
    ['stop-sequence', 'hide', 'stop'],
    ['interrupt', 'hide', 'stop'],
    ['cancelled', 'hide', 'stop'],
    ['other', 'hide', 'stop'],
    ['tool-use', 'hide', 'stop'],
    ['tool-use', 'reasoning', 'stop'],
    ['tool-use', 'expose', 'tool_calls'],
    ['max-tokens', 'hide', 'length'],
    ['content-filter', 'hide', 'content_filter'],
  ] as const) {
    it(`says "${finishReason}" where the agent says ${stopReason} and its tools are to ${tools}`, () => {
      assert.deepEqual(streamDeltas({ tools }, [step, { type: 'step-end', stopReason }]), [finishReason]);
    });
  }

  it('parts the texts of two steps by one blank line, however the first one ends', () => {
    for (const [first, missing] of [
      ['one', '\n\n'],
      ['one\n', '\n'],
      ['one\n\n', ''],
    ] as const) {
      for (const pieces of [[first], Array.from(first)]) {
        const said = pieces.map((piece) => text(piece));
        const run: AgentEvent[] = [step, ...said, stop('tool-use'), step, text('two'), stop()];
        assert.deepEqual(readTexts({}, run), [`${first}${missing}two`, '']);
      }
    }
  });

  it('has no blank line where only one of two steps has text, and none between the blocks of one step', () => {
    assert.deepEqual(readTexts({}, [step, stop('tool-use'), step, text('two'), stop()]), ['two', '']);
    assert.deepEqual(readTexts({}, [step, text('one'), stop('tool-use'), step, stop()]), ['one', '']);
    assert.deepEqual(readTexts({}, [step, text('one,', 'a'), text(' two', 'b'), stop()]), ['one, two', '']);
  });
});

describe('reasoning', () => {
  const events = [
    step,
    thought('hm, ', 'a'),
    thought('so', 'a'),
    { type: 'reasoning-end', id: 'a' } as const,
    thought('and', 'b'),
    stop('tool-use'),
    step,
    text('one'),
    stop('tool-use'),
    step,
    thought('well', 'c'),
    text('two'),
    stop(),
  ];

  it('is a member beside the content, with a blank line between its blocks', () => {
    assert.deepEqual(streamDeltas({ reasoning: 'field' }, events), [
      { reasoning_content: 'hm, ' },
      { reasoning_content: 'so' },
      { reasoning_content: '\n\nand' },
      { content: 'one' },
      { reasoning_content: '\n\nwell' },
      { content: '\n\ntwo' },
      'stop',
    ]);
  });

  it('stands in tags within the content, closed before the text', () => {
    assert.deepEqual(streamDeltas({ reasoning: 'tags' }, events), [
      { content: '<think>hm, ' },
      { content: 'so' },
      { content: '\n\nand' },
      { content: '</think>' },
      { content: '\n\none' },
      { content: '\n\n<think>well' },
      { content: '</think>' },
      { content: '\n\ntwo' },
      'stop',
    ]);
  });

  it('is closed at the end of an answer without text', () => {
    assert.deepEqual(readTexts({ reasoning: 'tags' }, [step, thought('hm'), stop()]), ['<think>hm</think>', '']);
  });

  it('is closed before an error', () => {
    const error: AgentEvent = { type: 'error', code: 'agent_error', message: 'x' };
    const stream = write(readFormat({ stream: true }, { reasoning: 'tags' }), [step, thought('hm'), error]);
    assert.match(stream, /"<think>hm"\}[^\n]+\n\n[^\n]+"<\/think>"\}[^\n]+\n\ndata: \{"error":/u);
  });

  it('that is hidden by the model does not leave a gap before the closing tag', () => {
    const redacted: AgentEvent = { type: 'reasoning-redacted', id: 'b', data: 'AA==' };
    assert.deepEqual(readTexts({ reasoning: 'tags' }, [step, thought('hm'), redacted, text('x'), stop()]), [
      '<think>hm</think>\n\nx',
      '',
    ]);
  });

  it('is left out', () => assert.deepEqual(readTexts({ reasoning: 'off' }, events), ['one\n\ntwo', '']));
});

describe("the agent's tools", () => {
  const call = (id: string, ...inputs: string[]): AgentEvent[] => [
    { type: 'tool-start', id, name: `tool_${id}` },
    ...inputs.map((input): AgentEvent => ({ type: 'tool-delta', id, input })),
    { type: 'tool-end', id },
  ];
  const result = (id: string, content: unknown, isError = false): AgentEvent => ({
    type: 'tool-result',
    id,
    isError,
    content,
  });
  const events = [
    step,
    text('See.'),
    ...call('a', '{"x":', '1}'),
    ...call('b'),
    stop('tool-use'),
    result('b', { rain: true }),
    result('a', 'no such x', true),
    step,
    text('Done.'),
    stop(),
  ];

  it('are hidden', () => assert.deepEqual(readTexts({}, events), ['See.\n\nDone.', '']));

  it('are told of in the reasoning, each call and each result in a paragraph', () => {
    assert.deepEqual(readTexts({ tools: 'reasoning' }, events), [
      'See.\n\nDone.',
      'tool_a({"x":1})\n\ntool_b()\n\ntool_b → {"rain":true}\n\ntool_a failed: no such x',
    ]);
  });

  it('are told of in the tags where the reasoning is there', () => {
    assert.deepEqual(readTexts({ tools: 'reasoning', reasoning: 'tags' }, events), [
      'See.\n\n<think>tool_a({"x":1})\n\ntool_b()\n\ntool_b → {"rain":true}\n\ntool_a failed: no such x</think>\n\nDone.',
      '',
    ]);
    const last = [step, ...call('a'), stop('tool-use'), result('a', 'ok')];
    assert.deepEqual(readTexts({ tools: 'reasoning', reasoning: 'tags' }, last), [
      '<think>tool_a()\n\ntool_a → ok</think>',
      '',
    ]);
  });

  it('are not told of where the reasoning is off', () => {
    assert.deepEqual(readTexts({ tools: 'reasoning', reasoning: 'off' }, events), ['See.\n\nDone.', '']);
  });

  it('give no more of a result than its beginning', () => {
    const long = result('a', `${'x'.repeat(999)}😀😀`);
    const [, narrated] = readTexts({ tools: 'reasoning' }, [step, ...call('a'), stop('tool-use'), long]);
    assert.equal(narrated, `tool_a()\n\ntool_a → ${'x'.repeat(999)}\ufffd…`);
  });

  it('are exposed as calls, one index each, with an input that is JSON', () => {
    assert.deepEqual(streamDeltas({ tools: 'expose' }, events), [
      { content: 'See.' },
      { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'tool_a', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"x":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '1}' } }] },
      { tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'tool_b', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      { content: '\n\nDone.' },
      'stop',
    ]);
  });
});

describe('citations', () => {
  const cite = (url: string | undefined, title?: string): AgentEvent => ({
    type: 'citation',
    citation: { ...(url === undefined ? {} : { url }), ...(title === undefined ? {} : { title }) },
  });
  const annotation = (start: number, end: number, url: string, title: string) => ({
    type: 'url_citation',
    url_citation: { start_index: start, end_index: end, title, url },
  });

  it('come in one list before the end, each with the place of its block in the whole answer', () => {
    const events = [
      step,
      text('Hot.', 'a'),
      cite('https://example.com/a', 'A'),
      text(' Very.', 'a'),
      { type: 'text-end', id: 'a' } as const,
      cite('http://example.com/late'),
      stop('tool-use'),
      step,
      text('Cold.', 'b'),
      cite('HTTPS://example.com/b', ''),
      stop(),
    ];
    assert.deepEqual(streamDeltas({}, events), [
      { content: 'Hot.' },
      { content: ' Very.' },
      { content: '\n\nCold.' },
      {
        annotations: [
          annotation(0, 10, 'https://example.com/a', 'A'),
          annotation(0, 10, 'http://example.com/late', 'http://example.com/late'),
          annotation(12, 17, 'HTTPS://example.com/b', 'HTTPS://example.com/b'),
        ],
      },
      'stop',
    ]);
  });

  it('without an address on the web are left out', () => {
    const events = [step, text('x'), cite(undefined, 'a book'), cite('javascript:alert(1)'), cite('s3://b/k'), stop()];
    assert.deepEqual(streamDeltas({}, events), [{ content: 'x' }, 'stop']);
  });

  it('are held up to a bound', () => {
    const url = `https://example.com/${'x'.repeat(980)}`;
    const events = [step, text('x'), ...Array.from({ length: 200 }, () => cite(url, 'T')), stop()];
    const [, list] = streamDeltas({}, events) as [unknown, { annotations: unknown[] }];
    assert.equal(list.annotations.length, 65);
  });
});

describe('a whole answer', () => {
  it('is one completion with all that a stream says', () => {
    const format = readFormat({ model: 'm' }, { tools: 'expose' });
    const body = write(format, [
      step,
      thought('hm'),
      text('Hé'),
      { type: 'citation', citation: { url: 'https://example.com/', title: 'E' } },
      { type: 'tool-start', id: 'c', name: 'f' },
      { type: 'tool-delta', id: 'c', input: '{"x":' },
      { type: 'tool-delta', id: 'c', input: '1}' },
      stop('tool-use'),
      { type: 'usage', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
    ]);
    assert.deepEqual(JSON.parse(body), {
      id: 'chatcmpl-r-1',
      object: 'chat.completion',
      created: 1_800_000_000,
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Hé',
            refusal: null,
            reasoning_content: 'hm',
            annotations: [
              {
                type: 'url_citation',
                url_citation: { start_index: 0, end_index: 2, title: 'E', url: 'https://example.com/' },
              },
            ],
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    });
  });

  it('leaves out what there is nothing of', () => {
    assert.deepEqual(JSON.parse(write(readFormat({}), [step, stop()])), {
      id: 'chatcmpl-r-1',
      object: 'chat.completion',
      created: 1_800_000_000,
      model: 'agent',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: '', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    });
  });

  it('has no content where the agent only called tools, and the tag that closes its reasoning', () => {
    const read = (options: OpenAiChatOptions, events: AgentEvent[]) =>
      (JSON.parse(write(readFormat({}, options), events)) as { choices: [{ message: { content: unknown } }] })
        .choices[0].message.content;
    assert.equal(read({ tools: 'expose' }, [step, { type: 'tool-start', id: 'c', name: 'f' }, stop()]), null);
    assert.equal(read({ reasoning: 'tags' }, [step, thought('hm'), stop()]), '<think>hm</think>');
  });

  it('of which nothing is said fails without a word, because the relay answers with a status', () => {
    assert.equal(write(readFormat({}), [step, text('x'), { type: 'error', code: 'agent_error', message: 'x' }]), '');
  });

  it('is held up to a bound, which everything in it counts towards but its own end', () => {
    const write10 = (...events: AgentEvent[]) =>
      write(readFormat({}, { maxAnswerLength: 10, tools: 'expose', reasoning: 'field' }), [step, ...events, stop()]);
    const tooLarge = {
      name: 'RelayError',
      code: 'agent_answer_too_large',
      message: 'the answer has more than 10 characters, too many for one piece; ask for a stream',
    };
    assert.match(write10(thought('12345'), text('67890')), /67890/u);
    assert.throws(() => write10(thought('12345'), text('678901')), tooLarge);
    assert.throws(() => write10(thought('12345678901')), tooLarge);
    assert.throws(() => write10({ type: 'tool-start', id: '12345', name: '678901' }), tooLarge);
    assert.throws(
      () => write10({ type: 'tool-start', id: '12', name: '34' }, { type: 'tool-delta', id: '12', input: '567890"' }),
      tooLarge,
    );
    const tags = readFormat({}, { maxAnswerLength: 10, reasoning: 'tags' });
    assert.match(write(tags, [step, thought('hm'), stop()]), /<think>hm<\/think>/u);
  });
});

describe('an error before the answer', () => {
  const render = (error: RelayError) => createOpenAiChat().renderError(error, 'r-1');

  it('has a status that none of the clients retries, and says so, whatever its code', () => {
    const statuses = Object.fromEntries(
      listErrorKinds().map(({ code, message, status }) => {
        const document = render(new RelayError(code as RelayErrorCode));
        const isCallers = [400, 401, 403, 404, 405, 413].includes(status);
        const type = isCallers ? 'invalid_request_error' : 'server_error';
        assert.deepEqual(document, {
          status: isCallers ? status : 406,
          headers: { 'content-type': 'application/json; charset=utf-8', 'x-should-retry': 'false' },
          body: JSON.stringify({ error: { message, type, param: null, code } }),
        });
        return [code, document.status];
      }),
    );
    assert.deepEqual(statuses, {
      invalid_json: 400,
      invalid_request: 400,
      invalid_prompt: 400,
      invalid_session_id: 400,
      invalid_response_format: 400,
      unsupported_content: 400,
      not_found: 404,
      method_not_allowed: 405,
      payload_too_large: 413,
      too_many_streams: 406,
      unauthenticated: 401,
      invalid_credentials: 401,
      forbidden: 403,
      origin_not_allowed: 403,
      identity_unavailable: 406,
      agent_access_denied: 406,
      agent_not_found: 406,
      agent_refused: 406,
      agent_quota_exceeded: 406,
      agent_busy: 406,
      agent_throttled: 406,
      agent_failed: 406,
      agent_unavailable: 406,
      agent_unreachable: 406,
      agent_timeout: 406,
      agent_error: 406,
      agent_interrupted: 406,
      agent_silent: 406,
      agent_answer_too_large: 406,
      deadline_exceeded: 406,
      cancelled: 406,
      internal_error: 406,
    });
  });

  it('stays 429 where AgentCore throttles and says when to come back: the agent has not begun', () => {
    assert.deepEqual(render(new RelayError('agent_throttled', { retryAfterSeconds: 3 })), {
      status: 429,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: '{"error":{"message":"too many requests to the agent; try again in a moment","type":"server_error","param":null,"code":"agent_throttled"}}',
    });
  });

  it('is final though a busy session has a time to come back: it may be busy with this very question', () => {
    const { status, headers } = render(new RelayError('agent_busy', { retryAfterSeconds: 1 }));
    assert.deepEqual([status, headers['x-should-retry']], [406, 'false']);
  });
});

describe('the models', () => {
  const protocol = createOpenAiChat({ models: ['agent', 'team/agent 2'] });
  const ask = (path: string, method = 'GET') => protocol.answerDirectly?.({ method, path });
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const first = { id: 'agent', object: 'model', created: 0, owned_by: 'agentcore-relay' };
  const second = { ...first, id: 'team/agent 2' };

  it('are listed', () => {
    const body = JSON.stringify({ object: 'list', data: [first, second] });
    assert.deepEqual(ask('/v1/models'), { status: 200, headers, body });
    assert.deepEqual(ask('/v1/models', 'HEAD'), { status: 200, headers, body });
  });

  it('are found by their name, also where it is encoded', () => {
    for (const path of ['/v1/models/team%2Fagent%202', '/v1/models/team/agent%202']) {
      assert.deepEqual(ask(path), { status: 200, headers, body: JSON.stringify(second) });
    }
  });

  it('are not found by another name, also one that no one could decode', () => {
    const error = {
      message: 'there is no model of this name',
      type: 'invalid_request_error',
      param: null,
      code: 'model_not_found',
    };
    for (const path of ['/v1/models/', '/v1/models/gpt-99', '/v1/models/%ff']) {
      assert.deepEqual(ask(path), { status: 404, headers, body: JSON.stringify({ error }) });
    }
  });

  it('are only read', () => {
    assert.deepEqual(ask('/v1/models', 'OPTIONS'), { status: 204, headers: { allow: 'GET, HEAD, OPTIONS' }, body: '' });
    assert.throws(() => ask('/v1/models', 'POST'), { code: 'method_not_allowed', allow: 'GET, HEAD, OPTIONS' });
  });

  it('are at no other path', () => {
    for (const path of ['/v1', '/v1/modelsx', '/models', '/v1/chat/completions/x']) {
      assert.equal(ask(path), undefined);
    }
  });
});
