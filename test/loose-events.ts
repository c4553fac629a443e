import fc from 'fast-check';
import type { AgentEvent } from '../src/events/agent-event.ts';

const id = fc.constantFrom('0', '1', 'text-1');
const text = fc.constantFrom('', 'x', '天気', '"\n');
const url = fc.constantFrom('', 'https://example.com/');

/** Any event, as a dialect or a filter may emit it: in no order, with starts and ends missing. */
export const looseEvent: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.constant<AgentEvent>({ type: 'step-start' }),
  fc.record({ type: fc.constantFrom('text-start', 'text-end', 'reasoning-start', 'reasoning-end', 'tool-end'), id }),
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('text-delta', 'reasoning-delta'), id, text }) },
  fc.record({ type: fc.constant('reasoning-signature'), id, signature: text }),
  fc.record({ type: fc.constant('tool-start'), id, name: text }),
  fc.record({ type: fc.constant('tool-delta'), id, input: text }),
  fc.record({ type: fc.constant('tool-result'), id, isError: fc.boolean(), content: fc.jsonValue() }),
  fc.record({ type: fc.constant('citation'), citation: fc.record({ url, title: text }, { requiredKeys: [] }) }),
  fc.record({ type: fc.constant('step-end'), stopReason: fc.constantFrom('end-turn', 'tool-use') }),
  fc.record({ type: fc.constant('run-end'), stopReason: fc.constantFrom('end-turn', 'max-tokens', 'other') }),
  fc.constant<AgentEvent>({ type: 'error', code: 'agent_error', message: 'x' }),
);
