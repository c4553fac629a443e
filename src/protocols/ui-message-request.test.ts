import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import { createUiMessage } from './ui-message.ts';

const { endpoint } = createUiMessage();
const maxPromptLength = 1000;

function read(body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return endpoint.read(
    { method: 'POST', query: new URLSearchParams(), headers: {}, body: new TextEncoder().encode(text) },
    { maxPromptLength },
  );
}

const message = (role: string, ...parts: readonly object[]) => ({ id: `m-${role}`, role, parts });
const text = (text: string) => ({ type: 'text', text });
const file = (url: string, more: object = {}) => ({ type: 'file', mediaType: 'text/plain', url, ...more });
const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64');
const ask = (...parts: readonly object[]) => ({ id: 'chat-1', messages: [message('user', ...parts)] });

describe('what useChat posts', () => {
  it('becomes the prompt, the history, the instructions and the name of the conversation', () => {
    const body = {
      id: 'Zt8aR3kQp0LmXy21',
      trigger: 'submit-message',
      messageId: 'm-9',
      tenant: 'a body of the page’s own',
      messages: [
        message('system', text('Be brief.')),
        message('user', text('My name'), { type: 'step-start' }, text('is Ada.')),
        message(
          'assistant',
          { type: 'step-start' },
          { type: 'reasoning', text: 'a name', state: 'done', providerMetadata: { bedrock: { signature: 'x' } } },
          { type: 'dynamic-tool', toolName: 'store', toolCallId: 't', state: 'output-available', input: {}, output: 1 },
          { type: 'tool-search', toolCallId: 'u', state: 'input-available', input: {} },
          { type: 'source-url', sourceId: 's', url: 'https://example.com' },
          { type: 'source-document', sourceId: 'd', mediaType: 'text/plain', title: 'd' },
          { type: 'data-weather', data: { degrees: 21 } },
          { type: 'text', text: 'Nice to meet you!', state: 'done' },
        ),
        message('assistant', { type: 'reasoning', text: 'nothing to say' }),
        message('system', text('Be kind.')),
        message('user', text('What is'), { type: 'data-cursor', data: {} }, text('my name?')),
      ],
    };
    assert.deepEqual(read(body), {
      prompt: 'What is\nmy name?',
      messages: [
        { role: 'user', content: 'My name\nis Ada.' },
        { role: 'assistant', content: 'Nice to meet you!' },
      ],
      system: 'Be brief.\n\nBe kind.',
      conversationId: 'Zt8aR3kQp0LmXy21',
    });
  });

  const plain = { prompt: 'hi', messages: [], system: undefined, conversationId: 'chat-1' };
  const cases: readonly [string, unknown, object][] = [
    [
      'only the last message, as prepareSendMessagesRequest',
      { id: 'chat-1', message: message('user', text('hi')) },
      {},
    ],
    ['the last message beside null', { id: 'chat-1', messages: null, message: message('user', text('hi')) }, {}],
    [
      'the history, which goes before a single message',
      { ...ask(text('hi')), message: message('user', text('not this')) },
      {},
    ],
    ['an attempt to regenerate', { ...ask(text('hi')), trigger: 'regenerate-message', messageId: 'm-2' }, {}],
    ['a trigger that nobody knows', { ...ask(text('hi')), trigger: 7 }, {}],
    ['no id', { messages: [message('user', text('hi'))] }, { conversationId: undefined }],
    ['the id null', { ...ask(text('hi')), id: null }, { conversationId: undefined }],
    ['a blank id', { ...ask(text('hi')), id: ' ' }, { conversationId: undefined }],
    [
      'an instruction that comes last',
      { id: 'chat-1', messages: [message('user', text('hi')), message('system', text('Be brief.'))] },
      { system: 'Be brief.' },
    ],
    ['parts without text', ask(text(''), text('hi'), text('')), {}],
    [
      'a message without an id, with metadata',
      { id: 'chat-1', messages: [{ role: 'user', parts: [text('hi')], metadata: { a: 1 } }] },
      {},
    ],
    [
      'members called like those of prototypes',
      `{"id":"chat-1","__proto__":{"id":"x"},"constructor":1,"messages":[{"role":"user","__proto__":{"role":"system"},"parts":[{"type":"text","text":"hi"},{"type":"__proto__"}]}]}`,
      {},
    ],
  ];
  for (const [name, body, expected] of cases) {
    it(`is read: ${name}`, () => assert.deepEqual(read(body), { ...plain, ...expected }));
  }
});

describe('what is attached', () => {
  it('stands in the prompt where useChat puts it, before the text', () => {
    const csv = file(`data:text/csv;base64,${base64('a,b\n1,2 €')}`, { mediaType: 'text/csv', filename: 'table.csv' });
    assert.equal(read(ask(csv, text('Add it up.'))).prompt, '[table.csv]\na,b\n1,2 €\nAdd it up.');
  });

  it('is taken by its bytes where the browser does not know its type', () => {
    const source = file(`data:application/octet-stream;base64,${base64('fn main() {}')}`, {
      mediaType: '',
      filename: 'main.rs',
    });
    assert.equal(read(ask(source, text('Explain.'))).prompt, '[main.rs]\nfn main() {}\nExplain.');
  });

  it('is enough for a prompt', () => {
    assert.equal(read(ask(file('data:text/plain,hi'))).prompt, '[text/plain]\nhi');
  });

  it('stays in the history as far as it is text', () => {
    const picture = file('data:image/png;base64,iVBORw0KGgo=', { mediaType: 'image/png' });
    const link = file('https://example.com/a.txt');
    const { messages } = read({
      messages: [
        message('user', file('data:text/plain,notes', { filename: 'n.txt' }), picture, text('Read.')),
        message('assistant', picture),
        message('user', link),
        message('user', text('Go on.')),
      ],
    });
    assert.deepEqual(messages, [{ role: 'user', content: '[n.txt]\nnotes\nRead.' }]);
  });

  const refusals: readonly [string, object, string][] = [
    [
      'a picture',
      file('data:image/png;base64,iVBORw0KGgo=', { mediaType: 'image/png' }),
      'an attachment must be text, such as text/plain or application/json, got "image/png"',
    ],
    [
      'a link',
      file('https://example.com/a.txt'),
      'an attachment must come with its data, in a "data:" URL; a link is not followed',
    ],
    [
      'bytes of no known type',
      file(`data:application/octet-stream;base64,${base64(Uint8Array.of(0, 1, 2))}`, { mediaType: '' }),
      'an attachment must be text in UTF-8',
    ],
  ];
  for (const [name, part, expected] of refusals) {
    it(`is refused in the last message: ${name}`, () => {
      assert.throws(() => read(ask(part, text('Look.'))), { code: 'unsupported_content', message: expected });
    });
  }
});

