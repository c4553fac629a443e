import { createHeldText } from './held-text.ts';

/** Where the items of a response go. What they give back is the text of events. */
export interface ItemSink {
  /** Writes an event; `members` is JSON that begins with a comma. */
  say(type: string, members: string): string;
  /** Keeps a finished item, as JSON, for the response's last event. */
  keep(index: number, item: string): void;
}

/** Where an item stands in its response. */
export interface ItemPlace {
  /** Unique; needs no escape in JSON. */
  readonly id: string;
  readonly index: number;
}

/** A page that a message cites. */
export interface UrlCitation {
  readonly url: string;
  readonly title: string;
}

/** An item of the output that is being written. */
export interface OpenItem {
  /** Writes what announces it. */
  start(): string;
  /** Writes a piece of its text, or of its input. `json` is the piece as JSON. */
  add(piece: string, json: string): string;
  /** Writes its end and keeps it; `incomplete` where the response ends before it. */
  finish(status: 'completed' | 'incomplete'): string;
}

/** What the agent says: a message of one part. */
export interface OpenMessage extends OpenItem {
  readonly kind: 'message';
  /** Adds a source of this text. It is written at the end, because it stands for all of it. */
  cite(citation: UrlCitation): void;
}

/** What the model thinks: a summary of one part. */
export interface OpenReasoning extends OpenItem {
  readonly kind: 'reasoning';
}

/** A call of a tool by the agent. */
export interface OpenCall extends OpenItem {
  readonly kind: 'call';
  /** Writes that the input is complete. */
  endInput(): string;
  readonly hasInput: boolean;
  /** Writes its end and keeps it. `result` is text, as JSON. */
  finishWith(result: string, isError: boolean): string;
}

/** Opens a message. */
export function createMessage(sink: ItemSink, place: ItemPlace): OpenMessage {
  const { id, index } = place;
  const part = `,"item_id":"${id}","output_index":${index},"content_index":0`;
  const text = createHeldText();
  const citations: UrlCitation[] = [];
  const formatPart = (json: string, annotations: readonly string[]) =>
    `{"type":"output_text","text":${json},"annotations":[${annotations.join(',')}]}`;
  const format = (status: string, content: string) =>
    `{"id":"${id}","type":"message","status":"${status}","role":"assistant","content":[${content}]}`;
  return {
    kind: 'message',
    start: () =>
      sayAdded(sink, place, format('in_progress', '')) +
      sink.say('response.content_part.added', `${part},"part":${formatPart('""', [])}`),
    add(piece, json) {
      text.add(piece);
      return sink.say('response.output_text.delta', `${part},"delta":${json},"logprobs":[]`);
    },
    cite: (citation) => void citations.push(citation),
    finish(status) {
      const whole = text.take();
      const json = JSON.stringify(whole);
      const annotations = citations.map(({ url, title }) =>
        JSON.stringify({ type: 'url_citation', start_index: 0, end_index: whole.length, url, title }),
      );
      const content = formatPart(json, annotations);
      const sayAnnotation = (annotation: string, index: number) =>
        sink.say(
          'response.output_text.annotation.added',
          `${part},"annotation_index":${index},"annotation":${annotation}`,
        );
      return (
        annotations.map(sayAnnotation).join('') +
        sink.say('response.output_text.done', `${part},"text":${json},"logprobs":[]`) +
        sink.say('response.content_part.done', `${part},"part":${content}`) +
        sayDone(sink, place, format(status, content))
      );
    },
  };
}

/** Opens a reasoning item. */
export function createReasoning(sink: ItemSink, place: ItemPlace): OpenReasoning {
  const { id, index } = place;
  const part = `,"item_id":"${id}","output_index":${index},"summary_index":0`;
  const text = createHeldText();
  const formatPart = (json: string) => `{"type":"summary_text","text":${json}}`;
  const format = (summary: string) => `{"id":"${id}","type":"reasoning","summary":[${summary}]}`;
  return {
    kind: 'reasoning',
    start: () =>
      sayAdded(sink, place, format('')) +
      sink.say('response.reasoning_summary_part.added', `${part},"part":${formatPart('""')}`),
    add(piece, json) {
      text.add(piece);
      return sink.say('response.reasoning_summary_text.delta', `${part},"delta":${json}`);
    },
    finish() {
      const json = JSON.stringify(text.take());
      const summary = formatPart(json);
      return (
        sink.say('response.reasoning_summary_text.done', `${part},"text":${json}`) +
        sink.say('response.reasoning_summary_part.done', `${part},"part":${summary}`) +
        sayDone(sink, place, format(summary))
      );
    },
  };
}

/** Opens a tool call, as an `mcp_call` of a server with this label. */
export function createCall(sink: ItemSink, place: ItemPlace, serverLabel: string, name: string): OpenCall {
  const { id, index } = place;
  const item = `,"item_id":"${id}","output_index":${index}`;
  const start = `{"id":"${id}","type":"mcp_call",${JSON.stringify({ server_label: serverLabel, name }).slice(1, -1)}`;
  const input = createHeldText();
  /** As a JSON string; undefined until it is complete. */
  let whole: string | undefined;
  const format = (status: string, text: string, output: string, error: string) =>
    `${start},"status":"${status}","arguments":${text},"output":${output},"error":${error},"approval_request_id":null}`;
  // A tool without parameters is called without input, and what clients parse must be JSON.
  const takeInput = () => (whole ??= JSON.stringify(input.take() || '{}'));
  const finish = (status: 'completed' | 'failed', output: string, error: string) =>
    sink.say(`response.mcp_call.${status}`, item) + sayDone(sink, place, format(status, takeInput(), output, error));
  return {
    kind: 'call',
    start: () =>
      sayAdded(sink, place, format('in_progress', '""', 'null', 'null')) +
      sink.say('response.mcp_call.in_progress', item),
    add(piece, json) {
      input.add(piece);
      return sink.say('response.mcp_call_arguments.delta', `${item},"delta":${json}`);
    },
    endInput: () => sink.say('response.mcp_call_arguments.done', `${item},"arguments":${takeInput()}`),
    get hasInput() {
      return whole !== undefined;
    },
    finish: (status) =>
      status === 'completed'
        ? finish(status, 'null', 'null')
        : sayDone(sink, place, format(status, takeInput(), 'null', 'null')),
    // `openai` 4 and 6 declare the error as a string; 7.57 (`McpToolCallError`) declares what OpenAI sends.
    finishWith: (result, isError) =>
      isError
        ? finish('failed', 'null', `{"type":"mcp_tool_execution_error","content":[{"type":"text","text":${result}}]}`)
        : finish('completed', result, 'null'),
  };
}

function sayAdded(sink: ItemSink, { index }: ItemPlace, item: string): string {
  return sink.say('response.output_item.added', `,"output_index":${index},"item":${item}`);
}

function sayDone(sink: ItemSink, { index }: ItemPlace, item: string): string {
  sink.keep(index, item);
  return sink.say('response.output_item.done', `,"output_index":${index},"item":${item}`);
}
