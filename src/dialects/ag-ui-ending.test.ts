import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRun } from '../../test/check-run.ts';
import { messagesOf, readData, readFrames } from '../../test/read-frames.ts';
import { answers } from '../../test/recordings.ts';

const started = { type: 'RUN_STARTED', threadId: 't', runId: 'r' };
const finished = { type: 'RUN_FINISHED', threadId: 't', runId: 'r' };
const text = (delta: string) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta });
const textEnd = { type: 'TEXT_MESSAGE_END', messageId: 'm' };
const toolCall = { type: 'TOOL_CALL_START', toolCallId: 'c', toolCallName: 'clock' };
const toolResult = { type: 'TOOL_CALL_RESULT', messageId: 'x', toolCallId: 'c', content: 'noon' };

describe('the ending of an AG-UI run', () => {
  const endingOf = (...frames: readonly unknown[]) => readFrames([started, text('Hi'), ...frames]).events.at(-1);

  it('tells why', () => {
    const cases: readonly [unknown, string][] = [
      [undefined, 'end-turn'],
      [null, 'end-turn'],
      [{ type: 'success' }, 'end-turn'],
      [{ type: 'success', pendingToolCallIds: [] }, 'end-turn'],
      [{ type: 'success', pendingToolCallIds: ['c'] }, 'tool-use'],
      [{ type: 'interrupt', interrupts: [{ id: 'i', reason: 'approval' }] }, 'interrupt'],
      [{ type: 'cancelled' }, 'cancelled'],
      [{ type: 'somethingNew' }, 'end-turn'],
    ];
    for (const [outcome, stopReason] of cases) {
      assert.deepEqual(endingOf({ ...finished, outcome }), { type: 'run-end', stopReason });
    }
  });

  it('tells why also where only a custom event does', () => {
    const cases: readonly [string, unknown, string][] = [
      ['AgentStopped', { stop_reason: 'max_tokens' }, 'max-tokens'],
      ['AgentStopped', 'max_tokens', 'end-turn'],
      ['on_interrupt', '{}', 'interrupt'],
      ['PredictState', [], 'end-turn'],
    ];
    for (const [name, value, stopReason] of cases) {
      assert.deepEqual(endingOf({ type: 'CUSTOM', name, value }, finished), { type: 'run-end', stopReason });
    }
  });

  it('tells the usage and the reasons that real agents tell', () => {
    const tool = readData(messagesOf('python-ag-ui-tool')).events.at(-1);
    const own = readData(messagesOf('python-tool')).events.at(-1);
    assert.ok(tool?.type === 'run-end' && own?.type === 'run-end');
    // Strands' sum has no prototype.
    assert.deepEqual({ ...tool.usage }, { ...own.usage });
    const stopReasons = ['python-ag-ui-filtered', 'python-ag-ui-interrupt', 'python-ag-ui-text'].map((name) => {
      const last = readData(messagesOf(name)).events.at(-1);
      return last?.type === 'run-end' ? last.stopReason : last?.type;
    });
    assert.deepEqual(stopReasons, ['content-filter', 'interrupt', 'end-turn']);
  });

  it('counts what was cached beside the input, as ConverseStream does', () => {
    const usageOf = (...usage: readonly unknown[]) => {
      const last = endingOf({ ...finished, usage });
      return last?.type === 'run-end' && last.usage !== undefined ? { ...last.usage } : undefined;
    };
    const entry = { provider: 'x', model: 'y', inputTokens: 100, outputTokens: 20, totalTokens: 120 };
    assert.deepEqual(usageOf({ ...entry, cachedInputTokens: 60, cacheWriteInputTokens: 10, reasoningTokens: 5 }), {
      inputTokens: 30,
      outputTokens: 20,
      totalTokens: 120,
      cacheReadInputTokens: 60,
      cacheWriteInputTokens: 10,
      reasoningTokens: 5,
    });
    // A producer that counts as ConverseStream does, against the specification.
    assert.deepEqual(usageOf({ inputTokens: 3, cachedInputTokens: 60 }), {
      inputTokens: 3,
      cacheReadInputTokens: 60,
    });
    assert.deepEqual(usageOf(entry, { ...entry, model: 'z' }), {
      inputTokens: 200,
      outputTokens: 40,
      totalTokens: 240,
    });
    assert.equal(usageOf({ model: 'y' }, null, { inputTokens: '9', outputTokens: -1 }), undefined);
    assert.equal(endingOf({ ...finished, usage: 7 })?.type, 'run-end');
  });

  it("is an error where the agent says so, and never in the agent's words", () => {
    const error = { type: 'RUN_ERROR', message: 'arn:aws:iam::123456789012:role/x', usage: [{ inputTokens: 9 }] };
    for (const [code, expected] of [
      [undefined, 'agent_error'],
      ['STRANDS_FORCE_STOP', 'agent_error'],
      ['ModelThrottledException', 'agent_throttled'],
    ] as const) {
      const { events } = readFrames([started, text('Hi'), { ...error, code }, text('late')]);
      assert.deepEqual(
        events.slice(-4).map((event) => (event.type === 'error' ? event.code : event.type)),
        ['usage', 'text-end', 'step-end', expected],
      );
      assert.equal(JSON.stringify(events).includes('123456789012'), false);
    }
    assert.deepEqual(readFrames([error]).dialect, 'ag-ui');
  });

  it('is an interruption where the stream ends before the run does', () => {
    const interrupted = { type: 'error', code: 'agent_interrupted', message: 'the answer broke off before its end' };
    for (const frames of [
      [started],
      [started, text('Hi')],
      [text('Hi')],
      [toolResult],
      [started, toolCall, toolResult],
      [started, text('Hi'), textEnd, { type: 'STATE_SNAPSHOT', snapshot: {} }],
      [started, finished, started, text('Hi'), textEnd],
    ]) {
      assert.deepEqual(readFrames(frames).events.at(-1), interrupted, JSON.stringify(frames));
    }
  });

  it('is an interruption wherever a recorded run is cut', () => {
    const names = answers.map(({ name }) => name).filter((name) => name.includes('-ag-ui-'));
    assert.ok(names.length > 10);
    for (const name of names) {
      const frames = messagesOf(name);
      const whole = readData(frames).events;
      checkRun(whole);
      for (let count = 1; count < frames.length; count += 1) {
        const { events, unknownFrames } = readData(frames.slice(0, count));
        checkRun(events);
        assert.equal(unknownFrames, 0);
        const last = events.at(-1);
        assert.equal(last?.type === 'error' && last.code, 'agent_interrupted', `${name} after ${count} frames`);
      }
    }
  });

  it('may be followed by another run, which begins afresh', () => {
    const user = { type: 'TEXT_MESSAGE_START', messageId: 'n', role: 'user' };
    const snapshot = { type: 'MESSAGES_SNAPSHOT', messages: [{ role: 'assistant', content: 'Snapped' }] };
    const stopped = { type: 'CUSTOM', name: 'on_interrupt', value: '{}' };
    const first = [started, user, text('left open'), stopped, finished];
    const second = [started, snapshot, finished];
    const third = [started, toolCall, toolResult, { ...text('b'), messageId: 'n' }, finished];
    const fourth = [started, finished];
    assert.deepEqual(
      readFrames([...first, ...second, ...third, ...fourth]).events.flatMap((event) => {
        if (event.type === 'step-end') return [event.stopReason];
        return event.type === 'text-delta' ? [event.text] : [];
      }),
      ['left open', 'interrupt', 'Snapped', 'end-turn', 'tool-use', 'b', 'end-turn', 'end-turn'],
    );
  });

  it('stays good where the agent says something after it', () => {
    for (const last of [text('late'), textEnd, toolResult]) {
      const { events } = readFrames([started, toolCall, toolResult, finished, last]);
      assert.deepEqual(events.at(-1), { type: 'run-end', stopReason: 'end-turn' });
    }
  });
});
