import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentEvent } from '../events/agent-event.ts';
import { createScriptedRelay, follow, readText, runtimeSessionOf } from '../../test/scripted-relay.ts';
import { RelayError } from '../errors.ts';
import { createAgUi } from '../protocols/ag-ui.ts';

/** What `HttpAgent` of `@ag-ui/client` 1.0 posts. */
const input = {
  threadId: '0c8ad3f9-7d1a-4d60-8d3c-8f9e6c1c2b11',
  runId: 'run-1',
  protocolVersion: '1.0',
  state: { cart: [] },
  messages: [
    {
      id: 'm1',
      role: 'user',
      content: [{ type: 'image', source: { type: 'url', value: 'https://example.com/a.png' } }],
    },
    { id: 'm2', role: 'tool', toolCallId: 't', content: '12:00' },
  ],
  tools: [{ name: 'clock', description: 'Tells the time', parameters: {} }],
  context: [{ description: 'zone', value: 'UTC' }],
  forwardedProps: { a: 1 },
  resume: [{ interruptId: 'i', status: 'resolved' }],
};

const message = (event: unknown) => `data: ${JSON.stringify(event)}\n\n`;
const run = { threadId: input.threadId, runId: input.runId };
const begun = [
  { type: 'RUN_STARTED', ...run, protocolVersion: '1.0' },
  { type: 'TEXT_MESSAGE_START', messageId: 'x', role: 'assistant' },
  { type: 'TEXT_MESSAGE_CONTENT', messageId: 'x', delta: 'Noon.' },
];
const ended = [
  { type: 'TEXT_MESSAGE_END', messageId: 'x' },
  { type: 'RUN_FINISHED', ...run, outcome: { type: 'success' } },
];
const answer = [...begun, ...ended].map(message).join('');

/** What the agent gets: the thread as AgentCore knows it, so that no two principals share one. */
const threadId = runtimeSessionOf(input.threadId);
const given = JSON.stringify({ ...input, threadId });

const speaksAgUi = { agentProtocol: 'AGUI' } as const;
const post = { path: '/ag-ui', json: input };

