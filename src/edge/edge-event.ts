/** What Lambda@Edge hands to a function and takes from it ("Lambda@Edge event structure", CloudFront Developer Guide). */

/** One header line; without a `key` its name is that under which it stands. */
export interface EdgeHeader {
  key?: string;
  value: string;
}

/** Header lines by lower-case name. */
export type EdgeHeaders = Record<string, EdgeHeader[]>;

/** The viewer's body as CloudFront shows it: a copy, cut at 1 MB at origin-request. */
export interface EdgeRequestBody {
  /** Whether `data` is not all of it. */
  readonly inputTruncated: boolean;
  /** `base64` is what CloudFront sends; `text` is what another function before this one may have set. */
  readonly encoding: 'base64' | 'text';
  readonly data: string;
}

/** The request that is on its way to the origin. */
export interface EdgeRequest {
  readonly method: string;
  readonly headers: EdgeHeaders;
  /** Absent where there is none, and where the association does not include it. */
  readonly body?: EdgeRequestBody;
}

/** What comes before a request goes to the origin. */
export interface OriginRequestEvent {
  readonly Records: readonly [
    {
      readonly cf: {
        readonly config: { readonly eventType?: 'origin-request'; readonly requestId: string };
        readonly request: EdgeRequest;
      };
    },
  ];
}

/** An answer given at the edge; the origin never sees the request. */
export interface EdgeResponse {
  readonly status: string;
  readonly statusDescription: string;
  readonly headers: EdgeHeaders;
  readonly body: string;
}

/** What the origin answered. Its body is not shown, and goes on as it is where the function sets none. */
export interface EdgeOriginResponse {
  /** Such as `401`. */
  readonly status: string;
  readonly statusDescription?: string;
  readonly headers: EdgeHeaders;
}

/** What comes once the origin has sent its headers, whatever the status. */
export interface OriginResponseEvent {
  readonly Records: readonly [
    {
      readonly cf: {
        readonly config: { readonly eventType: 'origin-response'; readonly requestId?: string };
        /** As it was sent to the origin, without its body. */
        readonly request?: EdgeRequest;
        readonly response: EdgeOriginResponse;
      };
    },
  ];
}
