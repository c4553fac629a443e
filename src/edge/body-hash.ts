/**
 * What Lambda@Edge does at origin-request, with the body included.
 *
 * CloudFront signs what it sends to a Function URL, but not the body: Lambda takes no unsigned payload, so that somebody
 * has to put the body's SHA-256 into `x-amz-content-sha256` ("Restrict access to an AWS Lambda function URL origin",
 * CloudFront Developer Guide). A viewer with `curl` will not, therefore this function does, for every method: without a
 * body the hash is that of nothing, which is what CloudFront would sign anyway, and a viewer's own value never stands.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { EdgeRequest, EdgeResponse, OriginRequestEvent } from './edge-event.ts';

/** Puts the body's SHA-256 on the request, or answers 413 where CloudFront did not show all of the body. */
export async function bodyHash(event: OriginRequestEvent): Promise<EdgeRequest | EdgeResponse> {
  const { config, request } = event.Records[0].cf;
  if (request.body?.inputTruncated === true) {
    return refuse(config.requestId);
  }
  // The raw bytes: a detour over a string would change every body that is not UTF-8, and with it the hash.
  const bytes = Buffer.from(request.body?.data ?? '', request.body?.encoding === 'text' ? 'utf8' : 'base64');
  const value = createHash('sha256').update(bytes).digest('hex');
  request.headers['x-amz-content-sha256'] = [{ key: 'x-amz-content-sha256', value }];
  return request;
}

/** A hash over the first megabyte would be signed, refused by Lambda, and reach the viewer as a 403 about signatures. */
function refuse(requestId: string): EdgeResponse {
  const message = 'the body is too large; at most 1 MB is allowed';
  return {
    status: '413',
    statusDescription: 'Payload Too Large',
    headers: {
      'content-type': [{ key: 'content-type', value: 'application/json' }],
      'cache-control': [{ key: 'cache-control', value: 'no-store' }],
      'x-request-id': [{ key: 'x-request-id', value: requestId }],
      // Every response names a session to go on with, and the viewer's own is in the body, which is not read here.
      'x-runtime-session-id': [{ key: 'x-runtime-session-id', value: newSessionId() }],
    },
    body: JSON.stringify({ error: { code: 'payload_too_large', message, requestId } }),
  };
}

/** Without Node's cache of random bytes: what is restored from a snapshot would hand out the same ones again. */
function newSessionId(): string {
  return randomUUID({ disableEntropyCache: true });
}
