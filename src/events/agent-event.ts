/** Why a model call, or the whole run, stopped. The dialects map their own words onto these. */
export type StopReason =
  | 'end-turn'
  | 'tool-use'
  | 'max-tokens'
  | 'stop-sequence'
  | 'content-filter'
  | 'interrupt'
  | 'cancelled'
  | 'malformed'
  | 'other';

/** Why a run ended. Where the model wrote what the agent could not read, it ended as an error. */
export type RunStopReason = Exclude<StopReason, 'malformed'>;

/** Token counts of model calls, as the model named them (Bedrock ConverseStream `metadata.usage`). */
export interface TokenUsage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly totalTokens?: number;
  readonly [name: string]: unknown;
}

/** Measurements of model calls, as the model named them (Bedrock ConverseStream `metadata.metrics`). */
export interface ModelMetrics {
  readonly latencyMs?: number;
  readonly [name: string]: unknown;
}

/** Where a statement comes from. All fields are optional, because models differ in what they say. */
export interface Citation {
  readonly title?: string | undefined;
  readonly url?: string | undefined;
  /** The passage that is cited. */
  readonly text?: string | undefined;
}

/**
 * The one vocabulary between dialects and protocols.
 *
 * A run is `run-start`, any number of steps (one model call each), and one ending: `run-end` or `error`. Text, reasoning
 * and tool input come in blocks with an id that is unique in the run. Dialects may leave starts and ends out; the order
 * machine (`order.ts`) puts them in, so that protocols see every block opened once and closed once.
 */
export type AgentEvent =
  | { readonly type: 'run-start' }
  | { readonly type: 'step-start' }
  | { readonly type: 'text-start'; readonly id: string }
  | { readonly type: 'text-delta'; readonly id: string; readonly text: string }
  | { readonly type: 'text-end'; readonly id: string }
  | { readonly type: 'reasoning-start'; readonly id: string }
  | { readonly type: 'reasoning-delta'; readonly id: string; readonly text: string }
  /** The model's proof that the reasoning is its own; opaque. */
  | { readonly type: 'reasoning-signature'; readonly id: string; readonly signature: string }
  /** Reasoning that the model does not show; opaque, base64. */
  | { readonly type: 'reasoning-redacted'; readonly id: string; readonly data: string }
  | { readonly type: 'reasoning-end'; readonly id: string }
  /** The agent calls one of its own tools; `id` is the model's tool use id. */
  | { readonly type: 'tool-start'; readonly id: string; readonly name: string }
  /** A piece of the tool's input, as JSON text. */
  | { readonly type: 'tool-delta'; readonly id: string; readonly input: string }
  | { readonly type: 'tool-end'; readonly id: string }
  /** What the tool gave back; `content` is text, or JSON where the tool gave structure. */
  | { readonly type: 'tool-result'; readonly id: string; readonly isError: boolean; readonly content: unknown }
  | { readonly type: 'citation'; readonly citation: Citation }
  /** What one model call cost. */
  | { readonly type: 'usage'; readonly usage: TokenUsage; readonly metrics?: ModelMetrics | undefined }
  | { readonly type: 'step-end'; readonly stopReason: StopReason }
  /** The run failed. An ending: nothing follows. */
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  /** The run is over. An ending: nothing follows. `usage` and `metrics` are sums over the run's model calls. */
  | {
      readonly type: 'run-end';
      readonly stopReason: RunStopReason;
      readonly usage?: TokenUsage | undefined;
      readonly metrics?: ModelMetrics | undefined;
    };

/** One member of {@link AgentEvent}, by its `type`. */
export type AgentEventOf<Type extends AgentEvent['type']> = Extract<AgentEvent, { readonly type: Type }>;
