import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentEvent } from '../events/agent-event.ts';
import { createEventOrder } from '../events/order.ts';
import { createStreamReader } from './detect.ts';
import { readDocument } from './document.ts';
import { readStopReason } from './stop-reason.ts';

function read(frames: readonly unknown[]): { events: AgentEvent[]; unknownFrames: number } {
  const events: AgentEvent[] = [];
  const order = createEventOrder((event) => events.push(event));
  const reader = createStreamReader(order.push);
  for (const frame of frames) reader.read(JSON.stringify(frame));
  order.end();
  return { events, unknownFrames: reader.unknownFrames };
}

const types = (events: readonly AgentEvent[]) => events.map(({ type }) => type);
const textOf = (events: readonly AgentEvent[]) =>
  events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])).join('');

const messageStart = { event: { messageStart: { role: 'assistant' } } };
const messageStop = (stopReason = 'end_turn') => ({ event: { messageStop: { stopReason } } });
const delta = (content: object, contentBlockIndex?: number) => ({
  event: { contentBlockDelta: { delta: content, contentBlockIndex } },
});

describe('converse', () => {
  it('closes a block whose index goes on with another kind, though no stop came', () => {
    const { events } = read([
      messageStart,
      delta({ reasoningContent: { text: 'hm' } }, 0),
      delta({ text: 'Hi' }, 0),
      messageStop(),
    ]);
    assert.deepEqual(types(events), [
      'run-start',
      'step-start',
      'reasoning-start',
      'reasoning-delta',
      'reasoning-end',
      'text-start',
      'text-delta',
      'text-end',
      'step-end',
      'run-end',
    ]);
  });

  it('takes blocks without an index one after the other', () => {
    const { events } = read([
      messageStart,
      delta({ text: 'a' }),
      { event: { contentBlockStop: {} } },
      delta({ text: 'b' }),
      messageStop(),
    ]);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'text-delta' ? [[event.id, event.text]] : [])),
      [
        ['text-1', 'a'],
        ['text-2', 'b'],
      ],
    );
  });

  it('keeps apart two nodes of a graph that speak at the same time', () => {
    const node = (id: string, event: object) => ({ type: 'multiagent_node_stream', node_id: id, event });
    const { events, unknownFrames } = read([
      { type: 'multiagent_node_start', node_id: 'a', node_type: 'agent' },
      node('a', messageStart),
      node('b', messageStart),
      node('a', delta({ text: 'A1' }, 0)),
      node('b', delta({ text: 'B1' }, 0)),
      node('a', delta({ text: 'A2' }, 0)),
      node('a', messageStop()),
      node('b', delta({ text: 'B2' }, 0)),
      node('b', messageStop()),
    ]);
    assert.equal(unknownFrames, 0);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'text-delta' ? [[event.id, event.text]] : [])),
      [
        ['text-1', 'A1'],
        ['text-2', 'B1'],
        ['text-1', 'A2'],
        ['text-2', 'B2'],
      ],
    );
    assert.equal(types(events).filter((type) => type === 'step-start').length, 1);
    assert.equal(events.at(-1)?.type, 'run-end');
  });

  it('does not say a text twice that comes as an event and as data', () => {
    const { events } = read([
      messageStart,
      delta({ text: 'Hi' }, 0),
      { data: 'Hi', delta: { text: 'Hi' } },
      messageStop(),
    ]);
    assert.equal(textOf(events), 'Hi');
  });

  it('reads the text of agents that forward only data, or only whole messages', () => {
    assert.equal(
      textOf(
        read([
          { data: 'H', delta: {} },
          { data: 'i', delta: {} },
        ]).events,
      ),
      'Hi',
    );
    const message = { message: { role: 'assistant', content: [{ text: 'Hi' }] } };
    assert.equal(textOf(read([message]).events), 'Hi');
    const prompt = { message: { role: 'user', content: [{ text: 'secret prompt' }] } };
    assert.equal(textOf(read([prompt, message]).events), 'Hi');
  });

  it("ends with an error at the model's own exception, and never with its text", () => {
    for (const [name, code] of [
      ['throttlingException', 'agent_throttled'],
      ['internalServerException', 'agent_error'],
    ] as const) {
      const { events } = read([messageStart, { event: { [name]: { message: 'arn:aws:iam::123456789012:role/x' } } }]);
      const last = events.at(-1);
      assert.ok(last?.type === 'error');
      assert.equal(last.code, code);
      assert.equal(JSON.stringify(events).includes('123456789012'), false);
    }
  });

  it('ends with an error when the event loop gave up', () => {
    assert.equal(read([messageStart, { force_stop: true, force_stop_reason: 'secret' }]).events.at(-1)?.type, 'error');
  });

  it('reads citations', () => {
    const citation = {
      title: 'Rain',
      sourceContent: [{ text: 'It rains' }],
      location: { web: { url: 'https://example.com/rain' } },
    };
    const { events } = read([messageStart, delta({ citation }, 0), messageStop()]);
    assert.deepEqual(events[2], {
      type: 'citation',
      citation: { title: 'Rain', url: 'https://example.com/rain', text: 'It rains' },
    });
  });
});

