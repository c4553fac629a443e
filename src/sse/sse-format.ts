import type { SseMessage } from './sse-parser.ts';

const lineBreak = /\r\n|\r|\n/u;
// A CR or LF would end the field and let its value write lines of its own; NUL makes a reader drop an id.
const unsafeInField = /[\r\n\0]/gu;

/** Writes one message of an event stream, LF only. Text in `data` may hold any line breaks; they become LF. */
export function formatSse({ event, data, id }: SseMessage): string {
  let text = '';
  if (id !== undefined) text += `id: ${id.replace(unsafeInField, '')}\n`;
  if (event !== undefined) text += `event: ${event.replace(unsafeInField, '')}\n`;
  for (const line of data.split(lineBreak)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/** Writes a comment, which every reader ignores: the keep-alive of event streams. */
export function formatSseComment(comment: string): string {
  return `: ${comment.replace(unsafeInField, ' ')}\n\n`;
}
