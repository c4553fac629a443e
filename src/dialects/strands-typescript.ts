import type { Emit } from '../events/order.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { readCitation } from './citation.ts';
import type { Dialect } from './dialect.ts';
import { readStopReason } from './stop-reason.ts';
import { readToolName, readToolResult } from './tool-blocks.ts';

/**
 * Strands TypeScript (`@strands-agents/sdk` 1.x): model events under `event` of `modelStreamUpdateEvent` (before 1.0 at
 * the top level), tool results as `toolResultEvent`. All else repeats these, the prompt among it, and is passed over.
 * Blocks have no index; each ends before the next begins.
 */
export const strandsTypescript: Dialect = {
  name: 'strands-typescript',
  createReader(emit) {
    const readModelEvent = createModelEventReader(emit);
    return {
      read({ value }) {
        if (!isJsonObject(value) || typeof value['type'] !== 'string') return false;
        const { type } = value;
        if (type === 'modelStreamUpdateEvent') return isJsonObject(value['event']) && readModelEvent(value['event']);
        if (type.startsWith('model') && readModelEvent(value)) return true;
        if (type === 'toolResultEvent') {
          const { result } = value;
          const toolResult = isJsonObject(result) ? readToolResult(result['toolResult'] ?? result) : undefined;
          if (toolResult !== undefined) emit(toolResult);
          return true;
        }
        if (type === 'agentResultEvent') {
          const { result } = value;
          // No step is open here: this only tells why the run stopped, such as `interrupt` or `cancelled`.
          if (isJsonObject(result)) emit({ type: 'step-end', stopReason: readStopReason(result['stopReason']) });
          return true;
        }
        return notes.has(type);
      },
    };
  },
};

// `@strands-agents/sdk` 1.19, hook and stream events.
const notes: ReadonlySet<string> = new Set([
  'beforeInvocationEvent',
  'afterInvocationEvent',
  'beforeModelCallEvent',
  'afterModelCallEvent',
  'beforeToolsEvent',
  'afterToolsEvent',
  'beforeToolCallEvent',
  'afterToolCallEvent',
  'toolStreamUpdateEvent',
  'messageAddedEvent',
  'contentBlockEvent',
  'modelMessageEvent',
  'interruptEvent',
  'initializedEvent',
]);

type OpenBlock = { readonly kind: 'text' | 'reasoning' | 'tool'; readonly id: string };

function createModelEventReader(emit: Emit): (event: JsonObject) => boolean {
  let open: OpenBlock | undefined;

  function enter(kind: 'text' | 'reasoning'): string {
    if (open?.kind !== kind) {
      leave();
      open = { kind, id: 'block' };
    }
    return 'block';
  }

  function leave(): void {
    if (open !== undefined) emit({ type: `${open.kind}-end`, id: open.id });
    open = undefined;
  }

  function readDelta(delta: JsonObject): void {
    switch (delta['type']) {
      case 'textDelta':
        if (typeof delta['text'] === 'string') emit({ type: 'text-delta', id: enter('text'), text: delta['text'] });
        return;
      case 'toolUseInputDelta':
        if (open?.kind === 'tool' && typeof delta['input'] === 'string') {
          emit({ type: 'tool-delta', id: open.id, input: delta['input'] });
        }
        return;
      case 'reasoningContentDelta': {
        const { text, signature } = delta;
        const redacted = readBytes(delta['redactedContent']);
        const id = enter('reasoning');
        if (typeof text === 'string') emit({ type: 'reasoning-delta', id, text });
        if (typeof signature === 'string') emit({ type: 'reasoning-signature', id, signature });
        if (redacted !== undefined) emit({ type: 'reasoning-redacted', id, data: redacted });
        return;
      }
      case 'citationsDelta':
        readCitations(delta, emit);
        return;
      default:
        return;
    }
  }

  return (event) => {
    switch (event['type']) {
      case 'modelMessageStartEvent':
        open = undefined;
        emit({ type: 'step-start' });
        return true;
      case 'modelContentBlockStartEvent': {
        leave();
        const { start } = event;
        if (isJsonObject(start) && start['type'] === 'toolUseStart' && typeof start['toolUseId'] === 'string') {
          open = { kind: 'tool', id: start['toolUseId'] };
          emit({ type: 'tool-start', id: start['toolUseId'], name: readToolName(start) });
        }
        return true;
      }
      case 'modelContentBlockDeltaEvent':
        if (isJsonObject(event['delta'])) readDelta(event['delta']);
        return true;
      case 'modelContentBlockStopEvent':
        leave();
        return true;
      case 'modelMessageStopEvent':
        leave();
        emit({ type: 'step-end', stopReason: readStopReason(event['stopReason']) });
        return true;
      case 'modelMetadataEvent': {
        const { usage, metrics } = event;
        if (isJsonObject(usage)) emit({ type: 'usage', usage, ...(isJsonObject(metrics) ? { metrics } : {}) });
        return true;
      }
      case 'modelRedactionEvent':
        return true;
      default:
        return false;
    }
  };
}

function readCitations(delta: JsonObject, emit: Emit): void {
  const { citations } = delta;
  for (const citation of Array.isArray(citations) ? (citations as unknown[]) : []) {
    if (isJsonObject(citation)) emit({ type: 'citation', citation: readCitation(citation) });
  }
}

/** Redacted reasoning is a `Uint8Array`, which `JSON.stringify` writes as an object with the indices as names. */
function readBytes(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!isJsonObject(value)) return undefined;
  const bytes = Object.values(value).filter(isByte);
  return bytes.length > 0 && bytes.length === Object.keys(value).length
    ? Buffer.from(bytes).toString('base64')
    : undefined;
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
