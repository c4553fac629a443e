import type { AgentEventOf } from '../events/agent-event.ts';
import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';

/**
 * Reads a Converse `toolResult` block (`toolUseId`, `status`, `content`), which both Strands SDKs use as well. Content
 * that is all text becomes one string, a single JSON block its value, anything else stays as it is.
 */
export function readToolResult(block: unknown): AgentEventOf<'tool-result'> | undefined {
  if (!isJsonObject(block) || typeof block['toolUseId'] !== 'string') return undefined;
  return {
    type: 'tool-result',
    id: block['toolUseId'],
    isError: block['status'] === 'error',
    content: simplifyContent(block['content']),
  };
}

/** Reads the name of a tool from the block that calls it. */
export function readToolName({ name }: JsonObject): string {
  return typeof name === 'string' && name !== '' ? name : 'unknown';
}

function simplifyContent(content: unknown): unknown {
  if (!Array.isArray(content)) return content ?? null;
  const texts = content.map((part: unknown) => (isJsonObject(part) ? part['text'] : undefined));
  if (texts.every((text) => typeof text === 'string')) return texts.join('\n');
  const only: unknown = content.length === 1 ? content[0] : undefined;
  return isJsonObject(only) && 'json' in only ? only['json'] : content;
}