describe('strands-typescript', () => {
  it('reads model events that are not wrapped, as before 1.0', () => {
    const { events } = read([
      { type: 'modelMessageStartEvent', role: 'assistant' },
      { type: 'modelContentBlockDeltaEvent', delta: { type: 'textDelta', text: 'Hi' } },
      { type: 'modelMessageStopEvent', stopReason: 'endTurn' },
    ]);
    assert.equal(textOf(events), 'Hi');
    assert.deepEqual(events.at(-1), { type: 'run-end', stopReason: 'end-turn' });
  });

  it('tells why a run was stopped after its last model call', () => {
    const { events } = read([
      { type: 'modelStreamUpdateEvent', event: { type: 'modelMessageStartEvent' } },
      { type: 'modelStreamUpdateEvent', event: { type: 'modelMessageStopEvent', stopReason: 'toolUse' } },
      { type: 'agentResultEvent', result: { stopReason: 'interrupt' } },
    ]);
    assert.deepEqual(events.at(-1), { type: 'run-end', stopReason: 'interrupt' });
  });

  it('neither fails at redacted reasoning of any length nor at numbers that are no bytes', () => {
    const redacted = (redactedContent: object) => ({
      type: 'modelStreamUpdateEvent',
      event: {
        type: 'modelContentBlockDeltaEvent',
        delta: { type: 'reasoningContentDelta', redactedContent },
      },
    });
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index);
    const { events } = read([redacted({ 0: 300 }), redacted({}), redacted(bytes)]);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'reasoning-redacted' ? [event.data] : [])),
      [Buffer.from(bytes).toString('base64')],
    );
  });
});

describe('a stream reader', () => {
  it('counts what it does not know and drops it', () => {
    const { events, unknownFrames } = read([{ foo: 1 }, [1], messageStart, { type: 'somethingNew' }, messageStop()]);
    assert.equal(unknownFrames, 3);
    assert.deepEqual(types(events), ['run-start', 'step-start', 'step-end', 'run-end']);
  });

  it('takes a bare string for text only where no structured frame came before', () => {
    assert.equal(textOf(read(['Hel', 'lo']).events), 'Hello');
    assert.equal(textOf(read([messageStart, "{'data': 'x', 'agent': <Agent>}", 'stray', messageStop()]).events), '');
    assert.equal(textOf(read(["{'init_event_loop': True, 'agent': <Agent>}", 'Hello']).events), 'Hello');
  });

  it('takes words that are also JSON for text', () => {
    const events: AgentEvent[] = [];
    const reader = createStreamReader((event) => events.push(event));
    for (const data of ['null', ' ', '42', '[DONE]']) reader.read(data);
    assert.equal(textOf(events), 'null 42');
  });

  it('does not take an answer that says it has no error for one', () => {
    for (const error of [null, false, '']) {
      assert.deepEqual(types(read([{ text: 'Hello', error }]).events).slice(2, 4), ['text-start', 'text-delta']);
    }
    assert.equal(read([{ error: '', error_type: 'ValueError', message: 'x' }]).events.at(-1)?.type, 'error');
  });
});

describe('readDocument', () => {
  const cases: readonly [string, string][] = [
    ['"Hello"', 'Hello'],
    ['just text', 'just text'],
    ['{"result":"Hello"}', 'Hello'],
    ['{"result":{"role":"assistant","content":[{"text":"Hello"}]}}', 'Hello'],
    ['{"role":"assistant","content":[{"text":"Hello"}]}', 'Hello'],
    ['{"output":{"role":"assistant","content":[{"text":"Hello"}]}}', 'Hello'],
    ['{"result":"Hello","error":null}', 'Hello'],
    ['{"temperature":21}', '{"temperature":21}'],
    ['[1,2]', '[1,2]'],
  ];
  for (const [document, text] of cases) {
    it(`finds the text of ${document}`, () => {
      const events: AgentEvent[] = [];
      readDocument(document, (event) => events.push(event));
      assert.equal(textOf(events), text);
    });
  }

  it('takes an error for an error', () => {
    const events: AgentEvent[] = [];
    readDocument('{"error":"arn:aws:iam::123456789012:role/x"}', (event) => events.push(event));
    assert.deepEqual(events, [{ type: 'error', code: 'agent_error', message: 'the agent reported an error' }]);
  });
});

describe('readStopReason', () => {
  it('reads snake case and camel case alike and calls the rest other', () => {
    assert.deepEqual(
      ['end_turn', 'endTurn', 'tool_use', 'guardrail_intervened', 'model_context_window_exceeded', 'new', 7].map(
        readStopReason,
      ),
      ['end-turn', 'end-turn', 'tool-use', 'content-filter', 'max-tokens', 'other', 'other'],
    );
  });
});