describe('a relay in front of an agent that speaks AG-UI', () => {
  it('gives it the whole input of an AG-UI client, and its bytes to the client', async () => {
    const { agent, entries, send } = createScriptedRelay(speaksAgUi);
    agent.answer('text/event-stream; charset=utf-8');
    for (const byte of Buffer.from(answer)) agent.say(String.fromCharCode(byte));
    agent.end();
    const response = await send(post);
    assert.equal(await readText(response), answer);
    assert.deepEqual([response.status, response.headers['content-type']], [200, 'text/event-stream']);
    const [{ payload, runtimeSessionId } = { payload: '', runtimeSessionId: '' }, ...others] = agent.invocations;
    assert.deepEqual([payload, runtimeSessionId, others], [given, threadId, []]);
    assert.deepEqual(
      entries.map(({ level, protocol, ending }) => ({ level, protocol, ending })),
      [{ level: 'info', protocol: 'ag-ui', ending: 'complete' }],
    );
  });

  it('names the conversation to the client as the client does, and to the agent as AgentCore does', async () => {
    const echo = (id: string) => answer.replaceAll(input.threadId, id);
    for (const [options, path, expected] of [
      [{}, '/ag-ui', answer],
      [{ createFilter: () => (event: AgentEvent) => event }, '/ag-ui', undefined],
      [{}, '/', echo('made-00000000000000000000000000000002')],
    ] as const) {
      const { agent, send } = createScriptedRelay({ ...speaksAgUi, ...options });
      agent.answer();
      const response = await send(path === '/' ? { json: { prompt: 'hi', response: 'ag-ui' } } : post);
      const [{ payload, runtimeSessionId } = { payload: '', runtimeSessionId: '' }] = agent.invocations;
      assert.equal((JSON.parse(payload) as { threadId: string }).threadId, runtimeSessionId);
      agent.say(echo(runtimeSessionId));
      agent.end();
      const text = await readText(response);
      if (expected !== undefined) assert.equal(text, expected);
      assert.equal(text.includes(runtimeSessionId), false, text);
    }
  });

  for (const [name, end] of [
    ['ends cleanly', undefined],
    ['is cut', new RelayError('agent_interrupted')],
  ] as const) {
    it(`adds the ending that is missing where the answer ${name}`, async () => {
      const { agent, entries, send } = createScriptedRelay(speaksAgUi);
      agent.answer();
      const whole = begun.map(message).join('');
      agent.say(`${whole}data: {"type":"TEXT_MESS`);
      agent.end(end);
      const error = { type: 'RUN_ERROR', message: 'the answer broke off before its end', code: 'agent_interrupted' };
      assert.equal(await readText(await send(post)), whole + message(error));
      assert.deepEqual(
        entries.map(({ ending, errorCode }) => ({ ending, errorCode })),
        [{ ending: 'error', errorCode: 'agent_interrupted' }],
      );
    });
  }

  it('keeps the connection alive between its messages, and gives up on its silence in its own protocol', async () => {
    const { agent, clock, send } = createScriptedRelay({ ...speaksAgUi, limits: { idleTimeoutMs: 40_000 } });
    agent.answer();
    const viewed = follow(await send(post));
    agent.say(message(begun[0]) + 'data: {"ty');
    await clock.advance(15_000);
    await clock.advance(15_000);
    await clock.advance(15_000);
    await viewed.done;
    const error = {
      type: 'RUN_ERROR',
      message: 'the agent has had nothing to show for too long',
      code: 'agent_silent',
    };
    assert.equal(viewed.text, `${message(begun[0])}: keep-alive\n\n: keep-alive\n\n${message(error)}`);
  });

  it('says an error that comes after the status', async () => {
    const { agent, clock, send } = createScriptedRelay(speaksAgUi);
    const sending = send(post);
    await clock.advance(10_000);
    const response = await sending;
    const viewed = follow(response);
    await clock.advance(15_000);
    agent.refuse(new RelayError('agent_failed'));
    await viewed.done;
    const error = { type: 'RUN_ERROR', message: 'the agent failed before it answered', code: 'agent_failed' };
    assert.equal(viewed.text, `: keep-alive\n\n${message(error)}`);
    assert.equal(response.headers['content-type'], 'text/event-stream');
  });

  it('says an error where it answers with something else, and names the content type that the viewer reads', async () => {
    const { agent, entries, send } = createScriptedRelay(speaksAgUi);
    agent.answer('application/json');
    agent.say('{"error":"arn:aws:bedrock:us-east-1:123456789012:x"}');
    const response = await send(post);
    const error = { type: 'RUN_ERROR', message: 'the agent did not answer with an event stream', code: 'agent_error' };
    assert.equal(await readText(response), message(error));
    assert.equal(response.headers['content-type'], 'text/event-stream');
    assert.equal(entries[0]?.['errorCode'], 'agent_error');
    assert.equal(agent.invocations[0]?.signal.aborted, true);
  });

  it('makes an input of what any other client asks, and writes the answer for that client', async () => {
    const { agent, send } = createScriptedRelay(speaksAgUi);
    agent.answer();
    agent.say(answer);
    agent.end();
    const messages = [
      { id: '1', role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] },
      { id: '2', role: 'user', parts: [{ type: 'text', text: 'What time is it?' }] },
      { id: '3', role: 'assistant', parts: [{ type: 'text', text: 'Where?' }] },
      { id: '4', role: 'user', parts: [{ type: 'text', text: 'Here.' }] },
    ];
    const response = await send({
      path: '/api/chat',
      json: { id: 'chat-0a1b2c3d4e5f', messages, trigger: 'submit-message' },
    });
    assert.match(await readText(response), /"type":"text-delta".*"delta":"Noon\."/u);
    const requestId = response.headers['x-request-id'] ?? '';
    assert.deepEqual(JSON.parse(agent.invocations[0]?.payload ?? ''), {
      threadId: runtimeSessionOf(response.headers['x-runtime-session-id'] ?? ''),
      runId: requestId,
      state: {},
      messages: [
        { id: `${requestId}-0`, role: 'system', content: 'Be brief.' },
        { id: `${requestId}-1`, role: 'user', content: 'What time is it?' },
        { id: `${requestId}-2`, role: 'assistant', content: 'Where?' },
        { id: `${requestId}-3`, role: 'user', content: 'Here.' },
      ],
      tools: [],
      context: [],
      forwardedProps: {},
    });
  });

  it('passes its bytes on to the client of POST / that asks for ag-ui, and its words to one that asks for ndjson', async () => {
    for (const [response, expected] of [
      ['ag-ui', /^data: \{"type":"RUN_STARTED"/u],
      ['ndjson', /"type":"text-delta","id":"text-1","text":"Noon\."/u],
    ] as const) {
      const { agent, send } = createScriptedRelay(speaksAgUi);
      agent.answer();
      agent.say(answer);
      agent.end();
      const text = await readText(await send({ json: { prompt: 'What time is it?', response } }));
      assert.match(text, expected);
      assert.equal(text === answer, response === 'ag-ui');
      const { messages } = JSON.parse(agent.invocations[0]?.payload ?? '') as { messages: unknown };
      assert.deepEqual(messages, [
        { id: 'made-00000000000000000000000000000001-0', role: 'user', content: 'What time is it?' },
      ]);
    }
  });

  const translated = (text: string) =>
    [
      { type: 'RUN_STARTED', ...run },
      { type: 'STEP_STARTED', stepName: 'step-1' },
      { type: 'TEXT_MESSAGE_START', messageId: 'made-00000000000000000000000000000001-1', role: 'assistant' },
      { type: 'TEXT_MESSAGE_CONTENT', messageId: 'made-00000000000000000000000000000001-1', delta: text },
      { type: 'TEXT_MESSAGE_END', messageId: 'made-00000000000000000000000000000001-1' },
      { type: 'STEP_FINISHED', stepName: 'step-1' },
      { type: 'RUN_FINISHED', ...run },
    ]
      .map(message)
      .join('');

  it('translates its answer where a filter wants to see it', async () => {
    const { agent, send } = createScriptedRelay({
      ...speaksAgUi,
      createFilter: () => (event) =>
        event.type === 'text-delta' ? { ...event, text: event.text.toUpperCase() } : event,
    });
    agent.answer();
    agent.say(answer);
    agent.end();
    assert.equal(await readText(await send(post)), translated('NOON.'));
    assert.equal(agent.invocations[0]?.payload, given);
  });

  it('translates its answer where something of it is to be hidden', async () => {
    const { agent, send } = createScriptedRelay({ ...speaksAgUi, protocols: [createAgUi({ reasoning: 'hide' })] });
    agent.answer();
    agent.say(answer);
    agent.end();
    assert.equal(await readText(await send(post)), translated('Noon.'));
  });
});

describe('a relay in front of any other agent', () => {
  it('gives it the prompt of an AG-UI client, and refuses what it cannot answer', async () => {
    const { agent, send } = createScriptedRelay();
    agent.answer();
    agent.end();
    await readText(
      await send({ path: '/ag-ui', json: { ...input, messages: [{ id: 'm', role: 'user', content: 'hi' }] } }),
    );
    assert.deepEqual(
      agent.invocations.map(({ payload, runtimeSessionId }) => ({ payload, runtimeSessionId })),
      [{ payload: '{"prompt":"hi"}', runtimeSessionId: threadId }],
    );
    const response = await send(post);
    assert.equal(response.status, 400);
    assert.equal(
      await readText(response),
      JSON.stringify('the last message must be the user\'s, got one of role "tool"'),
    );
    assert.equal(agent.invocations.length, 1);
  });
});
