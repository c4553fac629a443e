import type { RequestFaults } from '../faults/request-faults.ts';
import type { HopRecorder } from '../hop-trace.ts';
import type { ServiceTarget } from './service-request.ts';

/** One checked request. */
export interface AgentCall extends ServiceTarget {
  /** The id that names the session to its process. */
  readonly runtimeSessionId: string;
  readonly requestId: string;
  readonly traceId: string;
  /** StopRuntimeSession's idempotent token. */
  readonly clientToken: string | undefined;
  /** As they came, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** What is to go wrong with the agent's answer. */
  readonly faults: RequestFaults['agent'];
  /** Writes down what passes. */
  readonly hop: HopRecorder;
}

/** Tells what became of an invocation, at its first byte. */
export type ReportInvocation = (status: number, coldStartMs: number | undefined) => void;
