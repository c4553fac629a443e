import type { RequestScope } from '../request-scope.ts';
import type { HeaderList } from './header-list.ts';

/** A viewer's request as CloudFront passes it along; the body travels beside it. */
export interface ViewerRequest {
  readonly method: string;
  /** The path as it was sent, not decoded; begins with `/`. */
  readonly uri: string;
  /** The query as it was sent, without `?`; empty where there is none. */
  readonly querystring: string;
  readonly headers: HeaderList;
  readonly clientIp: string;
}

/** A request as an origin receives it. */
export interface OriginRequest {
  readonly method: string;
  readonly uri: string;
  readonly querystring: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** An origin's answer once its headers are there. */
export interface OriginResponse {
  readonly status: number;
  /** Default: that of the status. */
  readonly statusDescription?: string | undefined;
  readonly headers: HeaderList;
  /** Throws where the origin breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Where CloudFront sends a request. It answers failures of the function with a status, as the service does. */
export type Origin = (request: OriginRequest, scope: RequestScope) => Promise<OriginResponse>;

/** A response that CloudFront makes itself or takes from an edge function. */
export interface EdgeResponse {
  readonly status: number;
  readonly statusDescription?: string | undefined;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** The value of `x-cache`. */
  readonly cacheResult: string;
}
