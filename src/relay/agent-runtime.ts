/** Trace context of the viewer's request, passed on to AgentCore (InvokeAgentRuntime headers of the same names). */
export interface TraceContext {
  /** W3C `traceparent`, at most 128 characters. */
  readonly traceparent?: string | undefined;
  /** W3C `tracestate`, at most 512 characters. */
  readonly tracestate?: string | undefined;
  /** `X-Amzn-Trace-Id`, at most 128 characters. */
  readonly amznTraceId?: string | undefined;
}

/** One call of the agent. */
export interface AgentInvocation {
  /** 33 to 100 of `[A-Za-z0-9][A-Za-z0-9_-]*`. AgentCore keeps one microVM per id. */
  readonly runtimeSessionId: string;
  /**
   * On whose behalf, 1 to 1024 printable ASCII characters; the relay's role needs `InvokeAgentRuntimeForUser` for it.
   * Default: nobody's.
   */
  readonly runtimeUserId?: string | undefined;
  /** The agent's JSON input, UTF-8. */
  readonly payload: string;
  /** What is passed on for tracing. */
  readonly trace: TraceContext;
  /** Ends the call at once, at any point, and closes the socket to AgentCore. */
  readonly signal: AbortSignal;
}

/** The agent's answer once its headers are there. */
export interface AgentAnswer {
  /** `content-type` as the agent set it; empty where it set none. */
  readonly contentType: string;
  /**
   * The bytes as they arrive. Ending the iteration early closes the socket. Throws {@link RelayError}
   * `agent_interrupted` where the connection is cut, `cancelled` where the signal ended it.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The port to AgentCore. Its adapters are in `src/agentcore/`.
 *
 * `invoke` resolves when AgentCore's headers are there and throws {@link RelayError} with an `agent_…` code otherwise.
 * It may try again only where the agent cannot have begun: a refused connection, 409, 429.
 */
export interface AgentRuntime {
  invoke(invocation: AgentInvocation): Promise<AgentAnswer>;
}
