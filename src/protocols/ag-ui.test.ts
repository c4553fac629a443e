import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RelayError } from '../errors.ts';
import type { AgentEvent } from '../events/agent-event.ts';
import { createEventOrder } from '../events/order.ts';
import { createAgUi } from './ag-ui.ts';
import type { AgUiOptions } from './ag-ui.ts';
import type { EventFormat } from './protocol.ts';

const context = { requestId: 'request', conversationId: 'conversation', startedAtMs: 0 };

/** Puts events in order, as the relay does, and gives what is written of them. */
function writeText(events: readonly AgentEvent[], format: EventFormat = createAgUi()): string {
  const writer = format.createWriter(context);
  let text = '';
  const order = createEventOrder((event) => (text += writer.write(event)));
  for (const event of events) order.push(event);
  order.end();
  return text;
}

function parse(text: string): unknown[] {
  assert.equal(text.includes('\r'), false);
  const messages = text.split('\n\n');
  assert.equal(messages.pop(), '');
  return messages.map((message) => {
    assert.equal(message.slice(0, 6), 'data: ');
    return JSON.parse(message.slice(6)) as unknown;
  });
}

const write = (events: readonly AgentEvent[], options?: AgUiOptions) => parse(writeText(events, createAgUi(options)));

/** As a client posts it. */
function ask(fields: Readonly<Record<string, unknown>>): EventFormat {
  const messages = [{ id: 'm', role: 'user', content: 'hi' }];
  const { format } = createAgUi().endpoint.read(
    {
      method: 'POST',
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.from(JSON.stringify({ threadId: 'thread', runId: 'run', messages, ...fields })),
    },
    { maxPromptLength: 1000 },
  );
  assert.equal(format?.kind, 'events');
  return format;
}

const run = { threadId: 'conversation', runId: 'request' };
const started = { type: 'RUN_STARTED', ...run };
const finished = { type: 'RUN_FINISHED', ...run };
const stepStarted = (count = 1) => ({ type: 'STEP_STARTED', stepName: `step-${count}` });
const stepFinished = (count = 1) => ({ type: 'STEP_FINISHED', stepName: `step-${count}` });
const textStart = (messageId: string) => ({ type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' });
const textDelta = (messageId: string, delta: string) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId, delta });
const textEnd = (messageId: string) => ({ type: 'TEXT_MESSAGE_END', messageId });
const toolStart = (toolCallId: string, parentMessageId: string) => ({
  type: 'TOOL_CALL_START',
  toolCallId,
  toolCallName: 'clock',
  parentMessageId,
});
const toolEnd = (toolCallId: string) => ({ type: 'TOOL_CALL_END', toolCallId });
const toolResult = (messageId: string, toolCallId: string, content: string) => ({
  type: 'TOOL_CALL_RESULT',
  messageId,
  toolCallId,
  content,
  role: 'tool',
});

const say = (id: string, text: string): AgentEvent => ({ type: 'text-delta', id, text });
const callTool = (id: string): readonly AgentEvent[] => [
  { type: 'tool-start', id, name: 'clock' },
  { type: 'tool-end', id },
];
const answer = (id: string, content: unknown): AgentEvent => ({ type: 'tool-result', id, isError: false, content });

