import type { RelayError } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import type { Principal } from './principal.ts';

/** A request as far as it says who is calling. Its body is not read before that is known. */
export interface CallerRequest {
  /** Upper case. */
  readonly method: string;
  /** As it was sent, not decoded, without the query. */
  readonly path: string;
  /** Names in lower case; several values of one name joined by `, `. `authorization` is the viewer's own. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A request with the credentials that are in it, read once. */
export interface Caller {
  readonly request: CallerRequest;
  /** undefined where the request has none. Those that are malformed are of no kind that an authenticator takes. */
  readonly credentials: Credentials | undefined;
}

/** What one kind of authentication makes of a caller. */
export type Identification =
  /** The credentials are good. */
  | { readonly kind: 'principal'; readonly principal: Principal }
  /** There are none of this kind. */
  | { readonly kind: 'absent' }
  /**
   * There are some, and they are not good: `invalid_credentials`, `forbidden`, or `identity_unavailable` where that cannot be
   * found out. `error.cause` says why, for the log, and never holds any part of the credentials.
   */
  | { readonly kind: 'refused'; readonly error: RelayError };

/** One kind of authentication. */
export interface Authenticator {
  /** Kebab case, for the log. */
  readonly name: string;
  /** What it would accept, as an element of `WWW-Authenticate`, such as `Bearer realm="agent"`; undefined where none fits. */
  readonly challenge: string | undefined;
  /** Says who it is. Where it rejects nobody is let in: with a `RelayError` as if it had refused, with anything else as `internal_error`. */
  identify(caller: Caller): Promise<Identification>;
}
