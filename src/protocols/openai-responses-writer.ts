import type { AgentEventOf } from '../events/agent-event.ts';
import { formatSseComment } from '../sse/sse-format.ts';
import { describeOpenAiError } from './openai-error.ts';
import { createCall, createMessage, createReasoning } from './openai-responses-items.ts';
import type {
  ItemPlace,
  ItemSink,
  OpenCall,
  OpenMessage,
  OpenReasoning,
  UrlCitation,
} from './openai-responses-items.ts';
import { createResponseFormat, endings } from './openai-responses-object.ts';
import type { ResponseEnding, ResponseFrame } from './openai-responses-object.ts';
import type { EventWriter } from './protocol.ts';

/** How one response is written. */
export interface ResponsesWriterOptions {
  readonly frame: ResponseFrame;
  /** Unique; the items' ids are made of it. */
  readonly requestId: string;
  /** Whether it is given once, as a document, instead of streamed. */
  readonly isWhole: boolean;
  readonly showsReasoning: boolean;
  readonly showsTools: boolean;
  readonly serverLabel: string;
  /** In characters of JSON. */
  readonly maxHeldLength: number;
}

/** What an item or a citation takes besides its texts, generously, in characters. */
const frameLength = 400;

/**
 * Creates the writer of one response. What is sent is also held, because the last event repeats all of it; an answer of more
 * than `maxHeldLength` is ended as incomplete.
 *
 * Events, their order and their members: `openai` 7.57, `resources/responses`. Its stream helper is the strictest reader
 * (`internal/responses/response-accumulator`): ids that are unique, indexes without a gap, every item finished.
 */
