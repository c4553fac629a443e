/** An HTTP request as every host hands it to the relay. */
export interface RelayRequest {
  /** Upper case. */
  readonly method: string;
  /** The path as it was sent, not decoded, without the query; begins with `/`. */
  readonly path: string;
  /** The query as it was sent, without `?`; empty where there is none. */
  readonly query: string;
  /** Names in lower case; several values of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /**
   * Gives the body. Called at most once, and only where the route takes one.
   *
   * @throws RelayError `payload_too_large` where the body has more than `maxBytes`.
   */
  readBody(maxBytes: number): Promise<Uint8Array>;
  /** Aborts when the viewer has left, where the host can tell. */
  readonly signal: AbortSignal;
  /** When the host will end the request by force, in milliseconds since the epoch; absent where it never does. */
  readonly hostDeadlineAt?: number | undefined;
}

/** An HTTP response as the relay hands it to every host. */
export interface RelayResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The bytes as they are produced. It never throws: what goes wrong after the status was decided is said in the
   * stream. Ending the iteration early cancels the agent's call.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The relay: one request in, one response out. It never rejects. */
export type Relay = (request: RelayRequest) => Promise<RelayResponse>;

/** One structured line of the log. Never holds a prompt, an answer or a credential. */
export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** What happened, a constant sentence. */
  readonly message: string;
  readonly [field: string]: string | number | boolean | undefined;
}

/** Where log entries go. */
export type Log = (entry: LogEntry) => void;
