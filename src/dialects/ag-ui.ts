import type { StopReason } from '../events/agent-event.ts';
import type { Emit } from '../events/order.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { readOutcome, readSnapshotAnswer, readUsage } from './ag-ui-ending.ts';
import { createAgUiRun } from './ag-ui-run.ts';
import type { OpenBlock } from './ag-ui-run.ts';
import { readCitation } from './citation.ts';
import type { Dialect } from './dialect.ts';
import { agentError } from './error-frames.ts';
import { readStopReason } from './stop-reason.ts';
import { readToolName, readToolResult } from './tool-blocks.ts';

/**
 * AG-UI 1.0 (`@ag-ui/core` 1.0.0, `ag-ui-protocol` 1.0.0) and its drafts since 0.0.45, with their `THINKING_*`: what a
 * runtime with protocol AGUI answers. A run that does not say its end has broken off. AG-UI has no word for a model call:
 * another begins with what is said after a tool's result, or by another node of a graph (`STEP_*`). Passed over are
 * state, activities, subagents, snapshots of what was streamed, and `RAW`, the framework's own events.
 */
export const agUi: Dialect = {
  name: 'ag-ui',
  createReader(emit) {
    const readEvent = createEventReader(emit);
    return {
      read({ value }) {
        return isJsonObject(value) && readEvent(value);
      },
    };
  },
};

