/** A place that a request passes. CloudFront's functions may be passed on the way there, on the way back, or both. */
export type HopName = 'viewer-function' | 'edge-request' | 'edge-response' | 'function-url' | 'agentcore' | 'viewer';

/** How a hop's answer ended. */
export type HopOutcome = 'complete' | 'cut' | 'viewer-left' | 'failed';

/** A header as a hop saw it. */
export interface TracedHeader {
  readonly name: string;
  readonly value: string;
}

/** A piece of an answer's body. */
export interface TracedChunk {
  readonly atMs: number;
  readonly bytes: number;
}

/** One hop of one request. Times are in milliseconds since the request's arrival; nothing of a body is kept but its size. */
export interface HopTrace {
  readonly hop: HopName;
  readonly startMs: number;
  /** What the hop was sent; credentials are masked where it is written down. */
  readonly requestHeaders: readonly TracedHeader[];
  readonly requestBytes: number;
  /** When the answer's head was there; undefined where it never was. */
  readonly headMs: number | undefined;
  readonly status: number | undefined;
  readonly responseHeaders: readonly TracedHeader[];
  /** How long a process took to start, where this request waited for it. */
  readonly coldStartMs: number | undefined;
  /** Each piece of the answer's body as it passed; the first 10,000 of them. */
  readonly chunks: readonly TracedChunk[];
  /** How many pieces there were. */
  readonly chunkCount: number;
  /** Of the answer's body. */
  readonly responseBytes: number;
  /** Undefined where the request was over first. */
  readonly endMs: number | undefined;
  readonly outcome: HopOutcome | undefined;
}

/** Writes down one hop. */
export interface HopRecorder {
  /** The answer's head is there. */
  head(status: number, headers: readonly TracedHeader[], coldStartMs?: number): void;
  /** A piece of the answer's body has passed. */
  chunk(bytes: number): void;
  /** The hop is over. The first call counts. */
  end(outcome: HopOutcome): void;
}

/** Writes down the hops of one request. */
export interface ExchangeTrace {
  /** A hop begins. */
  begin(hop: HopName, requestHeaders?: readonly TracedHeader[], requestBytes?: number): HopRecorder;
  /** What has been written down, in the order of the beginnings. */
  hops(): readonly HopTrace[];
}

/** How many pieces are kept, so that an answer that is split into single bytes does not fill the memory. */
const maxChunks = 10_000;

const unrecorded: HopRecorder = { head: () => undefined, chunk: () => undefined, end: () => undefined };

/** Writes nothing down. */
export const untraced: ExchangeTrace = { begin: () => unrecorded, hops: () => [] };

/**
 * Makes a trace for a request that arrives now.
 *
 * @param nowMs a monotonic clock, in milliseconds
 */
export function createExchangeTrace(nowMs: () => number): ExchangeTrace {
  const arrivedMs = nowMs();
  const hops: HopTrace[] = [];
  return {
    begin: (hop, requestHeaders = [], requestBytes = 0) => {
      const at = hops.length;
      let current: HopTrace = {
        hop,
        startMs: nowMs() - arrivedMs,
        requestHeaders,
        requestBytes,
        headMs: undefined,
        status: undefined,
        responseHeaders: [],
        coldStartMs: undefined,
        chunks: [],
        chunkCount: 0,
        responseBytes: 0,
        endMs: undefined,
        outcome: undefined,
      };
      const chunks: TracedChunk[] = [];
      const update = (facts: Partial<HopTrace>): void => {
        current = { ...current, ...facts };
        hops[at] = current;
      };
      update({ chunks });
      return {
        head: (status, responseHeaders, coldStartMs) => {
          update({ headMs: nowMs() - arrivedMs, status, responseHeaders, coldStartMs });
        },
        chunk: (bytes) => {
          if (chunks.length < maxChunks) {
            chunks.push({ atMs: nowMs() - arrivedMs, bytes });
          }
          update({ chunkCount: current.chunkCount + 1, responseBytes: current.responseBytes + bytes });
        },
        end: (outcome) => {
          if (current.outcome === undefined) {
            update({ endMs: nowMs() - arrivedMs, outcome });
          }
        },
      };
    },
    hops: () => hops,
  };
}
