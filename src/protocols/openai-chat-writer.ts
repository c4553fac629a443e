import type { AgentEventOf, RunStopReason, TokenUsage } from '../events/agent-event.ts';
import { createUrlCitations } from './openai-chat-citations.ts';
import type { UrlCitation } from './openai-chat-citations.ts';
import type { EventWriter } from './protocol.ts';

/** Where the agent's reasoning goes. */
export type ChatReasoning = 'field' | 'tags' | 'off';

/** What becomes of the agent's own tool calls. */
export type ChatTools = 'hide' | 'reasoning' | 'expose';

/** How a good answer ends. */
export interface ChatEnding {
  /** A last piece of the content, or nothing. It is never too long: with the ending it is too late to refuse. */
  readonly closing: string;
  readonly finishReason: 'stop' | 'length' | 'content_filter' | 'tool_calls';
  readonly usage: TokenUsage | undefined;
  readonly annotations: readonly UrlCitation[];
}

/** Takes an answer piece by piece: as chunks of a stream, or to hold it. Gives what is sent for each piece. */
export interface ChatSink {
  begin(): string;
  /** @throws RelayError `agent_answer_too_large` where the answer is held and too long; so do the next three. */
  addContent(text: string): string;
  addReasoning(text: string): string;
  openToolCall(index: number, id: string, name: string): string;
  addToolInput(index: number, input: string): string;
  finish(ending: ChatEnding): string;
  fail(error: AgentEventOf<'error'>): string;
  keepAlive(): string;
}

/** Longest piece of a tool's result in what is narrated, in UTF-16 units. */
const maxNarratedLength = 1_000;

const lineFeeds = '\n\n';

// Open WebUI finds them (docs, "Reasoning & Thinking Models"), and `extractReasoningMiddleware` of `ai` 7 can.
const openingTag = '<think>';
const closingTag = '</think>';

/** Makes of an agent's run the one message that a chat completion is. */
export function createChatWriter(
  { reasoning, tools }: { readonly reasoning: ChatReasoning; readonly tools: ChatTools },
  sink: ChatSink,
): EventWriter {
  const citations = createUrlCitations();
  const content = createParagraphs();
  const thoughts = createParagraphs();
  /** The calls whose result, or whose end, is still to come. */
  const calls = new Map<string, { readonly name: string; readonly index: number; hasInput: boolean }>();
  let callCount = 0;
  let contentLength = 0;
  let isInTags = false;

  function addContent(text: string): string {
    contentLength += text.length;
    return sink.addContent(text);
  }

  function addText(text: string): string {
    const closing = closeTags();
    const piece = content.add(text);
    citations.noteText(contentLength + piece.length - text.length);
    return closing + addContent(piece);
  }

  function closeTags(): string {
    if (!isInTags) return '';
    isInTags = false;
    const closing = addContent(content.glue(closingTag));
    content.breakOff();
    return closing;
  }

  function addReasoning(text: string): string {
    switch (reasoning) {
      case 'field':
        return sink.addReasoning(thoughts.add(text));
      case 'tags':
        if (isInTags) return addContent(content.add(text));
        isInTags = true;
        content.breakOff();
        return addContent(content.add(openingTag + text));
      case 'off':
        return '';
      default:
        return reasoning satisfies never;
    }
  }

  function beginThought(): void {
    if (isInTags) content.breakOff();
    thoughts.breakOff();
  }

  function openCall(id: string, name: string): string {
    const index = callCount;
    callCount += 1;
    calls.set(id, { name, index, hasInput: false });
    if (tools === 'expose') return sink.openToolCall(index, id, name);
    beginThought();
    return addReasoning(`${name}(`);
  }

  function addInput(id: string, input: string): string {
    const call = calls.get(id);
    if (call === undefined) return '';
    call.hasInput = true;
    return tools === 'expose' ? sink.addToolInput(call.index, input) : addReasoning(input);
  }

  function closeCall(id: string): string {
    const call = calls.get(id);
    if (tools !== 'expose') return addReasoning(')');
    calls.delete(id);
    // What every client parses as JSON must be some.
    return call === undefined || call.hasInput ? '' : sink.addToolInput(call.index, '{}');
  }

  function narrateResult({ id, isError, content }: AgentEventOf<'tool-result'>): string {
    const name = calls.get(id)?.name ?? 'tool';
    calls.delete(id);
    const result = typeof content === 'string' ? content : (JSON.stringify(content) ?? '');
    const shown = result.length > maxNarratedLength ? `${result.slice(0, maxNarratedLength).toWellFormed()}…` : result;
    beginThought();
    return addReasoning(`${name} ${isError ? 'failed:' : '→'} ${shown}`);
  }

  return {
    write(event) {
      switch (event.type) {
        case 'run-start':
          return sink.begin();
        case 'step-start':
          content.breakOff();
          return '';
        case 'text-start':
          citations.beginText();
          return '';
        case 'text-delta':
          return addText(event.text);
        case 'text-end':
          citations.endText(contentLength);
          return '';
        case 'reasoning-start':
          beginThought();
          return '';
        case 'reasoning-delta':
          return addReasoning(event.text);
        case 'tool-start':
          return tools === 'hide' ? '' : openCall(event.id, event.name);
        case 'tool-delta':
          return tools === 'hide' ? '' : addInput(event.id, event.input);
        case 'tool-end':
          return tools === 'hide' ? '' : closeCall(event.id);
        case 'tool-result':
          return tools === 'reasoning' ? narrateResult(event) : '';
        case 'citation':
          citations.add(event.citation, contentLength);
          return '';
        case 'run-end':
          return sink.finish({
            closing: isInTags ? closingTag : '',
            finishReason: nameFinishReason(event.stopReason, tools),
            usage: event.usage,
            annotations: citations.list,
          });
        case 'error':
          return closeTags() + sink.fail(event);
        case 'reasoning-signature':
        case 'reasoning-redacted':
        case 'reasoning-end':
        case 'step-end':
        case 'usage':
          return '';
        default:
          return event satisfies never;
      }
    },
    keepAlive: sink.keepAlive,
  };
}

interface Paragraphs {
  /** A new paragraph begins with the next piece. */
  breakOff(): void;
  /** Gives the piece with the line feeds that are missing before it. */
  add(piece: string): string;
  /** Gives the piece as it is: it belongs to what is before it. */
  glue(piece: string): string;
}

/** Puts a blank line between the pieces that do not belong together. */
function createParagraphs(): Paragraphs {
  /** The last two characters or more. */
  let tail = '';
  let isNew = false;

  function glue(piece: string): string {
    isNew = false;
    tail = piece.length > 1 ? piece : tail.slice(-1) + piece;
    return piece;
  }

  return {
    breakOff() {
      isNew = tail !== '';
    },
    add: (piece) => glue(isNew ? lineFeeds.slice(countLineFeeds(tail)) + piece : piece),
    glue,
  };
}

function countLineFeeds(tail: string): number {
  return tail.endsWith(lineFeeds) ? 2 : tail.endsWith('\n') ? 1 : 0;
}

function nameFinishReason(stopReason: RunStopReason, tools: ChatTools): ChatEnding['finishReason'] {
  switch (stopReason) {
    case 'max-tokens':
      return 'length';
    case 'content-filter':
      return 'content_filter';
    case 'tool-use':
      // A client that was shown no call would look for one.
      return tools === 'expose' ? 'tool_calls' : 'stop';
    case 'end-turn':
    case 'stop-sequence':
    case 'interrupt':
    case 'cancelled':
    case 'other':
      return 'stop';
    default:
      return stopReason satisfies never;
  }
}