describe('a request that is not valid', () => {
  const cases: readonly [string, unknown, string, string][] = [
    ['no body', '', 'invalid_json', 'the body must be a JSON object, got nothing'],
    ['no JSON', 'hi', 'invalid_json', 'the body must be a JSON object, got something else'],
    ['an array', [], 'invalid_request', 'the body must be a JSON object, got an array'],
    ['nothing to answer', {}, 'invalid_request', '"messages" must be an array, got nothing'],
    ['messages of another kind', { messages: 'hi' }, 'invalid_request', '"messages" must be an array, got a string'],
    ['a message that is text', { message: 'hi' }, 'invalid_request', '"messages" must be an array, got nothing'],
    ['an id that is a number', { ...ask(text('hi')), id: 7 }, 'invalid_request', '"id" must be a string, got a number'],
    ['a message that is null', { messages: [null] }, 'invalid_request', '"messages[0]" must be an object, got null'],
    ['no role', { messages: [{ parts: [] }] }, 'invalid_request', '"messages[0].role" must be a string, got nothing'],
    [
      'an unknown role',
      { messages: [message('user', text('hi')), message('tool', text('21'))] },
      'invalid_request',
      '"messages[1].role" must be one of "system", "user", "assistant", got "tool"',
    ],
    [
      'messages of AI SDK 4, which had no parts',
      { id: 'c', messages: [{ id: 'm', role: 'user', content: 'hi' }] },
      'invalid_request',
      '"messages[0].parts" must be an array, got nothing',
    ],
    [
      'a part that is text',
      { messages: [{ role: 'user', parts: ['hi'] }] },
      'invalid_request',
      '"messages[0].parts[0]" must be an object, got a string',
    ],
    [
      'a part without a type',
      ask({ text: 'hi' }),
      'invalid_request',
      '"messages[0].parts[0].type" must be a string, got nothing',
    ],
    [
      'a text without text',
      ask({ type: 'text' }),
      'invalid_request',
      '"messages[0].parts[0].text" must be a string, got nothing',
    ],
    [
      'a file without data',
      ask({ type: 'file', mediaType: 'text/plain' }),
      'invalid_request',
      '"messages[0].parts[0].url" must be a string, got nothing',
    ],
    [
      'a file whose type is a number',
      { message: message('user', { ...file('data:,x'), mediaType: 1 }) },
      'invalid_request',
      '"message.parts[0].mediaType" must be a string, got a number',
    ],
    ['no message', { messages: [] }, 'invalid_prompt', '"messages" must hold a message of the role "user"'],
    [
      'nothing but instructions',
      { messages: [message('system', text('Be brief.'))] },
      'invalid_prompt',
      '"messages" must hold a message of the role "user"',
    ],
    [
      'an answer last, which a page sends that ran a tool of its own',
      { messages: [message('user', text('hi')), message('assistant', text('Hello!'))] },
      'invalid_prompt',
      'the last of "messages" must have the role "user", got "assistant"',
    ],
    ['a blank prompt', ask(text(' \n')), 'invalid_prompt', 'the last message must not be empty'],
    ['a prompt without text', ask({ type: 'data-x', data: 1 }), 'invalid_prompt', 'the last message must not be empty'],
    [
      'a prompt that is too long',
      ask(text('x'.repeat(1001))),
      'payload_too_large',
      'the last message has 1001 characters, at most 1000 are allowed',
    ],
  ];
  for (const [name, body, code, expected] of cases) {
    it(`is refused with ${code}: ${name}`, () => assert.throws(() => read(body), { code, message: expected }));
  }

  it('is refused or read, and never anything else, whatever it is', () => {
    const part = fc.record(
      { type: fc.constantFrom('text', 'file', 'data-x', '__proto__'), text: fc.jsonValue(), url: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const role = fc.constantFrom('system', 'user', 'assistant');
    const anyMessage = fc.record({
      role: fc.oneof(role, fc.jsonValue()),
      parts: fc.oneof(fc.array(part), fc.jsonValue()),
    });
    const messages = fc.oneof(fc.array(anyMessage), fc.jsonValue());
    const body = fc.record({ id: fc.jsonValue(), messages, message: anyMessage }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), body), (value) => {
        try {
          const { prompt, messages, system, conversationId } = read(value);
          assert.match(prompt, /\S/u);
          for (const earlier of messages ?? []) assert.notEqual(earlier.content, '');
          for (const optional of [system, conversationId]) assert.notEqual(optional, '');
        } catch (thrown) {
          assert.ok(thrown instanceof RelayError && thrown.status < 500, String(thrown));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
