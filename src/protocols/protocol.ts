import type { RelayError } from '../errors.ts';
import type { AgentEvent } from '../events/agent-event.ts';
import type { JsonObject } from '../json.ts';

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

/** What a client asks of the agent. */
export interface AgentCall {
  /** What the user said last. Never empty. */
  readonly prompt: string;
  /** The agent's input: an object with at least `prompt`. */
  readonly payload: JsonObject;
  /** The conversation's id as the client names it; absent where the client leaves it to the relay. */
  readonly conversationId?: string | undefined;
  /** Name of the protocol that writes the answer. Default: the first one that has this endpoint. */
  readonly output?: string | undefined;
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
  read(request: ProtocolRequest, limits: { readonly maxPromptLength: number }): AgentCall;
}

/** What a protocol may say about the answer that it writes. */
export interface StreamContext {
  /** Id of this response; unique, also sent as `x-request-id`. */
  readonly requestId: string;
  /** The conversation's id as the client may use it again. */
  readonly conversationId: string;
}

/** An HTTP body with its headers, for an error before the stream. */
export interface ErrorDocument {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface ProtocolBase {
  /** Kebab case; also the value of `response` on `POST /`. */
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Writes an error for which the HTTP status could still be set. */
  renderError(error: RelayError, requestId: string): ErrorDocument;
}

/** Writes one answer. Pure and synchronous; gives text, the empty string where there is nothing to say. */
export interface EventWriter {
  /** Takes events in the order that the order machine guarantees; the last one is `run-end` or `error`. */
  write(event: AgentEvent): string;
  /** What keeps the connection alive, between any two events. */
  keepAlive(): string;
}

/** A protocol that is written from events. */
export interface EventProtocol extends ProtocolBase {
  readonly kind: 'events';
  /** Headers of the answer, `content-type` among them; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether {@link EventWriter.keepAlive} ever gives anything. */
  readonly hasKeepAlive: boolean;
  createWriter(context: StreamContext): EventWriter;
}

/** Passes one answer on. Pure and synchronous. */
export interface ByteCopier {
  /** Takes the agent's bytes as they came and gives what is sent for them. */
  push(chunk: Uint8Array): Uint8Array | string;
  /** What keeps the connection alive; empty while the agent is in the middle of a message. */
  keepAlive(): string;
  /** Whether the agent is in the middle of a line: a clean end now would be none. */
  readonly isCutShort: boolean;
  /** The agent has ended cleanly. */
  finish(): string;
  /** The answer broke off, or was ended by the relay. */
  fail(error: RelayError): string;
}

/** A protocol that passes the agent's bytes on. */
export interface ByteProtocol extends ProtocolBase {
  readonly kind: 'bytes';
  /** The content type where the status goes out before the agent has named one. */
  readonly lateContentType: string;
  /** Whether {@link ByteCopier.keepAlive} gives anything for answers of this type. */
  hasKeepAlive(contentType: string): boolean;
  /**
   * @param contentType - What the agent answered with; undefined while that is not known and nothing can be pushed yet.
   * @param sentContentType - What the viewer was told.
   */
  createCopier(contentType: string, sentContentType: string): ByteCopier;
}

/** Both directions of one client format. */
export type Protocol = EventProtocol | ByteProtocol;
