import type { Endpoint, Protocol } from './protocol.ts';

/**
 * A protocol whose code is loaded when the first request for it comes, so that a relay that offers it and is never asked for
 * it pays nothing. What is said here is all that is known until then; the protocol itself must say the same.
 */
export interface LazyProtocol {
  /** The protocol's name. */
  readonly name: string;
  /** Where its clients post. */
  readonly endpoint: Pick<Endpoint, 'path' | 'methods'>;
  /**
   * The paths that its `answerDirectly` may know. One that ends with `/` stands for all below it. Default: none, and the
   * protocol is not loaded for any other path than its endpoint's.
   */
  readonly answersDirectly?: readonly string[] | undefined;
  /**
   * Loads the protocol. A relay asks once; where that fails, the request is answered with `internal_error` and the next one
   * asks again.
   */
  load(): Promise<Protocol>;
}

/** A protocol that a relay offers: itself, or what loads it. */
export type OfferedProtocol = Protocol | LazyProtocol;
