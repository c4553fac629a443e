import type { ServiceTarget } from './service-request.ts';

/** One checked request. */
export interface AgentCall extends ServiceTarget {
  /** Path and query as they came. */
  readonly target: string;
  readonly runtimeSessionId: string;
  readonly requestId: string;
  readonly traceId: string;
  /** As they came, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Ends the call. */
  readonly signal: AbortSignal;
}

/** Tells what became of an invocation, at its first byte. */
export type ReportInvocation = (status: number, coldStartMs: number | undefined) => void;
