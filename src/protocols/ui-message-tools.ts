import type { AgentEventOf } from '../events/agent-event.ts';
import { isJsonObject, parseJson } from '../json.ts';
import { createHeldText } from './held-text.ts';
import type { HeldText } from './held-text.ts';
import { formatChunk } from './ui-message-chunk.ts';
import type { UiMessageChunk } from './ui-message-chunk.ts';

/**
 * What becomes of tools whose result has not come: they are over, although the agent did not show what came of them; they
 * came to nothing; or they wait for somebody outside of this run.
 */
export type ToolFate = 'over' | 'lost' | 'waiting';

/** The agent's tool calls as `dynamic-tool` parts. Gives text, the empty string where there is nothing to say. */
export interface ToolParts {
  start(event: AgentEventOf<'tool-start'>): string;
  continue(event: AgentEventOf<'tool-delta'>): string;
  end(event: AgentEventOf<'tool-end'>): string;
  answer(event: AgentEventOf<'tool-result'>): string;
  /**
   * Closes the parts of tools whose result has not come, which a page would show as running for ever. A result that comes
   * after all takes the place of what was said.
   */
  settle(fate: ToolFate): string;
}

interface OpenCall {
  readonly toolName: string;
  /** Undefined where it has grown too long to hold. */
  input: HeldText | undefined;
  length: number;
}

/** Creates the parts of one answer. At most `maxInputLength` of input is held at a time. */
export function createToolParts(maxInputLength: number): ToolParts {
  const openCalls = new Map<string, OpenCall>();
  const unanswered = new Set<string>();
  let heldLength = 0;

  function hold(call: OpenCall, piece: string): void {
    if (call.input === undefined) return;
    if (heldLength + piece.length > maxInputLength) {
      take(call);
      return;
    }
    call.input.add(piece);
    call.length += piece.length;
    heldLength += piece.length;
  }

  function take(call: OpenCall): string | undefined {
    const text = call.input?.take();
    call.input = undefined;
    heldLength -= call.length;
    call.length = 0;
    return text;
  }

  return {
    start({ id, name }) {
      openCalls.set(id, { toolName: name, input: createHeldText(), length: 0 });
      unanswered.add(id);
      return formatChunk({ type: 'tool-input-start', ...nameCall(id), toolName: name });
    },
    continue({ id, input }) {
      const call = openCalls.get(id);
      if (call !== undefined) hold(call, input);
      return formatChunk({ type: 'tool-input-delta', toolCallId: id, inputTextDelta: input });
    },
    end({ id }) {
      const call = openCalls.get(id);
      openCalls.delete(id);
      const text = call === undefined ? undefined : take(call);
      if (call === undefined || text === undefined) return '';
      const { toolName } = call;
      // Models that call a tool without arguments may say nothing at all.
      const input = text.trim() === '' ? {} : parseJson(text);
      if (input === undefined) {
        unanswered.delete(id);
        const errorText = 'the input of this tool is not a whole JSON text';
        return formatChunk({ type: 'tool-input-error', ...nameCall(id), toolName, input: text, errorText });
      }
      return formatValue(input, (input) => ({ type: 'tool-input-available', ...nameCall(id), toolName, input }));
    },
    answer({ id, isError, content }) {
      unanswered.delete(id);
      if (isError) {
        const errorText = typeof content === 'string' ? content : JSON.stringify(content ?? null);
        return formatChunk({ type: 'tool-output-error', ...nameCall(id), errorText });
      }
      return formatValue(content, (output) => ({ type: 'tool-output-available', ...nameCall(id), output }));
    },
    settle(fate) {
      if (unanswered.size === 0) return '';
      const ids = [...unanswered];
      unanswered.clear();
      switch (fate) {
        case 'over':
          return ids
            .map((id) => formatChunk({ type: 'tool-output-available', ...nameCall(id), output: null }))
            .join('');
        case 'lost': {
          const errorText = 'the answer ended before this tool gave a result';
          return ids.map((id) => formatChunk({ type: 'tool-output-error', ...nameCall(id), errorText })).join('');
        }
        case 'waiting':
          return '';
        default:
          return fate satisfies never;
      }
    },
  };
}

/** Marks a call as the agent's own; see `AgentToolCall`. */
function nameCall(toolCallId: string) {
  return { toolCallId, dynamic: true, providerExecuted: true } as const;
}

/**
 * Formats a chunk with a value of the agent's. Where the value holds names that the client takes for an attack on
 * prototypes, and ends the whole stream for (`secureJsonParse` of `@ai-sdk/provider-utils` 3, 4 and 5), it goes out as its
 * JSON text.
 */
function formatValue(value: unknown, describe: (value: unknown) => UiMessageChunk): string {
  const text = formatChunk(describe(value ?? null));
  return hasForbiddenName(text) ? formatChunk(describe(JSON.stringify(value))) : text;
}

function hasForbiddenName(text: string): boolean {
  if (!/"(?:__proto__|constructor)":/u.test(text)) return false;
  let isForbidden = false;
  JSON.parse(text.slice('data: '.length), (name, value: unknown) => {
    isForbidden ||= name === '__proto__';
    isForbidden ||= name === 'constructor' && isJsonObject(value) && Object.hasOwn(value, 'prototype');
    return value;
  });
  return isForbidden;
}