function createEventReader(emit: Emit): (event: JsonObject) => boolean {
  const run = createAgUiRun(emit);
  /** Messages that are not the agent's own words, such as an echo of the prompt. */
  const othersMessages = new Set<string>();
  /** Reasoning that has begun and shown nothing: what is encrypted of it is all there is. */
  let silentReasoningId: string | undefined;
  let stopReason: StopReason = 'end-turn';
  let hasText = false;
  let snapshotAnswer = '';

  function startRun(): void {
    run.begin();
    othersMessages.clear();
    stopReason = 'end-turn';
    hasText = false;
    snapshotAnswer = '';
  }

  function finishRun({ outcome, usage }: JsonObject): void {
    // An agent that does not stream tells its answer only there (`ag-ui-langgraph` 0.0.47).
    if (!hasText && snapshotAnswer !== '') emit({ type: 'text-delta', id: 'snapshot', text: snapshotAnswer });
    run.end(readOutcome(outcome) ?? stopReason);
    readUsage(usage, emit);
  }

  function readText(type: string, event: JsonObject): boolean {
    const { messageId, role, delta, metadata } = event;
    const lane = laneOf(event);
    const isChunk = type === 'TEXT_MESSAGE_CHUNK';
    const id = isChunk ? (messageId ?? run.heldId(lane, 'text')) : messageId;
    if (typeof id !== 'string') return false;
    run.release(lane, 'text', id);
    if (isChunk) run.hold(lane, 'text', id);
    // No role means the assistant's.
    if (typeof role === 'string' && role !== 'assistant') othersMessages.add(id);
    if (typeof delta === 'string' && delta !== '' && !othersMessages.has(id)) {
      // Not at the message's start: many a message has tool calls alone.
      const open = run.enter('text', id);
      hasText = true;
      emit({ type: 'text-delta', id, text: delta });
      if (metadata !== undefined) readCitations(open, metadata, emit);
    } else if (type === 'TEXT_MESSAGE_END') {
      readCitations(run.find('text', id), metadata, emit);
      run.leave('text', id);
    }
    return true;
  }

  function readReasoning(type: string, event: JsonObject): boolean {
    const lane = laneOf(event);
    const { messageId = type.startsWith('THINKING') ? 'thinking' : run.heldId(lane, 'reasoning'), delta } = event;
    if (typeof messageId !== 'string') return false;
    run.release(lane, 'reasoning', messageId);
    if (type.endsWith('_START')) silentReasoningId = messageId;
    if (typeof delta === 'string' && delta !== '') {
      silentReasoningId = undefined;
      run.enter('reasoning', messageId).hasText = true;
      emit({ type: 'reasoning-delta', id: messageId, text: delta });
    }
    // An end is not yet the end: the signature may follow it.
    if (type.endsWith('_CHUNK') || type.endsWith('_END')) run.hold(lane, 'reasoning', messageId);
    return true;
  }

  /** Passes over what belongs to a tool call or to any other message: it has no place among the events. */
  function readEncryptedValue({ entityId, encryptedValue }: JsonObject): boolean {
    if (typeof entityId !== 'string' || typeof encryptedValue !== 'string') return false;
    if (run.find('reasoning', entityId)?.hasText === true) {
      emit({ type: 'reasoning-signature', id: entityId, signature: encryptedValue });
    } else if (entityId === silentReasoningId) {
      run.enter('reasoning', entityId);
      emit({ type: 'reasoning-redacted', id: entityId, data: encryptedValue });
    }
    return true;
  }

  function readToolCall(type: string, event: JsonObject): boolean {
    const { toolCallId, toolCallName, delta } = event;
    const lane = laneOf(event);
    const isChunk = type === 'TOOL_CALL_CHUNK';
    const id = isChunk ? (toolCallId ?? run.heldId(lane, 'tool')) : toolCallId;
    if (typeof id !== 'string') return false;
    run.release(lane, 'tool', id);
    if (isChunk) run.hold(lane, 'tool', id);
    if (typeof toolCallName === 'string') {
      run.enter('tool', id);
      emit({ type: 'tool-start', id, name: readToolName({ name: toolCallName }) });
    }
    if (typeof delta === 'string') emit({ type: 'tool-delta', id, input: delta });
    if (type === 'TOOL_CALL_END') run.leave('tool', id);
    return true;
  }

  function readResult(event: JsonObject): boolean {
    const result = readToolResult({ toolUseId: event['toolCallId'], content: event['content'] });
    if (result === undefined) return false;
    if (!run.hasBegun) run.begin();
    run.release(laneOf(event));
    run.leave('tool', result.id);
    run.endCall();
    emit(result);
    return true;
  }

  function readNote(type: string, event: JsonObject): void {
    if (type === 'MESSAGES_SNAPSHOT') {
      snapshotAnswer = readSnapshotAnswer(event['messages']);
    } else if (type === 'STEP_STARTED' || type === 'STEP_FINISHED') {
      run.endCall();
    } else if (type === 'CUSTOM') {
      stopReason = readCustomStop(event) ?? stopReason;
    }
  }

  return (event) => {
    const { type } = event;
    switch (type) {
      case 'TEXT_MESSAGE_CONTENT':
      case 'TEXT_MESSAGE_CHUNK':
      case 'TEXT_MESSAGE_START':
      case 'TEXT_MESSAGE_END':
        return readText(type, event);
      case 'REASONING_MESSAGE_CONTENT':
      case 'REASONING_MESSAGE_CHUNK':
      case 'REASONING_MESSAGE_START':
      case 'REASONING_MESSAGE_END':
      case 'REASONING_START':
      case 'REASONING_END':
      case 'THINKING_TEXT_MESSAGE_CONTENT':
      case 'THINKING_TEXT_MESSAGE_START':
      case 'THINKING_TEXT_MESSAGE_END':
      case 'THINKING_START':
      case 'THINKING_END':
        return readReasoning(type, event);
      case 'REASONING_ENCRYPTED_VALUE':
        return readEncryptedValue(event);
      case 'TOOL_CALL_ARGS':
      case 'TOOL_CALL_CHUNK':
      case 'TOOL_CALL_START':
      case 'TOOL_CALL_END':
        return readToolCall(type, event);
      case 'TOOL_CALL_RESULT':
        return readResult(event);
      case 'RUN_STARTED':
        startRun();
        return true;
      case 'RUN_FINISHED':
        finishRun(event);
        return true;
      case 'RUN_ERROR':
        readUsage(event['usage'], emit);
        emit(agentError(event['code']));
        return true;
      case 'MESSAGES_SNAPSHOT':
      case 'STATE_SNAPSHOT':
      case 'STATE_DELTA':
      case 'ACTIVITY_SNAPSHOT':
      case 'ACTIVITY_DELTA':
      case 'STEP_STARTED':
      case 'STEP_FINISHED':
      case 'SUBAGENT_STARTED':
      case 'SUBAGENT_FINISHED':
      case 'SUBAGENT_ERROR':
      case 'CUSTOM':
      case 'RAW':
        // A run says first that it has begun; until then some of these names may be anybody's.
        if (!run.hasBegun) return false;
        readNote(type, event);
        return true;
      default:
        return false;
    }
  };
}

/** Why the agent stopped, where it says so by a name of its framework's, and then that the run was a success. */
function readCustomStop({ name, value }: JsonObject): StopReason | undefined {
  // `ag-ui-strands` 1.0.2, where the model's reason is not a common one.
  if (name === 'AgentStopped') return isJsonObject(value) ? readStopReason(value['stop_reason']) : undefined;
  // `ag-ui-langgraph` 0.0.47, unless told to use `outcome`.
  return name === 'on_interrupt' ? 'interrupt' : undefined;
}

function laneOf({ subagentRunId }: JsonObject): string {
  return typeof subagentRunId === 'string' ? subagentRunId : '';
}

/** `ag-ui-strands` 1.0.2 puts citations into the metadata of the text that they are for. */
function readCitations(open: OpenBlock | undefined, metadata: unknown, emit: Emit): void {
  const citations = isJsonObject(metadata) ? metadata['citations'] : undefined;
  if (open === undefined || !Array.isArray(citations)) return;
  for (const citation of citations.slice(open.citationCount) as unknown[]) {
    if (isJsonObject(citation)) emit({ type: 'citation', citation: readCitation(citation) });
  }
  open.citationCount = citations.length;
}
