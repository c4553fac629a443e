import assert from 'node:assert/strict';
import type { AgentEvent } from '../src/events/agent-event.ts';

/** The grammar that protocols rely on, written down independently of the order machine. */
export function checkRun(events: readonly AgentEvent[]): void {
  assert.equal(events[0]?.type, 'run-start');
  const open = new Map<string, string>();
  const used = new Set<string>();
  const answered = new Set<string>();
  let inStep = false;
  events.forEach((event, index) => {
    const isLast = index === events.length - 1;
    assert.equal(event.type === 'run-end' || event.type === 'error', isLast, `${event.type} at ${index}`);
    switch (event.type) {
      case 'run-start':
        assert.equal(index, 0);
        return;
      case 'step-start':
        assert.equal(inStep, false);
        inStep = true;
        return;
      case 'step-end':
        assert.equal(inStep, true);
        assert.deepEqual([...open], []);
        inStep = false;
        return;
      case 'text-start':
      case 'reasoning-start':
      case 'tool-start':
        assert.equal(inStep, true);
        assert.equal(used.has(event.id), false, `${event.id} is opened twice`);
        used.add(event.id);
        open.set(event.id, event.type.replace('-start', ''));
        return;
      case 'text-end':
      case 'reasoning-end':
      case 'tool-end':
        assert.equal(open.get(event.id), event.type.replace('-end', ''));
        open.delete(event.id);
        return;
      case 'text-delta':
      case 'reasoning-delta':
        assert.notEqual(event.text, '');
        assert.equal(open.get(event.id), event.type.replace('-delta', ''));
        return;
      case 'reasoning-signature':
      case 'reasoning-redacted':
        assert.equal(open.get(event.id), 'reasoning');
        return;
      case 'tool-delta':
        assert.notEqual(event.input, '');
        assert.equal(open.get(event.id), 'tool');
        return;
      case 'tool-result':
        assert.equal(used.has(event.id) && !open.has(event.id) && !answered.has(event.id), true);
        answered.add(event.id);
        return;
      case 'citation':
        assert.equal(inStep, true);
        return;
      case 'usage':
        return;
      case 'error':
      case 'run-end':
        assert.equal(inStep, false);
        return;
      default:
        event satisfies never;
    }
  });
}
