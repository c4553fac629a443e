/**
 * A place in an answer: after so many messages, or after so many bytes. A message ends with a blank line where the answer is
 * `text/event-stream`, and with a line break elsewhere, so that a place does not depend on how the bytes arrive.
 */
export interface AnswerPosition {
  readonly unit: 'messages' | 'bytes';
  readonly count: number;
}

/** What goes wrong with the bytes of one answer on their way. */
export interface StreamFaults {
  /** Nothing comes for so long, once so much has come; undefined where the answer does not pause. */
  readonly silence: { readonly after: AnswerPosition; readonly forMs: number } | undefined;
  /** The connection is cut here. */
  readonly cutAfter: AnswerPosition | undefined;
  /** The answer ends cleanly here, as if it were whole. */
  readonly endAfter: AnswerPosition | undefined;
  /** The process that answers dies here. */
  readonly crashAfter: AnswerPosition | undefined;
  /** Largest chunk, in bytes: each one is passed on in pieces of this size. */
  readonly splitBytes: number | undefined;
}

/** What goes wrong with one request, decided when it arrives. Undefined and false mean that all goes well. */
export interface RequestFaults {
  /** The faults that met it, as they were written, such as `cut-after=20`. */
  readonly met: readonly string[];
  /** At AgentCore. */
  readonly agent: StreamFaults & {
    /** Added to the start of a session's process, in milliseconds; nothing where the session runs already. */
    readonly coldStartMs: number | undefined;
    /** AgentCore answers with this exception of its service model and does not call the agent. */
    readonly exception: string | undefined;
  };
  /** At the function behind the Function URL. */
  readonly relay: Pick<StreamFaults, 'cutAfter' | 'crashAfter'> & {
    /** The Function URL answers 429 and does not invoke the function. */
    readonly isThrottled: boolean;
    /** Added to the start of a function's process, in milliseconds; nothing where a warm one is taken. */
    readonly coldStartMs: number | undefined;
    /** The first chunk is held back until the second is there, as has been seen on Lambda. */
    readonly holdsFirstChunk: boolean;
  };
  /** At CloudFront. */
  readonly edge: {
    /** The Lambda@Edge function at origin-request fails: 503 with `LambdaExecutionError`. */
    readonly failsFunction: boolean;
  };
  /** The viewer. */
  readonly viewer: {
    /** How fast it reads, in bytes per second; undefined reads as fast as it can. */
    readonly bytesPerSecond: number | undefined;
    /** It leaves here. */
    readonly leavesAfter: AnswerPosition | undefined;
  };
}

const noStreamFaults: StreamFaults = {
  silence: undefined,
  cutAfter: undefined,
  endAfter: undefined,
  crashAfter: undefined,
  splitBytes: undefined,
};

/** All goes well. */
export const noFaults: RequestFaults = {
  met: [],
  agent: { ...noStreamFaults, coldStartMs: undefined, exception: undefined },
  relay: {
    cutAfter: undefined,
    crashAfter: undefined,
    isThrottled: false,
    coldStartMs: undefined,
    holdsFirstChunk: false,
  },
  edge: { failsFunction: false },
  viewer: { bytesPerSecond: undefined, leavesAfter: undefined },
};
