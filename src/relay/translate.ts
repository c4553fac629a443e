import { createStreamReader } from '../dialects/detect.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { readDocument } from '../dialects/document.ts';
import { RelayError } from '../errors.ts';
import type { AgentEvent, AgentEventOf } from '../events/agent-event.ts';
import { createEventOrder } from '../events/order.ts';
import type { ByteCopier, EventWriter } from '../protocols/protocol.ts';
import { createSseParser } from '../sse/sse-parser.ts';

/** The user's own hand at the waist: gives the event, another one, several, or undefined to drop it. */
export type EventFilter = (event: AgentEvent) => AgentEvent | readonly AgentEvent[] | undefined;

/** The error that ended an answer. */
export type AnswerError = Pick<AgentEventOf<'error'>, 'code' | 'message'>;

/** One answer on its way from the agent's bytes to the viewer's. Synchronous; it never throws. */
export interface Translation {
  /** Takes bytes cut anywhere; gives what can be sent for them, in one piece. */
  push(chunk: Uint8Array): Uint8Array | string;
  /** The agent has ended cleanly. Gives the rest, with an ending. */
  finish(): string;
  /** The answer is over for another reason. Gives the rest, with the error as its ending. */
  fail(error: RelayError): string;
  keepAlive(): string;
  /** Whether the viewer has been given an ending; then there is nothing more to say. */
  readonly ended: boolean;
  /** The error that the ending said; undefined where it was a good one. */
  readonly error: AnswerError | undefined;
  /** For the log: which dialect it was, and what nobody understood. */
  readonly dialect: string | undefined;
  readonly unknownFrames: number;
}

/** What {@link createEventTranslation} needs. */
export interface EventTranslationOptions {
  readonly writer: EventWriter;
  /** As the agent named it. */
  readonly contentType: string;
  readonly dialects?: readonly Dialect[] | undefined;
  readonly filter?: EventFilter | undefined;
  readonly maxMessageBytes: number;
  readonly maxDocumentBytes: number;
}

/** Translates an answer: bytes → messages → dialect → order → filter → protocol. */
export function createEventTranslation(options: EventTranslationOptions): Translation {
  const { writer, filter } = options;
  let output = '';
  let error: AnswerError | undefined;
  const sent = createEventOrder((event) => {
    if (writer.ended === true) return;
    if (event.type === 'error') error = event;
    output += writer.write(event);
  });
  // A filter sees well-formed runs, and whatever it makes of them is put in order again.
  const order =
    filter === undefined
      ? sent
      : createEventOrder((event) => {
          const filtered = filter(event);
          if (filtered === undefined) return;
          if ('type' in filtered) sent.push(filtered);
          else for (const one of filtered) sent.push(one);
        });
  const source = createSource(options, order.push);

  function take(): string {
    const text = output;
    output = '';
    return text;
  }

  function attempt(action: () => void): string {
    try {
      action();
    } catch (thrown) {
      const { code, message } = RelayError.from(thrown);
      sent.push({ type: 'error', code, message });
    }
    return take();
  }

  return {
    push: (chunk) => attempt(() => source.push(chunk)),
    finish: () =>
      attempt(() => {
        source.end();
        order.end();
        sent.end();
      }),
    fail: ({ code, message }) => attempt(() => sent.push({ type: 'error', code, message })),
    keepAlive: () => writer.keepAlive(),
    get ended() {
      return sent.ended || writer.ended === true;
    },
    get error() {
      return error;
    },
    get dialect() {
      return source.dialect;
    },
    get unknownFrames() {
      return source.unknownFrames;
    },
  };
}

/** Passes an answer on. */
export function createByteTranslation(copier: ByteCopier): Translation {
  let ended = false;
  let error: AnswerError | undefined;

  function fail(cause: RelayError): string {
    ended = true;
    error = cause;
    return copier.fail(cause);
  }

  return {
    push(chunk) {
      try {
        return copier.push(chunk);
      } catch (thrown) {
        return fail(RelayError.from(thrown));
      }
    },
    finish() {
      if (copier.isCutShort) return fail(new RelayError('agent_interrupted'));
      ended = true;
      return copier.finish();
    },
    fail,
    keepAlive: () => copier.keepAlive(),
    get ended() {
      return ended;
    },
    get error() {
      return error;
    },
    dialect: undefined,
    unknownFrames: 0,
  };
}

interface Source {
  push(chunk: Uint8Array): void;
  end(): void;
  readonly dialect: string | undefined;
  readonly unknownFrames: number;
}

function createSource(options: EventTranslationOptions, emit: (event: AgentEvent) => void): Source {
  const contentType = options.contentType.toLowerCase();
  if (contentType.startsWith('text/event-stream')) return createEventStreamSource(options, emit);
  if (/^application\/(?:[a-z.-]+\+)?json\b/u.test(contentType)) return createDocumentSource(options, emit);
  return createTextSource(emit);
}

function createEventStreamSource(options: EventTranslationOptions, emit: (event: AgentEvent) => void): Source {
  const reader = createStreamReader(emit, options.dialects);
  const parser = createSseParser({
    maxMessageLength: options.maxMessageBytes,
    onMessage: ({ data, event }) => reader.read(data, event),
  });
  return {
    push: parser.push,
    end: () => undefined,
    get dialect() {
      return reader.dialect;
    },
    get unknownFrames() {
      return reader.unknownFrames;
    },
  };
}

function createDocumentSource(options: EventTranslationOptions, emit: (event: AgentEvent) => void): Source {
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  return {
    push(chunk) {
      byteCount += chunk.byteLength;
      if (byteCount > options.maxDocumentBytes) throw new RelayError('agent_answer_too_large');
      chunks.push(chunk);
    },
    end: () => readDocument(Buffer.concat(chunks).toString('utf8'), emit),
    dialect: 'document',
    unknownFrames: 0,
  };
}

function createTextSource(emit: (event: AgentEvent) => void): Source {
  const decoder = new TextDecoder();
  return {
    push: (chunk) => emit({ type: 'text-delta', id: 'text', text: decoder.decode(chunk, { stream: true }) }),
    end: () => emit({ type: 'text-delta', id: 'text', text: decoder.decode() }),
    dialect: 'text',
    unknownFrames: 0,
  };
}
