/**
 * The CloudFront Function at viewer-request, runtime `cloudfront-js-2.0`.
 *
 * Three things can be done nowhere else. Origin access control overwrites the viewer's `Authorization` with its own
 * signature, so that a viewer's credentials have to travel under another name from here on. A Function URL has to get
 * its own host name as `Host`, so that the viewer's has to as well: the relay compares `Origin` with it. And
 * `Accept-Encoding` is read-only for Lambda@Edge ("Restrictions on edge functions", CloudFront Developer Guide): it goes
 * away here, because whoever compresses a stream, now or after some change of the origin, also buffers it.
 */

/** A header as CloudFront Functions show it; `multiValue` is there when the viewer sent the name more than once. */
export interface ViewerHeader {
  readonly value: string;
  readonly multiValue?: readonly { readonly value: string }[];
}

/** The viewer's request; header names are in lower case ("CloudFront Functions event structure"). */
export interface ViewerRequest {
  readonly headers: Record<string, ViewerHeader>;
}

/** What CloudFront hands to a viewer-request function. */
export interface ViewerRequestEvent {
  readonly request: ViewerRequest;
}

/**
 * Moves the viewer's `Authorization` to `x-relay-authorization` and copies its `Host` to `x-relay-host`. No header whose
 * name begins with `x-relay-` is the viewer's own behind this.
 */
export function handler(event: ViewerRequestEvent): ViewerRequest {
  const request = event.request;
  const headers = request.headers;
  const authorization = headers['authorization'];
  const host = headers['host'];
  Object.keys(headers).forEach((name) => {
    if (name.indexOf('x-relay-') === 0) delete headers[name];
  });
  delete headers['accept-encoding'];
  if (authorization !== undefined) {
    // With all its values: to choose one of several here would be to choose who the caller is.
    headers['x-relay-authorization'] = authorization;
    delete headers['authorization'];
  }
  if (host !== undefined) headers['x-relay-host'] = { value: host.value };
  return request;
}
