import type { Emit } from '../events/order.ts';
import { isJsonObject, parseJson } from '../json.ts';
import { converse } from './converse.ts';
import type { AgentFrame, Dialect } from './dialect.ts';
import { errorFrames } from './error-frames.ts';
import { readTextField } from './plain-text.ts';

/**
 * Reads an answer that came in one piece (`application/json`, as both AgentCore SDKs send what a handler returns).
 * Known shapes: a string; `{"result": message}` and bare Converse messages; `{"result":"…"}` and its like; an error.
 * Of anything else the JSON itself is the text, because dropping an answer helps nobody.
 */
export function readDocument(text: string, emit: Emit): void {
  const value = parseJson(text);
  if (typeof value === 'string') return emitText(value, emit);
  // The TypeScript SDK labels a returned string `application/json` and sends it bare.
  if (!isJsonObject(value)) return emitText(text, emit);
  if (accepts(errorFrames, { data: text, value }, emit)) return;
  const inner = ['result', 'message', 'output'].map((name) => value[name]).find(isMessage) ?? value;
  if (isMessage(inner) && accepts(converse, { data: '', value: { message: inner } }, emit)) return;
  emitText(readTextField(value) ?? text, emit);
}

function accepts(dialect: Dialect, frame: AgentFrame, emit: Emit): boolean {
  return dialect.createReader(emit).read(frame);
}

function isMessage(value: unknown): boolean {
  return isJsonObject(value) && value['role'] === 'assistant' && Array.isArray(value['content']);
}

function emitText(text: string, emit: Emit): void {
  emit({ type: 'text-delta', id: 'document', text });
}
