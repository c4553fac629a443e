import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import type { AgentProtocol } from '../settings.ts';
import { createAgUi } from './ag-ui.ts';
import type { AgentCall } from './protocol.ts';

const { endpoint } = createAgUi();

function readBody(body: Uint8Array | string, agentProtocol?: AgentProtocol): AgentCall {
  return endpoint.read(
    { method: 'POST', query: new URLSearchParams(), headers: {}, body: Buffer.from(body) },
    { maxPromptLength: 100, agentProtocol },
  );
}

function read(fields: Readonly<Record<string, unknown>>, agentProtocol?: AgentProtocol): AgentCall {
  const input = { threadId: 'thread', runId: 'run', messages: [{ id: 'm', role: 'user', content: 'hi' }], ...fields };
  return readBody(JSON.stringify(input), agentProtocol);
}

/** What is read of a conversation. */
function converse(...messages: readonly unknown[]): Pick<AgentCall, 'prompt' | 'messages' | 'system'> {
  const { prompt, messages: earlier, system } = read({ messages });
  return { prompt, messages: earlier, system };
}

const user = (content: unknown) => ({ id: 'm', role: 'user', content });
const text = (text: unknown) => ({ type: 'text', text });
const source = (value: string, mimeType?: string) => ({ type: 'data', value, mimeType });
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a request of ag-ui', () => {
  it('is posted to /ag-ui', () => {
    assert.deepEqual([endpoint.path, endpoint.methods], ['/ag-ui', ['POST']]);
  });

  it('gives the conversation, the prompt and the whole input', () => {
    const input = {
      threadId: 'my thread',
      runId: 'run-1',
      protocolVersion: '1.0',
      state: { cart: [1] },
      messages: [
        { id: '0', role: 'system', content: 'Be brief.' },
        { id: '1', role: 'developer', content: 'No jokes.' },
        { id: '2', role: 'user', content: 'What is 6*7?' },
        { id: '3', role: 'reasoning', content: 'hm' },
        {
          id: '4',
          role: 'assistant',
          toolCalls: [{ id: 't', type: 'function', function: { name: 'x', arguments: '' } }],
        },
        { id: '5', role: 'tool', toolCallId: 't', content: '42' },
        { id: '6', role: 'assistant', content: '42.' },
        { id: '7', role: 'activity', activityType: 'a2ui', content: {} },
        { id: '8', role: 'oracle', content: [1, 2] },
        { id: '9', role: 'user', content: [text('And'), text('6*8?')] },
      ],
      tools: [],
      context: [{ description: 'a', value: 'b' }],
      forwardedProps: { toolChoice: 'auto' },
    };
    const { format, ...call } = readBody(JSON.stringify(input));
    assert.deepEqual(call, {
      prompt: 'And\n6*8?',
      messages: [
        { role: 'user', content: 'What is 6*7?' },
        { role: 'assistant', content: '42.' },
      ],
      system: 'Be brief.\nNo jokes.',
      conversationId: 'my thread',
      runAgentInput: input,
    });
    assert.equal(format?.kind, 'events');
  });

  it('needs nothing but ids and a message', () => {
    assert.deepEqual(converse({ role: 'user', content: 'hi' }), { prompt: 'hi', messages: [], system: undefined });
  });

  it('may end with an activity, which is no message of the conversation', () => {
    assert.equal(converse(user('hi'), { id: 'a', role: 'activity', activityType: 'x', content: {} }).prompt, 'hi');
  });

  it('gives the text of what is attached, however the client writes it', () => {
    const dataUrl = `data:text/csv;base64,${base64('a;b')}`;
    const parts: readonly [part: unknown, shown: string][] = [
      [{ type: 'document', source: source(base64('ä'), 'text/plain') }, '[text/plain]\nä'],
      [
        { type: 'document', source: source(base64('{}'), 'application/json'), metadata: { filename: 'a.json' } },
        '[a.json]\n{}',
      ],
      [{ type: 'document', source: source(dataUrl, 'text/csv'), metadata: { filename: 1 } }, '[text/csv]\na;b'],
      [{ type: 'document', source: { type: 'url', value: dataUrl } }, '[text/csv]\na;b'],
      [{ type: 'image', source: source(base64('<svg/>'), 'text/xml') }, '[text/xml]\n<svg/>'],
      [{ type: 'binary', mimeType: 'text/plain', data: base64('old'), filename: 'old.txt' }, '[old.txt]\nold'],
      [{ type: 'binary', mimeType: 'text/csv', url: dataUrl }, '[text/csv]\na;b'],
    ];
    for (const [part, shown] of parts) {
      assert.equal(converse(user([text('Read:'), part])).prompt, `Read:\n${shown}`, JSON.stringify(part));
    }
  });

  it('leaves out of earlier messages what is no text', () => {
    const image = { type: 'image', source: { type: 'url', value: 'https://example.com/a.png' } };
    const file = { type: 'document', source: source(base64('old'), 'text/plain') };
    assert.deepEqual(
      converse(
        user([text('Look'), image, file]),
        user([image]),
        user('   '),
        user([{ type: 'x' }, text('')]),
        user('hi'),
      ),
      { prompt: 'hi', messages: [{ role: 'user', content: 'Look\n[text/plain]\nold' }], system: undefined },
    );
  });

  const invalid: readonly [what: string, act: () => unknown, code: string, message: string][] = [
    ['no body', () => readBody(''), 'invalid_json', 'the body must be a JSON object, got nothing'],
    ['an array', () => readBody('[]'), 'invalid_request', 'the body must be a JSON object, got an array'],
    ['no thread', () => read({ threadId: undefined }), 'invalid_request', '"threadId" must be a string, got nothing'],
    ['a null thread', () => read({ threadId: null }), 'invalid_request', '"threadId" must be a string, got null'],
    ['a blank thread', () => read({ threadId: ' ' }), 'invalid_request', '"threadId" must not be empty'],
    ['no run', () => read({ runId: undefined }), 'invalid_request', '"runId" must be a string, got nothing'],
    ['a run that is a number', () => read({ runId: 1 }), 'invalid_request', '"runId" must be a string, got a number'],
    ['no messages', () => read({ messages: {} }), 'invalid_request', '"messages" must be an array, got an object'],
    ['none of them', () => converse(), 'invalid_prompt', "the last message must be the user's, got none"],
    ['a number', () => converse(1, user('hi')), 'invalid_request', '"messages[0]" must be an object, got a number'],
    [
      'no role',
      () => converse({ content: 'x' }, user('hi')),
      'invalid_request',
      '"messages[0].role" must be a string, got nothing',
    ],
    [
      'content of a wrong type',
      () => converse({ role: 'assistant', content: {} }, user('hi')),
      'invalid_request',
      '"messages[0].content" must be a string or an array, got an object',
    ],
    [
      'a part of a wrong type',
      () => converse(user(['x']), user('hi')),
      'invalid_request',
      '"messages[0].content[0]" must be an object, got a string',
    ],
    [
      'text of a wrong type',
      () => converse(user([text('a'), text(1)])),
      'invalid_request',
      '"messages[0].content[1].text" must be a string, got a number',
    ],
    [
      'a document without a source',
      () => converse(user([{ type: 'document' }])),
      'invalid_request',
      '"messages[0].content[0].source" must be an object, got nothing',
    ],
    ['an empty prompt', () => converse(user('')), 'invalid_prompt', 'the last message must not be empty'],
    ['no content', () => converse(user(undefined)), 'invalid_prompt', 'the last message must not be empty'],
    ['no parts', () => converse(user([])), 'invalid_prompt', 'the last message must not be empty'],
    [
      'a prompt that is too long',
      () => converse(user('x'.repeat(101))),
      'payload_too_large',
      'the last message has 101 characters, at most 100 are allowed',
    ],
    [
      'the result of a tool at its end',
      () => converse(user('hi'), { id: 't', role: 'tool', toolCallId: 'a', content: 'x' }),
      'invalid_prompt',
      'the last message must be the user\'s, got one of role "tool"',
    ],
    [
      'nothing but the answer to an interrupt',
      () =>
        read({
          messages: [user('hi'), { id: 'a', role: 'assistant', content: 'May I?' }],
          resume: [{ interruptId: 'i', status: 'resolved' }],
        }),
      'invalid_prompt',
      'the last message must be the user\'s, got one of role "assistant"',
    ],
    [
      'an image',
      () => converse(user([{ type: 'image', source: source('AAEC', 'image/png') }])),
      'unsupported_content',
      'an attachment must be text, such as text/plain or application/json, got "image/png"',
    ],
    [
      'a link',
      () => converse(user([{ type: 'document', source: { type: 'url', value: 'https://example.com/a.txt' } }])),
      'unsupported_content',
      'an attachment must come with its data; a link is not followed',
    ],
    [
      'a file that is elsewhere',
      () => converse(user([{ type: 'document', source: { type: 'file', value: 'file-1', mimeType: 'text/plain' } }])),
      'unsupported_content',
      'an attachment must come with its data; a link is not followed',
    ],
    [
      'an old file that is elsewhere',
      () => converse(user([{ type: 'binary', mimeType: 'text/plain', id: 'file-1' }])),
      'unsupported_content',
      'an attachment must come with its data; a link is not followed',
    ],
    [
      'a part that nobody knows',
      () => converse(user([text('x'), { type: 'hologram' }])),
      'unsupported_content',
      '"messages[0].content[1]" is of a type that the agent cannot be given: "hologram"',
    ],
  ];
  for (const [what, act, code, message] of invalid) {
    it(`is refused with ${code} where it has ${what}`, () => {
      assert.throws(act, (thrown) => {
        assert.deepEqual(thrown instanceof RelayError && [thrown.code, thrown.message], [code, message]);
        return true;
      });
    });
  }

  it('is read or refused with a sentence, whatever is in it', () => {
    const role = fc.constantFrom('user', 'assistant', 'system', 'tool', '__proto__');
    const json = fc.jsonValue({ maxDepth: 2 });
    const part = fc.oneof(
      json,
      fc.record({
        type: fc.constantFrom('text', 'document', 'binary', 'constructor'),
        text: json,
        source: fc.oneof(json, fc.record({ type: fc.constantFrom('data', 'url'), value: json, mimeType: json })),
        data: json,
      }),
    );
    const content = fc.oneof(json, fc.array(part, { maxLength: 3 }));
    const message = fc.oneof(json, fc.record({ role, content, toolCalls: json }, { requiredKeys: [] }));
    const messages = fc.oneof(json, fc.array(message, { maxLength: 4 }));
    const protocol = fc.constantFrom('HTTP' as const, 'AGUI' as const);
    fc.assert(
      fc.property(fc.record({ messages, threadId: json }, { requiredKeys: [] }), protocol, (fields, agentProtocol) => {
        try {
          const { prompt, messages = [] } = read(fields, agentProtocol);
          assert.equal(prompt.trim() === '' && agentProtocol === 'HTTP', false);
          for (const { content } of messages) assert.notEqual(content.trim(), '');
        } catch (thrown) {
          assert.equal(thrown instanceof RelayError && thrown.status < 500, true, String(thrown));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a request of ag-ui to an agent that speaks it', () => {
  it('may end with what a tool of the client gave, or answer an interrupt', () => {
    const messages = [user('What time is it?'), { id: 't', role: 'tool', toolCallId: 'a', content: '12:00' }];
    const resume = [{ interruptId: 'i', status: 'resolved', payload: true }];
    const { prompt, messages: earlier, runAgentInput } = read({ messages, resume }, 'AGUI');
    assert.deepEqual(
      { prompt, earlier, runAgentInput },
      {
        prompt: 'What time is it?',
        earlier: undefined,
        runAgentInput: { threadId: 'thread', runId: 'run', messages, resume },
      },
    );
  });

  it('may hold what is no text, and no message at all', () => {
    const image = { type: 'image', source: { type: 'url', value: 'https://example.com/a.png' } };
    assert.equal(read({ messages: [user([text('Look'), image, text('!')])] }, 'AGUI').prompt, 'Look\n!');
    assert.equal(read({ messages: [user([image]), 1] }, 'AGUI').prompt, '');
    assert.equal(read({ messages: [] }, 'AGUI').prompt, '');
  });

  it('must have its ids, and a prompt that is not too long', () => {
    for (const [fields, code] of [
      [{ threadId: '' }, 'invalid_request'],
      [{ runId: 7 }, 'invalid_request'],
      [{ messages: 'hi' }, 'invalid_request'],
      [{ messages: [user('x'.repeat(101))] }, 'payload_too_large'],
    ] as const) {
      assert.throws(
        () => read(fields, 'AGUI'),
        (thrown) => thrown instanceof RelayError && thrown.code === code,
      );
    }
  });
});
