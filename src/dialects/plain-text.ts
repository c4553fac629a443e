import { isJsonObject } from '../json.ts';
import type { Dialect } from './dialect.ts';

/**
 * Agents that yield bare text. The Python SDK writes a yielded string as a JSON string, the TypeScript SDK as it is;
 * `{"text":"…"}` and its like are what the SDKs' own samples yield. Neither says when it is done.
 */
export const plainText: Dialect = {
  name: 'plain-text',
  createReader(emit) {
    return {
      read({ data, value }) {
        const text = readText(data, value);
        if (text === undefined) return false;
        emit({ type: 'text-delta', id: 'text', text });
        return true;
      },
    };
  },
};

// The Python SDK falls back to `json.dumps(str(value))`: a dict that holds objects becomes its repr, internals and all.
const pythonRepr = /^\{'[\s\S]*\}$/u;

function readText(data: string, value: unknown): string | undefined {
  if (typeof value === 'string') return pythonRepr.test(value) ? undefined : value;
  if (isJsonObject(value)) return readTextField(value);
  // Not JSON, or a word that happens to be: `42`, `null`, `true`. What OpenAI-style servers end with is no word.
  return Array.isArray(value) || data === '[DONE]' ? undefined : data;
}

const textFields = ['text', 'data', 'delta', 'content', 'message', 'response', 'result', 'output', 'answer'] as const;

/** Reads the one member of a small object that holds its text. */
export function readTextField(value: Readonly<Record<string, unknown>>): string | undefined {
  if ('event' in value) return undefined;
  for (const name of textFields) {
    const text = value[name];
    if (typeof text === 'string') return text;
  }
  return undefined;
}
