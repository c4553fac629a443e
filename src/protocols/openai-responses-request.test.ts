import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import { createOpenAiResponses } from './openai-responses.ts';
import type { AgentCall } from './protocol.ts';

const { endpoint } = createOpenAiResponses();
const maxPromptLength = 1000;

function readCall(body: unknown, headers: Readonly<Record<string, string>> = {}): AgentCall {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return endpoint.read(
    { method: 'POST', query: new URLSearchParams(), headers, body: new TextEncoder().encode(text) },
    { maxPromptLength },
  );
}

function read(body: unknown, headers?: Readonly<Record<string, string>>): Omit<AgentCall, 'format'> {
  const { format: _format, ...call } = readCall(body, headers);
  return call;
}

const user = (...content: readonly object[]) => ({ role: 'user', content });
const text = (text: string) => ({ type: 'input_text', text });
const file = (data: string, filename?: string) => ({ type: 'input_file', file_data: data, filename });
const picture = { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,iVBORw0KGgo=' };
const sessionId = 'session-0123456789-0123456789-0123';

describe('what OpenAI clients post to /v1/responses', () => {
  it('becomes the prompt, the history and the instructions; what is no message is left out', () => {
    const body = {
      model: 'gpt-99',
      instructions: 'Be brief.',
      input: [
        { role: 'system', content: 'Be kind.' },
        { type: 'message', role: 'user', content: 'My name' },
        user(text('is'), picture, text(''), { type: 'input_audio', input_audio: {} }, text('Ada.')),
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'a name' }] },
        { type: 'mcp_call', id: 'mcp_1', name: 'store', arguments: '{}', server_label: 'agent', output: 'stored' },
        { type: 'function_call', call_id: 'c', name: 'store', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'stored' },
        { type: 'item_reference', id: 'msg_0' },
        { id: 'msg_0' },
        { id: 'msg_0', type: null },
        {
          type: 'message',
          id: 'msg_1',
          status: 'completed',
          role: 'assistant',
          content: [
            { type: 'output_text', text: 'Nice to', annotations: [] },
            { type: 'refusal', refusal: 'no' },
            { type: 'output_text', text: 'meet you!', annotations: [] },
          ],
        },
        { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
        { role: 'user', content: ' ' },
        { role: 'developer', content: [text('Be quick.')] },
        user(text('What is'), text(''), text('my name?')),
        { role: 'developer', content: 'Be honest.' },
      ],
      tools: [{ type: 'function', name: 'f', parameters: {} }],
      tool_choice: 'auto',
      temperature: 0.2,
      store: true,
      include: ['reasoning.encrypted_content'],
      text: { format: { type: 'text' } },
      truncation: 'auto',
      user: 'ada',
    };
    assert.deepEqual(read(body), {
      prompt: 'What is\nmy name?',
      messages: [
        { role: 'user', content: 'My name' },
        { role: 'user', content: 'is\nAda.' },
        { role: 'assistant', content: 'Nice to\nmeet you!' },
      ],
      system: 'Be brief.\n\nBe kind.\n\nBe quick.\n\nBe honest.',
      conversationId: undefined,
    });
  });

  const plain = { prompt: 'hi', messages: [], system: undefined, conversationId: undefined };
  const cases: readonly [string, unknown, object][] = [
    ['a text alone', { input: 'hi' }, {}],
    ['one message', { input: [{ role: 'user', content: 'hi' }] }, {}],
    [
      'null for what is optional',
      {
        input: 'hi',
        model: null,
        instructions: null,
        stream: null,
        background: null,
        previous_response_id: null,
        conversation: null,
        metadata: null,
      },
      {},
    ],
    ['blank instructions', { input: [{ role: 'system', content: '' }, user(text('hi'))], instructions: ' ' }, {}],
    ['members called like those of prototypes', '{"__proto__":{"input":"x"},"constructor":1,"input":"hi"}', {}],
    ['a file of text', { input: [user(file('data:text/plain,a%20b', 'a.txt'))] }, { prompt: '[a.txt]\na b' }],
    [
      'a file of an earlier message',
      { input: [user(file('data:text/plain,a', 'a.txt'), file('data:image/png;base64,iVBO')), user(text('hi'))] },
      { messages: [{ role: 'user', content: '[a.txt]\na' }] },
    ],
  ];
  for (const [name, body, expected] of cases) {
    it(`is read: ${name}`, () => assert.deepEqual(read(body), { ...plain, ...expected }));
  }
});

