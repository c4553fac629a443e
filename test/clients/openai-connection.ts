/** Where a client of OpenAI's asks, and who it says is asking. */
export interface OpenAiConnection {
  readonly origin: string;
  /** As its user gives it; null: none is sent, by clients that can do without. Default: `none`, by those that insist on one. */
  readonly apiKey?: string | null | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The client's own retries. Default: as many as the client does by itself. */
  readonly maxRetries?: number | undefined;
}

/** What `openai` is told of it, in any major. */
export interface OpenAiClientOptions {
  readonly baseURL: string;
  readonly apiKey: string;
  readonly defaultHeaders: Readonly<Record<string, string | null>>;
  readonly maxRetries?: number;
}

/** Says a connection in the words of `openai`, which wants a key also where null among the headers keeps it from sending it. */
export function describeConnection({ origin, apiKey, headers, maxRetries }: OpenAiConnection): OpenAiClientOptions {
  return {
    baseURL: `${origin}/v1`,
    apiKey: apiKey ?? 'none',
    defaultHeaders: { ...headers, ...(apiKey === null ? { authorization: null } : {}) },
    ...(maxRetries === undefined ? {} : { maxRetries }),
  };
}