describe('the events of ag-ui', () => {
  it('put the text and the tools of one model call into one message', () => {
    assert.deepEqual(
      write([
        say('0', 'Let me'),
        say('0', ' see.'),
        { type: 'text-end', id: '0' },
        { type: 'tool-start', id: 'a', name: 'clock' },
        { type: 'tool-delta', id: 'a', input: '{"zone":"' },
        { type: 'tool-delta', id: 'a', input: 'UTC"}' },
        { type: 'tool-end', id: 'a' },
        ...callTool('b'),
        { type: 'step-end', stopReason: 'tool-use' },
        answer('a', '12:00'),
        answer('b', { hour: 12 }),
        say('1', 'Noon.'),
      ]),
      [
        started,
        stepStarted(),
        textStart('request-1'),
        textDelta('request-1', 'Let me'),
        textDelta('request-1', ' see.'),
        textEnd('request-1'),
        toolStart('a', 'request-1'),
        { type: 'TOOL_CALL_ARGS', toolCallId: 'a', delta: '{"zone":"' },
        { type: 'TOOL_CALL_ARGS', toolCallId: 'a', delta: 'UTC"}' },
        toolEnd('a'),
        toolStart('b', 'request-1'),
        toolEnd('b'),
        stepFinished(),
        toolResult('request-2', 'a', '12:00'),
        toolResult('request-3', 'b', '{"hour":12}'),
        stepStarted(2),
        textStart('request-4'),
        textDelta('request-4', 'Noon.'),
        textEnd('request-4'),
        stepFinished(2),
        finished,
      ],
    );
  });

  it('go on with the message where text comes in several blocks, as between citations', () => {
    const citation = { title: 'Boiling point', url: 'https://example.com/boiling' };
    assert.deepEqual(
      write([
        say('0', 'Water '),
        { type: 'text-end', id: '0' },
        { type: 'citation', citation },
        { type: 'text-start', id: '1' },
        say('1', 'boils.'),
        { type: 'text-end', id: '1' },
        { type: 'text-start', id: '2' },
        { type: 'text-end', id: '2' },
      ]),
      [
        started,
        stepStarted(),
        textStart('request-1'),
        textDelta('request-1', 'Water '),
        { type: 'CUSTOM', name: 'citation', value: citation },
        textDelta('request-1', 'boils.'),
        textEnd('request-1'),
        stepFinished(),
        finished,
      ],
    );
  });

  it('keep blocks apart that are open at the same time', () => {
    assert.deepEqual(
      write([say('0', 'a'), say('1', 'b'), say('0', 'A'), { type: 'text-end', id: '0' }, say('1', 'B')]).slice(2, -2),
      [
        textStart('request-1'),
        textDelta('request-1', 'a'),
        textStart('request-2'),
        textDelta('request-2', 'b'),
        textDelta('request-1', 'A'),
        textDelta('request-2', 'B'),
        textEnd('request-1'),
        textEnd('request-2'),
      ],
    );
  });

  it('begin a new message after a tool call, and for a tool call after reasoning', () => {
    assert.deepEqual(
      write([
        say('0', 'x'),
        ...callTool('a'),
        { type: 'text-end', id: '0' },
        say('1', 'y'),
        { type: 'reasoning-delta', id: '2', text: 'hm' },
        ...callTool('b'),
        answer('b', 'B'),
        ...callTool('c'),
      ]).slice(2),
      [
        textStart('request-1'),
        textDelta('request-1', 'x'),
        toolStart('a', 'request-1'),
        toolEnd('a'),
        textDelta('request-1', 'y'),
        { type: 'REASONING_START', messageId: 'request-2' },
        { type: 'REASONING_MESSAGE_START', messageId: 'request-2', role: 'reasoning' },
        { type: 'REASONING_MESSAGE_CONTENT', messageId: 'request-2', delta: 'hm' },
        toolStart('b', 'request-3'),
        toolEnd('b'),
        toolResult('request-4', 'b', 'B'),
        toolStart('c', 'request-5'),
        toolEnd('c'),
        { type: 'REASONING_MESSAGE_END', messageId: 'request-2' },
        { type: 'REASONING_END', messageId: 'request-2' },
        textEnd('request-1'),
        stepFinished(),
        toolResult('request-6', 'a', ''),
        toolResult('request-7', 'c', ''),
        finished,
      ],
    );
  });

  it('say the proof of reasoning in one piece, also where nothing else of it is shown', () => {
    const redacted = (data: string): AgentEvent => ({ type: 'reasoning-redacted', id: '0', data });
    const signed = (signature: string): AgentEvent => ({ type: 'reasoning-signature', id: '1', signature });
    const reasoning = (messageId: string, ...between: readonly unknown[]) => [
      { type: 'REASONING_START', messageId },
      { type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning' },
      ...between,
      { type: 'REASONING_MESSAGE_END', messageId },
      { type: 'REASONING_END', messageId },
    ];
    const proof = (entityId: string, encryptedValue: string) => ({
      type: 'REASONING_ENCRYPTED_VALUE',
      subtype: 'message',
      entityId,
      encryptedValue,
    });
    assert.deepEqual(
      write([
        { type: 'reasoning-start', id: '0' },
        redacted('AA=='),
        redacted('AQI='),
        { type: 'reasoning-end', id: '0' },
        signed('sig'),
        { type: 'reasoning-delta', id: '1', text: 'hm' },
        signed('nature'),
        { type: 'reasoning-end', id: '1' },
        { type: 'reasoning-start', id: '2' },
      ]).slice(2, -2),
      [
        ...reasoning('request-1', proof('request-1', 'AAEC')),
        ...reasoning(
          'request-2',
          { type: 'REASONING_MESSAGE_CONTENT', messageId: 'request-2', delta: 'hm' },
          proof('request-2', 'signature'),
        ),
      ],
    );
  });

  it('answer calls whose results the agent does not forward, before the next model call', () => {
    assert.deepEqual(
      write([
        ...callTool('a'),
        { type: 'step-end', stopReason: 'tool-use' },
        say('0', 'Noon.'),
        answer('a', 'too late'),
      ]).slice(2),
      [
        toolStart('a', 'request-1'),
        toolEnd('a'),
        stepFinished(),
        toolResult('request-2', 'a', ''),
        stepStarted(2),
        textStart('request-3'),
        textDelta('request-3', 'Noon.'),
        textEnd('request-3'),
        stepFinished(2),
        finished,
      ],
    );
  });

  it('wait for the results of an agent that forwards them, but not beyond the end of the run', () => {
    const events = write([
      ...callTool('a'),
      ...callTool('b'),
      ...callTool('c'),
      answer('a', 'A'),
      { type: 'step-end', stopReason: 'tool-use' },
      { type: 'step-start' },
      answer('b', 'B'),
      { type: 'step-end', stopReason: 'end-turn' },
    ]);
    assert.deepEqual(events.slice(-6), [
      stepFinished(),
      stepStarted(2),
      toolResult('request-3', 'b', 'B'),
      stepFinished(2),
      toolResult('request-4', 'c', ''),
      finished,
    ]);
  });

  it('close everything and answer every call before an error, and say nothing after it', () => {
    assert.deepEqual(
      write([
        say('0', 'x'),
        { type: 'reasoning-delta', id: '1', text: 'hm' },
        { type: 'tool-start', id: 'a', name: 'clock' },
        { type: 'error', code: 'agent_error', message: 'the agent reported an error' },
        say('0', 'late'),
      ]).slice(-8),
      [
        toolStart('a', 'request-3'),
        { type: 'REASONING_MESSAGE_END', messageId: 'request-2' },
        { type: 'REASONING_END', messageId: 'request-2' },
        toolEnd('a'),
        textEnd('request-1'),
        stepFinished(),
        toolResult('request-4', 'a', ''),
        { type: 'RUN_ERROR', message: 'the agent reported an error', code: 'agent_error' },
      ],
    );
  });

  it('name the stop reason where the answer is not whole', () => {
    const endings = (stopReason: 'max-tokens' | 'interrupt' | 'stop-sequence') =>
      write([{ type: 'run-end', stopReason }]).slice(1);
    assert.deepEqual(endings('max-tokens'), [{ type: 'CUSTOM', name: 'stop-reason', value: 'max-tokens' }, finished]);
    // An outcome of `interrupt` would keep the client from saying anything but an answer that no such agent can be given.
    assert.deepEqual(endings('interrupt'), [{ type: 'CUSTOM', name: 'stop-reason', value: 'interrupt' }, finished]);
    assert.deepEqual(endings('stop-sequence'), [finished]);
  });

  it('count cached tokens as part of the input', () => {
    const usage = { inputTokens: 20, outputTokens: 7, totalTokens: 27, cacheReadInputTokens: 1200 };
    const bedrock = { ...usage, totalTokens: 1227 };
    const last = (usage: Readonly<Record<string, unknown>>) => write([{ type: 'usage', usage }]).at(-1);
    assert.deepEqual(last(bedrock), {
      ...finished,
      usage: [{ inputTokens: 1220, outputTokens: 7, totalTokens: 1227, cachedInputTokens: 1200 }],
    });
    assert.deepEqual(last({ ...bedrock, cacheWriteInputTokens: 100 }), {
      ...finished,
      usage: [
        {
          inputTokens: 1320,
          outputTokens: 7,
          totalTokens: 1327,
          cachedInputTokens: 1200,
          cacheWriteInputTokens: 100,
        },
      ],
    });
  });

  it('leave usage out that clients would reject the run for', () => {
    for (const inputTokens of [0.5, 2 ** 53]) {
      assert.deepEqual(write([{ type: 'usage', usage: { inputTokens } }]).at(-1), finished, String(inputTokens));
    }
  });

  it('say that a tool has failed', () => {
    const result: AgentEvent = { type: 'tool-result', id: 'a', isError: true, content: 'no clock' };
    assert.deepEqual(write([...callTool('a'), result])[4], {
      ...toolResult('request-2', 'a', 'no clock'),
      metadata: { isError: true },
    });
  });

  it('cut long results of tools, but no character', () => {
    const cases: readonly [content: unknown, shown: string][] = [
      ['12345678', '12345678'],
      ['123456789', '12345678\n[the other 1 characters of this result are left out]'],
      ['1234567😀', '1234567\n[the other 2 characters of this result are left out]'],
      [{ a: [1, 2, 3] }, '{"a":[1,\n[the other 5 characters of this result are left out]'],
      [undefined, ''],
      [null, 'null'],
    ];
    for (const [content, shown] of cases) {
      const events = write([...callTool('a'), answer('a', content)], { maxToolResultLength: 8 });
      assert.deepEqual(events[4], toolResult('request-2', 'a', shown));
    }
  });

  it('leave out what is to be hidden', () => {
    const events: readonly AgentEvent[] = [
      { type: 'reasoning-delta', id: '0', text: 'hm' },
      { type: 'reasoning-signature', id: '0', signature: 'sig' },
      { type: 'reasoning-redacted', id: '1', data: 'AAEC' },
      ...callTool('a'),
      { type: 'tool-delta', id: 'a', input: '{}' },
      answer('a', 'A'),
    ];
    const nothing = [started, stepStarted(), stepFinished(), finished];
    assert.deepEqual(write(events, { reasoning: 'hide', tools: 'hide' }), nothing);
    const types = (options: AgUiOptions) =>
      write(events, options).flatMap((event) => /"type":"(REASONING|TOOL)/u.exec(JSON.stringify(event))?.[1] ?? []);
    assert.deepEqual(new Set(types({ reasoning: 'hide' })), new Set(['TOOL']));
    assert.deepEqual(new Set(types({ tools: 'hide' })), new Set(['REASONING']));
  });

  it('echo the ids of the client, whatever is in them', () => {
    const threadId = 'a"b\n\r\u2028\uD800\0data: x\n\n</script>';
    const runId = 'run ✓ \\';
    const events = parse(writeText([], ask({ threadId, runId })));
    assert.deepEqual(events, [
      { type: 'RUN_STARTED', threadId, runId },
      { type: 'RUN_FINISHED', threadId, runId },
    ]);
  });

  it('call a tool call by another id where the client has one of this id', () => {
    const earlier = { id: 'm0', role: 'assistant', toolCalls: [{ id: 'a', type: 'function' }] };
    const messages = [earlier, { id: 'm1', role: 'tool', toolCallId: 'a' }, { id: 'm2', role: 'user', content: 'hi' }];
    const text = writeText(
      [
        { type: 'tool-start', id: 'a', name: 'clock' },
        { type: 'tool-delta', id: 'a', input: '{}' },
        answer('a', 'A'),
        ...callTool('b'),
      ],
      ask({ messages }),
    );
    assert.deepEqual(parse(text).slice(2, -4), [
      toolStart('request-a', 'request-1'),
      { type: 'TOOL_CALL_ARGS', toolCallId: 'request-a', delta: '{}' },
      toolEnd('request-a'),
      toolResult('request-2', 'request-a', 'A'),
      toolStart('b', 'request-3'),
    ]);
  });

  it('are whole messages of LF only, and end once, whatever the agent does', () => {
    const id = fc.constantFrom('0', '1', '__proto__');
    const text = fc.constantFrom('x', '\r\n\n', '😀'.charAt(0), '\u2028');
    const event: fc.Arbitrary<AgentEvent> = fc.oneof(
      fc.record({
        type: fc.constantFrom('text-start', 'text-end', 'reasoning-start', 'reasoning-end', 'tool-end'),
        id,
      }),
      fc.record({ type: fc.constantFrom('text-delta', 'reasoning-delta'), id, text }),
      fc.record({ type: fc.constant('reasoning-signature'), id, signature: text }),
      fc.record({ type: fc.constant('tool-start'), id, name: text }),
      fc.record({ type: fc.constant('tool-delta'), id, input: text }),
      fc.record({ type: fc.constant('tool-result'), id, isError: fc.boolean(), content: fc.jsonValue() }),
      fc.record({ type: fc.constant('step-end'), stopReason: fc.constant('tool-use') }),
      fc.constantFrom<AgentEvent>({ type: 'step-start' }, { type: 'error', code: 'agent_error', message: 'x' }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => checkRun(write(events))),
      { numRuns: 500 },
    );
  });
});

/** What the verifiers of `@ag-ui/client` 0.0.45 to 1.0 demand, and a result for every call. */
function checkRun(events: readonly unknown[]): void {
  const open = new Set<string>();
  const unanswered = new Set<string>();
  const messageIds = new Set<string>();
  (events as readonly Readonly<Record<string, string>>[]).forEach((event, index) => {
    const { type = '', stepName, messageId, toolCallId, delta } = event;
    assert.equal(type === 'RUN_STARTED', index === 0);
    assert.equal(type === 'RUN_FINISHED' || type === 'RUN_ERROR', index === events.length - 1);
    assert.notEqual(delta, '');
    const key = `${type.replace(/_(?:START|STARTED|CONTENT|ARGS|END|FINISHED)$/u, '')} ${stepName ?? messageId ?? toolCallId}`;
    if (/_START(?:ED)?$/u.test(type) && index > 0) {
      assert.equal(open.has(key), false, key);
      open.add(key);
      if (toolCallId !== undefined) unanswered.add(toolCallId);
    } else if (/_(?:CONTENT|ARGS)$/u.test(type)) {
      assert.equal(open.has(key), true, key);
    } else if (/_END$|^STEP_FINISHED$/u.test(type)) {
      assert.equal(open.delete(key), true, key);
    } else if (type === 'TOOL_CALL_RESULT') {
      assert.equal(unanswered.delete(toolCallId ?? ''), true);
    }
    if (/^(?:TEXT_MESSAGE_START|REASONING_START|TOOL_CALL_RESULT)$/u.test(type)) {
      assert.equal(messageIds.has(messageId ?? ''), false, messageId);
      messageIds.add(messageId ?? '');
    }
  });
  assert.deepEqual([open.size, unanswered.size], [0, 0]);
}

describe('an error of ag-ui before the stream', () => {
  it('is a sentence and nothing else, because the client shows the whole body', () => {
    const cause = new Error('arn:aws:…');
    assert.deepEqual(createAgUi().renderError(new RelayError('agent_busy', { cause }), 'request'), {
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: '"this session is busy; try again in a moment"',
    });
  });
});

describe('an ag-ui writer', () => {
  it('keeps the connection alive by a comment', () => {
    assert.equal(createAgUi().createWriter(context).keepAlive(), ': keep-alive\n\n');
  });

  it('is native to agents that speak AG-UI only where nothing is to be hidden', () => {
    assert.deepEqual(
      [{}, { reasoning: 'hide' } as const, { tools: 'hide' } as const].map(
        (options) => createAgUi(options).native?.agentProtocol,
      ),
      ['AGUI', undefined, undefined],
    );
    assert.equal(ask({}).native?.agentProtocol, 'AGUI');
  });
});