describe('the conversation', () => {
  const input = 'hi';
  const metadata = { session_id: 'from-metadata' };
  const cases: readonly [string, object, Readonly<Record<string, string>>, string | undefined][] = [
    [
      'is that of the response before',
      { previous_response_id: `resp_request-1.${sessionId}`, metadata },
      {},
      sessionId,
    ],
    ['is named by the request', { conversation: 'conv 1', metadata }, { 'x-session-id': 'a' }, 'conv 1'],
    ['is named by an object', { conversation: { id: 'conv_1' } }, {}, 'conv_1'],
    ['is named by a header', { metadata }, { 'x-session-id': 'a', 'x-openwebui-chat-id': 'b' }, 'a'],
    ['is named by a header of Open WebUI', { metadata }, { 'x-openwebui-chat-id': 'b' }, 'b'],
    ['is named by the metadata', { metadata }, {}, 'from-metadata'],
    ['has no name', { metadata: { topic: 'x' } }, {}, undefined],
  ];
  for (const [name, fields, headers, expected] of cases) {
    it(name, () => assert.equal(read({ input, ...fields }, headers).conversationId, expected));
  }
});

describe('a request to /v1/responses that is not valid', () => {
  const before = (id: unknown) => ({ input: 'hi', previous_response_id: id });
  const notOurs = (id: string) =>
    `"previous_response_id" must be the id of a response of this service, got ${JSON.stringify(id)}`;
  const cases: readonly [string, unknown, string, string][] = [
    ['no body', '', 'invalid_json', 'the body must be a JSON object, got nothing'],
    ['an array', [], 'invalid_request', 'the body must be a JSON object, got an array'],
    ['no input', { model: 'x' }, 'invalid_prompt', '"input" is missing'],
    ['a template for a prompt', { prompt: { id: 'pmpt_1' } }, 'invalid_prompt', '"input" is missing'],
    ['input null', { input: null }, 'invalid_prompt', '"input" is missing'],
    ['input of another kind', { input: {} }, 'invalid_request', '"input" must be a string or an array, got an object'],
    ['blank input', { input: ' ' }, 'invalid_prompt', '"input" must not be empty'],
    [
      'input that is too long',
      { input: 'x'.repeat(1001) },
      'payload_too_large',
      '"input" has 1001 characters, at most 1000 are allowed',
    ],
    [
      'a last message that is too long',
      { input: [user(text('x'.repeat(600)), text('x'.repeat(600)))] },
      'payload_too_large',
      '"input[0]" has 1201 characters, at most 1000 are allowed',
    ],
    ['no items', { input: [] }, 'invalid_prompt', `"input" must end with a user's message, got none`],
    [
      'nothing but instructions',
      { input: [{ role: 'system', content: 'Be brief.' }] },
      'invalid_prompt',
      `"input" must end with a user's message, got none`,
    ],
    [
      'an answer last',
      { input: [user(text('hi')), { role: 'assistant', content: 'Hello!' }] },
      'invalid_prompt',
      `"input" must end with a user's message, got "assistant" at the end`,
    ],
    [
      'the result of a tool that the client ran',
      { input: [user(text('hi')), { type: 'function_call_output', call_id: 'c', output: '42' }] },
      'invalid_prompt',
      `"input" must end with a user's message, got "function_call_output" at the end`,
    ],
    [
      'a reference last',
      { input: [user(text('hi')), { id: 'msg_1' }] },
      'invalid_prompt',
      `"input" must end with a user's message, got "item_reference" at the end`,
    ],
    ['a blank message', { input: [user(text(' \n'))] }, 'invalid_prompt', '"input[0]" must not be empty'],
    ['an item that is null', { input: [null] }, 'invalid_request', '"input[0]" must be an object, got null'],
    [
      'an unknown role',
      { input: [{ role: 'tool', content: 'x' }, user(text('hi'))] },
      'invalid_request',
      '"input[0].role" must be one of "user", "assistant", "system", "developer", got "tool"',
    ],
    [
      'a message without a role',
      { input: [{ type: 'message', content: 'x' }] },
      'invalid_request',
      '"input[0].role" must be one of "user", "assistant", "system", "developer", got nothing',
    ],
    [
      'content of another kind',
      { input: [{ role: 'user', content: 7 }, user(text('hi'))] },
      'invalid_request',
      '"input[0].content" must be a string or an array, got a number',
    ],
    [
      'no content',
      { input: [{ role: 'user' }] },
      'invalid_request',
      '"input[0].content" must be a string or an array, got nothing',
    ],
    [
      'a part that is text',
      { input: [{ role: 'user', content: ['hi'] }] },
      'invalid_request',
      '"input[0].content[0]" must be an object, got a string',
    ],
    [
      'a text without text',
      { input: [user(text('a'), { type: 'input_text' })] },
      'invalid_request',
      '"input[0].content[1].text" must be a string, got nothing',
    ],
    [
      'a picture in the last message',
      { input: [user(text('a'), picture)] },
      'unsupported_content',
      '"input[0].content[1]" must be text or a file of text, got "input_image"',
    ],
    [
      'a part without a type',
      { input: [user({ text: 'hi' })] },
      'unsupported_content',
      '"input[0].content[0]" must be text or a file of text, got nothing',
    ],
    [
      'a file that OpenAI stores',
      { input: [user({ type: 'input_file', file_id: 'file-1' })] },
      'unsupported_content',
      'a file must come with its data, in "file_data": "file_id" and "file_url" are not followed',
    ],
    [
      'a file that is no text',
      { input: [user(file('data:application/pdf;base64,JVBERg=='))] },
      'unsupported_content',
      'an attachment must be text, such as text/plain or application/json, got "application/pdf"',
    ],
    [
      'a model that is a number',
      { input: 'hi', model: 4 },
      'invalid_request',
      '"model" must be a string, got a number',
    ],
    [
      'instructions that are a list',
      { input: 'hi', instructions: [] },
      'invalid_request',
      '"instructions" must be a string, got an array',
    ],
    ['stream as text', { input: 'hi', stream: 'true' }, 'invalid_request', '"stream" must be a boolean, got a string'],
    [
      'work in the background',
      { input: 'hi', background: true },
      'invalid_request',
      '"background" must be false: an answer is only given to the request that asks for it',
    ],
    ['a response of OpenAI', before('resp_68e9c0'), 'invalid_session_id', notOurs('resp_68e9c0')],
    ['an empty response id', before(''), 'invalid_session_id', notOurs('')],
    ['a response id with a second dot', before('resp_a.b.c'), 'invalid_session_id', notOurs('resp_a.b.c')],
    ['a response id with a line break', before('resp_a.b\n'), 'invalid_session_id', notOurs('resp_a.b\n')],
    [
      'a response id that is a number',
      before(7),
      'invalid_request',
      '"previous_response_id" must be a string, got a number',
    ],
    [
      'both names of the conversation',
      { ...before('resp_a.b'), conversation: 'c' },
      'invalid_request',
      '"previous_response_id" and "conversation" exclude each other: both name the conversation',
    ],
    [
      'an empty conversation',
      { input: 'hi', conversation: ' ' },
      'invalid_request',
      '"conversation" must not be empty',
    ],
    [
      'a conversation that is a number',
      { input: 'hi', conversation: 7 },
      'invalid_request',
      '"conversation" must be a string, got a number',
    ],
    [
      'a conversation without an id',
      { input: 'hi', conversation: {} },
      'invalid_request',
      '"conversation.id" must be a string, got nothing',
    ],
    [
      'a model that every event would repeat',
      { input: 'hi', model: 'x'.repeat(257) },
      'invalid_request',
      '"model" has 257 characters, at most 256 are allowed',
    ],
    [
      'metadata of another kind',
      { input: 'hi', metadata: [] },
      'invalid_request',
      '"metadata" must be an object, got an array',
    ],
  ];
  for (const [name, body, code, expected] of cases) {
    it(`is refused with ${code}: ${name}`, () => assert.throws(() => read(body), { code, message: expected }));
  }

  it('is refused or read, and never anything else, whatever it is', () => {
    const mostly = <Value>(good: fc.Arbitrary<Value>) =>
      fc.oneof({ weight: 20, arbitrary: good }, { weight: 1, arbitrary: fc.jsonValue() });
    const anyPart = fc.record(
      {
        type: mostly(fc.constantFrom('input_text', 'output_text', 'input_file', 'input_image', '__proto__')),
        text: mostly(fc.string()),
        file_data: mostly(fc.constant('data:text/plain,x')),
      },
      { requiredKeys: ['type', 'text'] },
    );
    const anyItem = fc.record({
      type: mostly(fc.constantFrom('message', 'message', 'reasoning', null)),
      role: mostly(fc.constantFrom('user', 'user', 'assistant', 'system', 'developer')),
      content: mostly(fc.oneof(fc.string(), fc.array(anyPart, { maxLength: 3 }))),
    });
    const body = fc.record(
      {
        input: mostly(fc.oneof(fc.array(anyItem, { maxLength: 4 }), fc.string())),
        instructions: mostly(fc.string()),
        conversation: mostly(fc.string()),
        previous_response_id: mostly(fc.constant('resp_a.b')),
        metadata: mostly(fc.dictionary(fc.constantFrom('session_id', '__proto__'), fc.string())),
        stream: mostly(fc.boolean()),
      },
      { requiredKeys: ['input'] },
    );
    const outcomes = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(mostly(body), (value) => {
        try {
          const { prompt, messages = [], system, conversationId } = read(value);
          assert.notEqual(prompt.trim(), '');
          for (const optional of [system, conversationId]) assert.notEqual(optional?.trim(), '');
          for (const { role, content } of messages) {
            assert.ok(role === 'user' || role === 'assistant');
            assert.notEqual(content.trim(), '');
          }
          outcomes.taken += 1;
        } catch (thrown) {
          assert.ok(thrown instanceof RelayError, String(thrown));
          assert.ok(thrown.status === 400 || thrown.status === 413, thrown.code);
          outcomes.refused += 1;
        }
      }),
      { numRuns: 2000 },
    );
    assert.ok(outcomes.taken > 20 && outcomes.refused > 20, JSON.stringify(outcomes));
  });
});

describe('the form of the answer', () => {
  it('is one document, unless the request asks for a stream', () => {
    assert.deepEqual(
      [{}, { stream: false }, { stream: true }].map((fields) => {
        const { format } = readCall({ input: 'hi', ...fields });
        assert.ok(format?.kind === 'events');
        const { headers, isWhole, hasKeepAlive } = format;
        return { headers, isWhole, hasKeepAlive };
      }),
      [
        { headers: { 'content-type': 'application/json; charset=utf-8' }, isWhole: true, hasKeepAlive: false },
        { headers: { 'content-type': 'application/json; charset=utf-8' }, isWhole: true, hasKeepAlive: false },
        { headers: { 'content-type': 'text/event-stream; charset=utf-8' }, isWhole: false, hasKeepAlive: true },
      ],
    );
  });
});
