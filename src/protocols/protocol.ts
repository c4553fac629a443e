import type { RelayError } from '../errors.ts';
import type { AgentEvent } from '../events/agent-event.ts';
import type { JsonObject } from '../json.ts';
import type { AgentProtocol } from '../settings.ts';

/** A request as far as a protocol reads it. */
export interface ProtocolRequest {
  /** Upper case; one of the endpoint's methods. */
  readonly method: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The raw body; empty where there is none. */
  readonly body: Uint8Array;
}

/** One message of a conversation, before the prompt. */
export interface EarlierMessage {
  readonly role: 'user' | 'assistant';
  /** Text; never empty. */
  readonly content: string;
}

/** What a client asks of the agent. */
export interface AgentCall {
  /**
   * What the user said last, with the text of what is attached to it. Never empty, but where {@link AgentCall.runAgentInput}
   * goes to an agent that speaks AG-UI: it may have something else to answer, such as what a tool of the client's gave.
   */
  readonly prompt: string;
  /** What was said before, oldest first, as far as the client tells it. Default: nothing. */
  readonly messages?: readonly EarlierMessage[] | undefined;
  /** Instructions that the client gives besides. Default: none. */
  readonly system?: string | undefined;
  /** The runtime session that the client names outright. It is refused where AgentCore would refuse it. */
  readonly runtimeSessionId?: string | undefined;
  /**
   * The conversation as the client calls it, any text: the relay makes a runtime session id of it. Absent where the client has
   * no name for it; then every request is a conversation of its own.
   */
  readonly conversationId?: string | undefined;
  /** Name of the protocol that writes the answer. Default: the first one that has this endpoint. */
  readonly output?: string | undefined;
  /**
   * How the answer to this very request is written, where the endpoint's own protocol writes it: with the model that it
   * named, whole instead of streamed. Default: as the protocol says.
   */
  readonly format?: AnswerFormat | undefined;
  /** The whole request, where it is an AG-UI `RunAgentInput`: an agent that speaks AG-UI gets it as it came. */
  readonly runAgentInput?: JsonObject | undefined;
}

/** What bounds a request, and who will get it. */
export interface ReadOptions {
  /** Longest prompt, in UTF-16 units. */
  readonly maxPromptLength: number;
  /** What the agent speaks. Default: `HTTP`. */
  readonly agentProtocol?: AgentProtocol | undefined;
}

/** Where the clients of one or more protocols post, and how their request is read. */
export interface Endpoint {
  /** Exact path, such as `/`. */
  readonly path: string;
  /** The methods that invoke the agent. `OPTIONS` and `HEAD` never do. */
  readonly methods: readonly string[];
  /**
   * Reads a request.
   *
   * @throws RelayError with a caller's code where it is not valid.
   */
  read(request: ProtocolRequest, options: ReadOptions): AgentCall;
}

/** What a protocol may say about the answer that it writes. */
export interface StreamContext {
  /** Id of this response; unique, also sent as `x-request-id`. */
  readonly requestId: string;
  /** The conversation's id as the client may use it again; fit for a runtime session id. */
  readonly conversationId: string;
  /** When the request came, in milliseconds since the epoch. */
  readonly startedAtMs: number;
}

/** What is known where the agent is called, and what it said is passed on. */
export interface InvocationContext extends StreamContext {
  /**
   * The conversation's id as AgentCore and the agent know it. It is never for the viewer; the same as
   * {@link StreamContext.conversationId} where sessions are as given.
   */
  readonly runtimeSessionId: string;
}

/** An HTTP body with its headers, for an error before the stream. */
export interface ErrorDocument {
  /** Where the client's own retries must be kept from running the agent again. Default: the error's status. */
  readonly status?: number | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer that needs no agent. */
export interface DirectAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty with 204. */
  readonly body: string;
}

interface ProtocolBase {
  /** Kebab case; also the value of `response` on `POST /`. */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Writes an error for which the HTTP status could still be set. */
  renderError(error: RelayError, requestId: string): ErrorDocument;
  /**
   * Answers what this protocol's clients ask besides, such as `GET /v1/models`. The agent is never run for it.
   *
   * @returns undefined where the path is none of this protocol's.
   */
  answerDirectly?(request: { readonly method: string; readonly path: string }): DirectAnswer | undefined;
}

/** Writes one answer. Pure and synchronous; gives text, the empty string where there is nothing to say. */
export interface EventWriter {
  /**
   * Takes events in the order that the order machine guarantees; the last one is `run-end` or `error`.
   *
   * @throws RelayError where the answer cannot go on, before its last event: the writer is then given the `error`.
   */
  write(event: AgentEvent): string;
  /** What keeps the connection alive, between any two events. */
  keepAlive(): string;
  /**
   * Whether the writer has given an ending of its own, before the run's: nothing is written after it, and the agent's call
   * is cancelled. For protocols that must hold an answer, and so have to bound it. Default: false.
   */
  readonly ended?: boolean | undefined;
}

/** An answer that is written from events. */
export interface EventFormat {
  readonly kind: 'events';
  /** Headers of the answer, `content-type` among them; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Whether the answer goes out in one piece at its end, so that its status is a true one: the writer gives everything at
   * `run-end`, and of an `error` nothing, because the relay then answers with `renderError`. Default: false, it is streamed.
   */
  readonly isWhole?: boolean | undefined;
  /** Whether {@link EventWriter.keepAlive} ever gives anything. */
  readonly hasKeepAlive: boolean;
  /** Passes the answer of an agent that speaks this protocol itself on, where no filter wants to see it. */
  readonly native?: { readonly agentProtocol: AgentProtocol; readonly format: ByteFormat } | undefined;
  createWriter(context: StreamContext): EventWriter;
}

/** A protocol that is written from events. */
export interface EventProtocol extends ProtocolBase, EventFormat {}

/** Passes one answer on. Pure and synchronous. */
export interface ByteCopier {
  /**
   * Takes the agent's bytes as they came and gives what is sent for them.
   *
   * @throws RelayError where they are nothing that could be passed on; {@link ByteCopier.fail} is then given it.
   */
  push(chunk: Uint8Array): Uint8Array | string;
  /** What keeps the connection alive; empty while the agent is in the middle of a message. */
  keepAlive(): string;
  /** Whether the answer is not whole, such as in the middle of a line: a clean end now would be none. */
  readonly isCutShort: boolean;
  /** The agent has ended cleanly. */
  finish(): string;
  /** The answer broke off, or was ended by the relay. */
  fail(error: RelayError): string;
}

/** An answer for which the agent's bytes are passed on. */
export interface ByteFormat {
  readonly kind: 'bytes';
  /** The content type where the status goes out before the agent has named one. */
  readonly lateContentType: string;
  /** The content type that the viewer is told whatever the agent names. Default: the agent's own. */
  readonly contentType?: string | undefined;
  /** Whether {@link ByteCopier.keepAlive} gives anything for answers of this type. */
  hasKeepAlive(contentType: string): boolean;
  /**
   * @param contentType - What the agent answered with; undefined while that is not known and nothing can be pushed yet.
   * @param sentContentType - What the viewer was told.
   * @param context - What of the invocation must not be shown, and what is shown in its place. Default: nothing.
   */
  createCopier(contentType: string, sentContentType: string, context?: InvocationContext): ByteCopier;
}

/** A protocol that passes the agent's bytes on. */
export interface ByteProtocol extends ProtocolBase, ByteFormat {}

/** How one answer is written. */
export type AnswerFormat = EventFormat | ByteFormat;

/** Both directions of one client format. */
export type Protocol = EventProtocol | ByteProtocol;
