import { RelayError } from '../errors.ts';
import type { AgentEventOf, Citation, StopReason, TokenUsage } from '../events/agent-event.ts';
import type { EventWriter } from './protocol.ts';

/** Where the agent's reasoning goes. */
export type ChatReasoning = 'field' | 'tags' | 'off';

/** What becomes of the agent's own tool calls. */
export type ChatTools = 'hide' | 'reasoning' | 'expose';

/** A source of the answer (`ChatCompletionMessage.Annotation`, `openai` 7.57). */
export interface UrlCitation {
  readonly type: 'url_citation';
  readonly url_citation: {
    /** Where the text that it supports begins in the answer, in UTF-16 units, and where it ends. */
    readonly start_index: number;
    readonly end_index: number;
    readonly title: string;
    readonly url: string;
  };
}

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

/** How much of titles and addresses is held until the end, in UTF-16 units. */
const maxAnnotationsLength = 65_536;

const paragraph = '\n\n';

// Open WebUI finds them (docs, "Reasoning & Thinking Models"), and `extractReasoningMiddleware` of `ai` 7 can.
const openingTag = '<think>';
const closingTag = '</think>';

/** Makes of an agent's run the one message that a chat completion is. */
export function createChatWriter(
  { reasoning, tools }: { readonly reasoning: ChatReasoning; readonly tools: ChatTools },
  sink: ChatSink,
): EventWriter {
  const annotations = createAnnotations();
  /** The calls whose result, or whose end, is still to come. */
  const calls = new Map<string, { readonly name: string; readonly index: number; hasInput: boolean }>();
  let callCount = 0;
  let contentLength = 0;
  let hasReasoning = false;
  let isInTags = false;
  /** Whether a blank line goes before the next piece of the content, or of the reasoning. */
  let isNewParagraph = false;
  let isNewThought = false;

  function addContent(text: string): string {
    const piece = isNewParagraph ? paragraph + text : text;
    isNewParagraph = false;
    contentLength += piece.length;
    return sink.addContent(piece);
  }

  function addText(text: string): string {
    const closing = closeTags();
    const before = isNewParagraph ? contentLength + paragraph.length : contentLength;
    annotations.noteText(before);
    return closing + addContent(text);
  }

  function closeTags(): string {
    if (!isInTags) return '';
    isInTags = false;
    const closing = addContent(closingTag);
    isNewParagraph = true;
    return closing;
  }

  function addReasoning(text: string): string {
    if (reasoning === 'off') return '';
    const isFirst = reasoning === 'tags' ? !isInTags : !hasReasoning;
    const piece = isNewThought && !isFirst ? paragraph + text : text;
    isNewThought = false;
    hasReasoning = true;
    if (reasoning === 'field') return sink.addReasoning(piece);
    if (isInTags) return addContent(piece);
    isInTags = true;
    return addContent(openingTag + piece);
  }

  function openCall(id: string, name: string): string {
    const index = callCount;
    callCount += 1;
    calls.set(id, { name, index, hasInput: false });
    if (tools === 'expose') return sink.openToolCall(index, id, name);
    isNewThought = true;
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
    isNewThought = true;
    return addReasoning(`${name} ${isError ? 'failed:' : '→'} ${shown}`);
  }

  return {
    write(event) {
      switch (event.type) {
        case 'run-start':
          return sink.begin();
        case 'step-start':
          isNewParagraph = contentLength > 0 && !isInTags;
          return '';
        case 'text-start':
          annotations.beginText();
          return '';
        case 'text-delta':
          return addText(event.text);
        case 'text-end':
          annotations.endText(contentLength);
          return '';
        case 'reasoning-start':
          isNewThought = true;
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
          annotations.add(event.citation, contentLength);
          return '';
        case 'step-end':
          // Not at the run's end: then it would be too late to answer a whole request with an error.
          if (event.stopReason === 'malformed') {
            throw new RelayError('agent_error', { message: 'the model wrote something that the agent could not read' });
          }
          return '';
        case 'run-end':
          return sink.finish({
            closing: isInTags ? closingTag : '',
            finishReason: nameFinishReason(event.stopReason, tools),
            usage: event.usage,
            annotations: annotations.list,
          });
        case 'error':
          return closeTags() + sink.fail(event);
        case 'reasoning-signature':
        case 'reasoning-redacted':
        case 'reasoning-end':
        case 'usage':
          return '';
        default:
          return event satisfies never;
      }
    },
    keepAlive: sink.keepAlive,
  };
}

function nameFinishReason(stopReason: StopReason, tools: ChatTools): ChatEnding['finishReason'] {
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
    case 'malformed':
    case 'other':
      return 'stop';
    default:
      return stopReason satisfies never;
  }
}

interface Annotations {
  beginText(): void;
  /** A piece of text begins at `start`. */
  noteText(start: number): void;
  endText(end: number): void;
  add(citation: Citation, end: number): void;
  readonly list: readonly UrlCitation[];
}

/**
 * Collects the sources until the end, because the helper of `openai` (`ChatCompletionStream`) keeps only the last list. A
 * source stands for the block of text that it came in; one without an address on the web has no place in the protocol.
 */
function createAnnotations(): Annotations {
  const list: UrlCitation[] = [];
  let pending: Citation[] = [];
  let heldLength = 0;
  let isOpen = false;
  let start: number | undefined;

  function put({ url = '', title = url }: Citation, end: number): void {
    list.push({
      type: 'url_citation',
      url_citation: { start_index: start ?? end, end_index: end, title: title === '' ? url : title, url },
    });
  }

  return {
    beginText() {
      isOpen = true;
      start = undefined;
    },
    noteText(from) {
      start ??= from;
    },
    endText(end) {
      isOpen = false;
      for (const citation of pending) put(citation, end);
      pending = [];
    },
    add(citation, end) {
      const { url = '', title = '' } = citation;
      heldLength += url.length + title.length;
      if (!/^https?:\/\//iu.test(url) || heldLength > maxAnnotationsLength) return;
      if (isOpen) pending.push(citation);
      else put(citation, end);
    },
    list,
  };
}
