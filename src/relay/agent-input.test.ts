import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isJsonObject, parseJson } from '../json.ts';
import { agentInputs } from './agent-input.ts';

const derived = {
  requestId: 'request',
  conversationId: 'conversation-0123456789-0123456789',
  runtimeSessionId: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  startedAtMs: 0,
};
const asGiven = { ...derived, runtimeSessionId: derived.conversationId };

const text = '{"threadId":"shared","__proto__":{"a":1},"runId":"r","messages":[],"state":{"threadId":"shared"}}';
const runAgentInput = parseJson(text);
assert.ok(isJsonObject(runAgentInput));

describe('the input of an agent that speaks AG-UI', () => {
  it("has the runtime session as its thread, so that two principals' threads of one name never meet", () => {
    assert.equal(
      JSON.stringify(agentInputs.AGUI({ prompt: '', runAgentInput }, derived)),
      text.replace('"threadId":"shared"', `"threadId":"${derived.runtimeSessionId}"`),
    );
    assert.equal(agentInputs.AGUI({ prompt: 'hi' }, derived)['threadId'], derived.runtimeSessionId);
  });

  it('has no other thread beside it, in a spelling that some frameworks take for the same', () => {
    const spellings = ['thread_id', 'threadID', 'ThreadId', 'THREAD_ID', 'thread-id'];
    for (const name of spellings) {
      for (const input of [
        { [name]: 'shared', ...runAgentInput },
        { ...runAgentInput, [name]: 'shared' },
      ]) {
        assert.deepEqual(
          agentInputs.AGUI({ prompt: '', runAgentInput: input }, derived),
          agentInputs.AGUI({ prompt: '', runAgentInput }, derived),
        );
      }
    }
  });

  it("has the client's own thread where sessions are as given", () => {
    assert.equal(agentInputs.AGUI({ prompt: '', runAgentInput }, asGiven), runAgentInput);
    assert.equal(agentInputs.AGUI({ prompt: 'hi' }, asGiven)['threadId'], derived.conversationId);
  });
});

describe('the input of any other agent', () => {
  it('names no session at all', () => {
    assert.deepEqual(agentInputs.HTTP({ prompt: 'hi', runAgentInput }, derived), { prompt: 'hi' });
  });
});
