import type { HopTrace } from './hop-trace.ts';

/** What the hops report: how long each took to give its first byte, in milliseconds; undefined where it was not reached. */
export interface HopRecord {
  /** The CloudFront Function. */
  readonly viewerFunctionMs?: number | undefined;
  /** The Lambda@Edge function at origin-request, which hashes the body. */
  readonly edgeFunctionMs?: number | undefined;
  /** The Lambda@Edge function at origin-response, which names the challenge. */
  readonly edgeResponseMs?: number | undefined;
  /** The function behind the Function URL, from its invocation to its status. */
  readonly functionMs?: number | undefined;
  /** How much of that was a cold start. */
  readonly functionInitMs?: number | undefined;
  /** The agent behind AgentCore, from the arrival of the call to its first byte. */
  readonly agentMs?: number | undefined;
  /** How much of that was a cold start. */
  readonly agentInitMs?: number | undefined;
  /** `Root=1-…` of the trace that the function was invoked in. */
  readonly traceRoot?: string | undefined;
}

/** Adds to what is known of a request. */
export type RecordHop = (facts: HopRecord) => void;

/** How a response ended: whole, because the viewer left, or cut by the origin. */
export type ResponseEnding = 'complete' | 'viewer-left' | 'cut';

/** One request, once its response is over. It holds no query and no body. */
export interface RequestLine {
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
  /** `x-amz-cf-id`. */
  readonly requestId: string;
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly status: number;
  /** Of the body, as the viewer got them. */
  readonly bytes: number;
  readonly ending: ResponseEnding;
  /** `x-cache`, such as `Miss from cloudfront`. */
  readonly cacheResult: string;
  readonly hops: HopRecord;
  /** The faults that met it, as they were written, such as `cut-after=20`. */
  readonly faults: readonly string[];
  /** Every hop's times, sizes and headers; empty unless they were asked for. */
  readonly trace: readonly HopTrace[];
  /** From the request's arrival to the first byte of the body; undefined where there was none. */
  readonly firstByteMs: number | undefined;
  readonly totalMs: number;
}

/** One line of a log: a function's, an agent's, or CloudFront's own. */
export interface LogLine {
  /** Who wrote it. */
  readonly source: string;
  readonly text: string;
}
