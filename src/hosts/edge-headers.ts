/** Names in lower case; several values of one name joined. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** How the names of the headers begin in which the CloudFront Function tells the relay of the viewer. */
const prefix = 'x-relay-';

/**
 * The viewer's headers as the viewer sent them, out of what has come through CloudFront and `AWS_IAM`: its `authorization`
 * and its `host` are where the CloudFront Function has put them (`src/edge/viewer-request.ts`), because both names were
 * needed on the way. An `authorization` that is there all the same is a signature, and nobody's credentials.
 */
export function restoreViewerHeaders(headers: RequestHeaders): RequestHeaders {
  const { authorization: _signature, ...others } = dropEdgeHeaders(headers);
  const { 'x-relay-authorization': authorization, 'x-relay-host': host = others['host'] } = headers;
  return {
    ...others,
    ...(host !== undefined && { host }),
    ...(authorization !== undefined && { authorization }),
  };
}

/** The headers without those that only the edge may send: from anybody else they are forged. */
export function dropEdgeHeaders(headers: RequestHeaders): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(prefix)));
}
