import type { Emit } from '../events/order.ts';

/** One message of an agent's stream, or one buffered document. */
export interface AgentFrame {
  /** The SSE `event` field; absent where there was none. */
  readonly event?: string | undefined;
  /** The text as it came. */
  readonly data: string;
  /** `data` parsed as JSON; undefined where it is no JSON. */
  readonly value: unknown;
}

/** Reads the frames of one stream. */
export interface DialectReader {
  /**
   * Emits the events that a frame stands for, in the loose form that the order machine takes.
   *
   * @returns false where the frame is not of this dialect; then it has emitted nothing.
   */
  read(frame: AgentFrame): boolean;
}

/** What one kind of agent says on the wire. Pure and synchronous: no I/O, no clock, no randomness. */
export interface Dialect {
  /** Kebab case, for logs. */
  readonly name: string;
  /** Creates a reader with the state of one stream. */
  createReader(emit: Emit): DialectReader;
}
