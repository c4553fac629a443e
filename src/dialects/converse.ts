import type { Emit } from '../events/order.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { readCitation } from './citation.ts';
import type { Dialect } from './dialect.ts';
import { agentError } from './error-frames.ts';
import { readStopReason } from './stop-reason.ts';
import { readToolName, readToolResult } from './tool-blocks.ts';

/**
 * Amazon Bedrock's ConverseStream events as Strands Python wraps them (`{"event":{…}}`), with or without the rest of
 * `stream_async`: the duplicates of every delta (`{"data":…}`), the whole messages, from which alone tool results come,
 * the notes of the event loop, and the streams of a multi-agent run, nested under `event` of `multiagent_node_stream`.
 */
export const converse: Dialect = {
  name: 'converse',
  createReader(emit) {
    const modelCalls = createModelCalls(emit);
    return {
      read({ value }) {
        if (!isJsonObject(value)) return false;
        const { node, fields } = unwrapNodes(value);
        if (fields === undefined) return true;
        const event = fields['event'];
        if (isJsonObject(event)) return 'type' in fields ? false : modelCalls.read(node, event);
        return readLoopEvent(fields, modelCalls.seen, emit);
      },
    };
  },
};

/** Follows `multiagent_node_stream` to what the innermost node said; `fields` is absent where it is only a note. */
function unwrapNodes(value: JsonObject): { readonly node: string; readonly fields: JsonObject | undefined } {
  let node = '';
  let fields: JsonObject = value;
  while (typeof fields['type'] === 'string' && fields['type'].startsWith('multiagent_')) {
    if (fields['type'] !== 'multiagent_node_stream') return { node, fields: undefined };
    node += `${String(fields['node_id'])}/`;
    const inner = fields['event'];
    if (!isJsonObject(inner)) return { node, fields: undefined };
    fields = inner;
  }
  return { node, fields };
}

type OpenBlock = { readonly kind: 'text' | 'reasoning' | 'tool'; readonly id: string };

interface ModelCalls {
  /** Reads one ConverseStream event of one node. */
  read(node: string, event: JsonObject): boolean;
  /** Whether the stream has held any: then `{"data":…}` and whole messages only repeat them. */
  readonly seen: boolean;
}

function createModelCalls(emit: Emit): ModelCalls {
  /** By node and `contentBlockIndex`: nodes of a graph run side by side. */
  const openBlocks = new Map<string, OpenBlock>();
  /** Nodes with a model call in progress. One step spans all that overlap. */
  const activeNodes = new Set<string>();
  let seen = false;

  function enter(key: string, kind: OpenBlock['kind'], id: string): string {
    const open = openBlocks.get(key);
    if (open?.kind === kind) return open.id;
    leave(key);
    openBlocks.set(key, { kind, id });
    return id;
  }

  function leave(key: string): void {
    const open = openBlocks.get(key);
    if (open === undefined) return;
    openBlocks.delete(key);
    emit({ type: `${open.kind}-end`, id: open.id });
  }

  function readDelta(key: string, delta: JsonObject): void {
    const { text, toolUse, reasoningContent, citation } = delta;
    if (typeof text === 'string') {
      emit({ type: 'text-delta', id: enter(key, 'text', key), text });
    } else if (isJsonObject(toolUse)) {
      const open = openBlocks.get(key);
      const { input } = toolUse;
      if (open?.kind === 'tool' && typeof input === 'string') emit({ type: 'tool-delta', id: open.id, input });
    } else if (isJsonObject(reasoningContent)) {
      const id = enter(key, 'reasoning', key);
      const { text: reasoning, signature, redactedContent } = reasoningContent;
      if (typeof reasoning === 'string') emit({ type: 'reasoning-delta', id, text: reasoning });
      if (typeof signature === 'string') emit({ type: 'reasoning-signature', id, signature });
      if (typeof redactedContent === 'string') emit({ type: 'reasoning-redacted', id, data: redactedContent });
    } else if (isJsonObject(citation)) {
      emit({ type: 'citation', citation: readCitation(citation) });
    }
  }

  function read(node: string, event: JsonObject): boolean {
    const { messageStart, contentBlockStart, contentBlockDelta, contentBlockStop, messageStop, metadata } = event;
    if (isJsonObject(contentBlockDelta)) {
      if (isJsonObject(contentBlockDelta['delta'])) {
        readDelta(blockKey(node, contentBlockDelta), contentBlockDelta['delta']);
      }
    } else if (isJsonObject(contentBlockStart)) {
      const { start } = contentBlockStart;
      const toolUse = isJsonObject(start) ? start['toolUse'] : undefined;
      if (isJsonObject(toolUse) && typeof toolUse['toolUseId'] === 'string') {
        enter(blockKey(node, contentBlockStart), 'tool', toolUse['toolUseId']);
        emit({ type: 'tool-start', id: toolUse['toolUseId'], name: readToolName(toolUse) });
      }
    } else if (isJsonObject(contentBlockStop)) {
      leave(blockKey(node, contentBlockStop));
    } else if (isJsonObject(messageStart)) {
      if (activeNodes.size === 0 || activeNodes.has(node)) emit({ type: 'step-start' });
      activeNodes.add(node);
    } else if (isJsonObject(messageStop)) {
      for (const key of openBlocks.keys()) if (key.startsWith(`${node}#`)) leave(key);
      activeNodes.delete(node);
      if (activeNodes.size === 0) emit({ type: 'step-end', stopReason: readStopReason(messageStop['stopReason']) });
    } else if (isJsonObject(metadata)) {
      const { usage, metrics } = metadata;
      if (isJsonObject(usage)) emit({ type: 'usage', usage, ...(isJsonObject(metrics) ? { metrics } : {}) });
    } else {
      const name = Object.keys(event).find((key) => key.endsWith('Exception'));
      if (name !== undefined) emit(agentError(name));
      else if (!('redactContent' in event)) return false;
    }
    seen = true;
    return true;
  }

  return {
    read,
    get seen() {
      return seen;
    },
  };
}

