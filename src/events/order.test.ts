import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkRun } from '../../test/check-run.ts';
import type { AgentEvent, StopReason } from './agent-event.ts';
import { createEventOrder } from './order.ts';

function run(events: readonly AgentEvent[]): AgentEvent[] {
  const emitted: AgentEvent[] = [];
  const order = createEventOrder((event) => emitted.push(event));
  for (const event of events) order.push(event);
  order.end();
  return emitted;
}

describe('createEventOrder', () => {
  it('opens a block at its first delta and closes it when the run ends', () => {
    assert.deepEqual(run([{ type: 'text-delta', id: '0', text: 'Hé' }]), [
      { type: 'run-start' },
      { type: 'step-start' },
      { type: 'text-start', id: 'text-1' },
      { type: 'text-delta', id: 'text-1', text: 'Hé' },
      { type: 'text-end', id: 'text-1' },
      { type: 'step-end', stopReason: 'end-turn' },
      { type: 'run-end', stopReason: 'end-turn' },
    ]);
  });

  it('ends a run as an error where the last model call was malformed, and only then', () => {
    const step = (stopReason: StopReason): AgentEvent[] => [
      { type: 'step-start' },
      { type: 'text-delta', id: '0', text: 'x' },
      { type: 'step-end', stopReason },
    ];
    const ending = (events: readonly AgentEvent[]) => run(events).at(-1);
    assert.deepEqual(ending(step('malformed')), {
      type: 'error',
      code: 'agent_error',
      message: 'the model wrote something that the agent could not read',
    });
    assert.deepEqual(ending([...step('malformed'), ...step('end-turn')]), { type: 'run-end', stopReason: 'end-turn' });
  });

  it('gives blocks of later steps new ids though the agent counts from zero again', () => {
    const step: AgentEvent[] = [
      { type: 'step-start' },
      { type: 'text-delta', id: '0', text: 'x' },
      { type: 'step-end', stopReason: 'end-turn' },
    ];
    const ids = run([...step, ...step]).flatMap((event) => (event.type === 'text-start' ? [event.id] : []));
    assert.deepEqual(ids, ['text-1', 'text-2']);
  });

  it('closes what is open, says the error once and nothing after it, when the agent dies', () => {
    const emitted = run([
      { type: 'step-start' },
      { type: 'reasoning-delta', id: '0', text: 'hm' },
      { type: 'tool-start', id: 't', name: 'clock' },
      { type: 'error', code: 'agent_error', message: 'the agent reported an error' },
      { type: 'error', code: 'agent_error', message: 'again' },
      { type: 'text-delta', id: '1', text: 'late' },
    ]);
    assert.deepEqual(emitted.slice(-5), [
      { type: 'tool-start', id: 't', name: 'clock' },
      { type: 'reasoning-end', id: 'reasoning-1' },
      { type: 'tool-end', id: 't' },
      { type: 'step-end', stopReason: 'other' },
      { type: 'error', code: 'agent_error', message: 'the agent reported an error' },
    ]);
  });

  it('takes a clean end in the middle of an announced step for an interruption', () => {
    assert.deepEqual(run([{ type: 'step-start' }, { type: 'text-delta', id: '0', text: 'Hel' }]).at(-1), {
      type: 'error',
      code: 'agent_interrupted',
      message: 'the answer broke off before its end',
    });
  });

  it('sums the usage of all model calls and keeps that of a single one as it was', () => {
    const usage = { inputTokens: 8, outputTokens: 33, totalTokens: 41, cacheReadInputTokens: 2 };
    const once: AgentEvent = { type: 'usage', usage, metrics: { latencyMs: 1182 } };
    assert.deepEqual(run([once]).at(-1), {
      type: 'run-end',
      stopReason: 'end-turn',
      usage,
      metrics: { latencyMs: 1182 },
    });
    const twice = run([once, { type: 'usage', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }]).at(-1);
    assert.deepEqual(JSON.parse(JSON.stringify(twice)), {
      type: 'run-end',
      stopReason: 'end-turn',
      usage: { inputTokens: 9, outputTokens: 34, totalTokens: 43, cacheReadInputTokens: 2 },
      metrics: { latencyMs: 1182 },
    });
  });

  it('announces a tool whose result comes without a call, and drops a second result', () => {
    const result: AgentEvent = { type: 'tool-result', id: 't', isError: false, content: 42 };
    assert.deepEqual(run([result, { ...result, content: 43 }]).slice(2, 5), [
      { type: 'tool-start', id: 't', name: 'unknown' },
      { type: 'tool-end', id: 't' },
      result,
    ]);
  });

  it('drops empty deltas and input of tools that were never called', () => {
    assert.deepEqual(
      run([
        { type: 'text-delta', id: '0', text: '' },
        { type: 'tool-delta', id: 'x', input: '{' },
      ]),
      [{ type: 'run-start' }, { type: 'run-end', stopReason: 'end-turn' }],
    );
  });

  it('makes a well-formed run of any events in any order', () => {
    fc.assert(
      fc.property(fc.array(looseEvent, { maxLength: 60 }), (events) => checkRun(run(events))),
      { numRuns: 1000 },
    );
  });
});

const id = fc.constantFrom('0', '1', '__proto__', 't');
const text = fc.constantFrom('', 'x', '天気');
const stopReason = fc.constantFrom('end-turn' as const, 'tool-use' as const);
const looseEvent: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.constantFrom<AgentEvent>({ type: 'run-start' }, { type: 'step-start' }),
  fc.record({ type: fc.constantFrom('text-start', 'text-end', 'reasoning-start', 'reasoning-end', 'tool-end'), id }),
  fc.record({ type: fc.constantFrom('text-delta', 'reasoning-delta'), id, text }),
  fc.record({ type: fc.constant('reasoning-signature'), id, signature: text }),
  fc.record({ type: fc.constant('reasoning-redacted'), id, data: text }),
  fc.record({ type: fc.constant('tool-start'), id, name: text }),
  fc.record({ type: fc.constant('tool-delta'), id, input: text }),
  fc.record({ type: fc.constant('tool-result'), id, isError: fc.boolean(), content: text }),
  fc.record({ type: fc.constant('usage'), usage: fc.record({ inputTokens: fc.nat() }) }),
  fc.record({ type: fc.constant('citation'), citation: fc.constant({}) }),
  fc.record({ type: fc.constant('step-end'), stopReason }),
  { weight: 1, arbitrary: fc.record({ type: fc.constant('run-end'), stopReason }) },
  { weight: 1, arbitrary: fc.constant<AgentEvent>({ type: 'error', code: 'agent_error', message: 'x' }) },
);