export function createResponsesWriter(options: ResponsesWriterOptions): EventWriter {
  const { requestId, isWhole, showsReasoning, showsTools, serverLabel, maxHeldLength } = options;
  const formatResponse = createResponseFormat(options.frame);
  /** By the id of their block. */
  const texts = new Map<string, OpenMessage | OpenReasoning>();
  /** By the model's tool use id, from their start to their result. */
  const calls = new Map<string, OpenCall>();
  /** What is finished, as JSON, by its place. */
  const output: string[] = [];
  /** Citations that came before the text that they are about. */
  const waiting: UrlCitation[] = [];
  let itemCount = 0;
  let heldLength = 0;
  let sequenceNumber = 0;
  /** An agent passes the results of all of its tools on, or of none. */
  let givesResults = false;
  let ended = false;

  const sink: ItemSink = {
    say: (type, members) =>
      isWhole ? '' : `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequenceNumber++}${members}}\n\n`,
    keep(index, item) {
      output[index] = item;
    },
  };

  function placeItem(prefix: string): ItemPlace {
    const index = itemCount++;
    return { id: `${prefix}_${requestId}_${index}`, index };
  }

  /** Counts what is about to be held; false where it would be too much. */
  function reserve(length: number): boolean {
    heldLength += length;
    return heldLength <= maxHeldLength;
  }

  function writeText({ type, id, text }: AgentEventOf<'text-delta' | 'reasoning-delta'>): string {
    const json = JSON.stringify(text);
    const open = texts.get(id);
    if (!reserve(open === undefined ? json.length + frameLength : json.length)) return endFull();
    if (open !== undefined) return open.add(text, json);
    const item = type === 'text-delta' ? createMessage(sink, placeItem('msg')) : createReasoning(sink, placeItem('rs'));
    texts.set(id, item);
    if (item.kind === 'message') for (const citation of waiting.splice(0)) item.cite(citation);
    return item.start() + item.add(text, json);
  }

  function endText({ id }: { readonly id: string }): string {
    const item = texts.get(id);
    texts.delete(id);
    return item?.finish('completed') ?? '';
  }

  function addCitation({ citation: { url = '', title = '' } }: AgentEventOf<'citation'>): string {
    // The other kinds of annotations name files that OpenAI stores, and a client makes a link of the address.
    if (!/^https?:\/\//iu.test(url)) return '';
    if (!reserve(frameLength + url.length + title.length)) return endFull();
    const message = [...texts.values()].findLast((item) => item.kind === 'message');
    const citation = { url, title: title === '' ? url : title };
    if (message === undefined) waiting.push(citation);
    else message.cite(citation);
    return '';
  }

  function startCall({ id, name }: AgentEventOf<'tool-start'>): string {
    if (!reserve(frameLength + name.length)) return endFull();
    const call = createCall(sink, placeItem('mcp'), serverLabel, name);
    calls.set(id, call);
    return call.start();
  }

  function writeInput({ id, input }: AgentEventOf<'tool-delta'>): string {
    const call = calls.get(id);
    if (call === undefined) return '';
    const json = JSON.stringify(input);
    return reserve(json.length) ? call.add(input, json) : endFull();
  }

  function writeResult({ id, isError, content }: AgentEventOf<'tool-result'>): string {
    givesResults = true;
    const call = calls.get(id);
    if (call === undefined) return '';
    const result = JSON.stringify(typeof content === 'string' ? content : (JSON.stringify(content) ?? ''));
    if (!reserve(result.length)) return endFull();
    calls.delete(id);
    return call.finishWith(result, isError);
  }

  /** Where the results are kept from us, a next call of the model tells that they are there. */
  function endCalls(): string {
    let text = '';
    for (const [id, call] of calls) {
      if (givesResults || !call.hasInput) continue;
      calls.delete(id);
      text += call.finish('completed');
    }
    return text;
  }

  const endFull = () => end(endings['max-tokens']);

  function end(ending: ResponseEnding): string {
    ended = true;
    const { status, error } = ending;
    let text = '';
    for (const item of [...texts.values(), ...calls.values()]) {
      text += item.finish(status === 'completed' ? 'completed' : 'incomplete');
    }
    const response = formatResponse(ending, output);
    if (isWhole) return response;
    if (error !== undefined) text += sayError(error);
    return text + sink.say(`response.${status}`, `,"response":${response}`);
  }

  /**
   * No client throws on `response.failed` alone. `openai` 4 and 7 throw on the event's name, 6 on the member `error`; the
   * others are the event as it is documented.
   */
  function sayError({ code, message }: { readonly code: string; readonly message: string }): string {
    const error = describeOpenAiError({ code, message });
    return sink.say('error', `,${JSON.stringify({ code, message, param: null, error }).slice(1, -1)}`);
  }

  function begin(): string {
    const members = `,"response":${formatResponse(undefined, [])}`;
    return sink.say('response.created', members) + sink.say('response.in_progress', members);
  }

  return {
    get ended() {
      return ended;
    },
    keepAlive: () => (isWhole ? '' : formatSseComment('keep-alive')),
    write(event) {
      switch (event.type) {
        case 'run-start':
          return begin();
        case 'text-delta':
          return writeText(event);
        case 'reasoning-delta':
          return showsReasoning ? writeText(event) : '';
        case 'text-end':
        case 'reasoning-end':
          return endText(event);
        case 'tool-start':
          return showsTools ? startCall(event) : '';
        case 'tool-delta':
          return writeInput(event);
        case 'tool-end':
          return calls.get(event.id)?.endInput() ?? '';
        case 'tool-result':
          return writeResult(event);
        case 'citation':
          return addCitation(event);
        case 'step-start':
          return endCalls();
        case 'run-end':
          return end({ ...endings[event.stopReason], usage: event.usage });
        case 'error':
          return isWhole ? '' : end({ status: 'failed', error: { code: event.code, message: event.message } });
        // An item begins with its first piece, so that none is empty. What is opaque has no place in a summary.
        case 'text-start':
        case 'reasoning-start':
        case 'reasoning-signature':
        case 'reasoning-redacted':
        case 'step-end':
        case 'usage':
          return '';
        default:
          return event satisfies never;
      }
    },
  };
}