/** `contentBlockIndex` begins anew in every model call and is missing where a model does not number its blocks. */
function blockKey(node: string, event: JsonObject): string {
  const index = event['contentBlockIndex'];
  return `${node}#${typeof index === 'number' ? index : 0}`;
}

// What `stream_async` (strands-agents 1.x, `types/_events.py`) says besides, and nobody needs.
const notes = [
  'init_event_loop',
  'start',
  'start_event_loop',
  'reasoningText',
  'reasoning_signature',
  'reasoningRedactedContent',
  'current_tool_use',
  'citation',
  'tool_stream_event',
  'tool_cancel_event',
  'tool_interrupt_event',
  'event_loop_throttled_delay',
  'structured_output',
  'result',
] as const;

function readLoopEvent(fields: JsonObject, modelEventsSeen: boolean, emit: Emit): boolean {
  const { message, data } = fields;
  if (isJsonObject(message) && Array.isArray(message['content'])) {
    for (const block of message['content'] as unknown[]) {
      if (!isJsonObject(block)) continue;
      const result = readToolResult(block['toolResult']);
      if (result !== undefined) emit(result);
      else if (!modelEventsSeen && message['role'] === 'assistant') readWholeBlock(block, emit);
    }
    return true;
  }
  if (fields['force_stop'] === true) {
    emit(agentError(undefined));
    return true;
  }
  if ('delta' in fields && typeof data === 'string') {
    if (!modelEventsSeen) emit({ type: 'text-delta', id: 'data', text: data });
    return true;
  }
  return modelEventsSeen ? notes.some((name) => name in fields) : isLoopNote(fields);
}

/** Before any model event, only names that nothing but an event loop uses count as notes. */
function isLoopNote(fields: JsonObject): boolean {
  return 'init_event_loop' in fields || 'start_event_loop' in fields || fields['start'] === true;
}

/** An agent that forwards whole messages only: the block comes in one piece. */
function readWholeBlock(block: JsonObject, emit: Emit): void {
  const { text, toolUse } = block;
  if (typeof text === 'string') {
    emit({ type: 'text-delta', id: 'message', text });
    emit({ type: 'text-end', id: 'message' });
  } else if (isJsonObject(toolUse) && typeof toolUse['toolUseId'] === 'string') {
    const id = toolUse['toolUseId'];
    emit({ type: 'tool-start', id, name: readToolName(toolUse) });
    emit({ type: 'tool-delta', id, input: JSON.stringify(toolUse['input'] ?? {}) });
    emit({ type: 'tool-end', id });
  }
}
