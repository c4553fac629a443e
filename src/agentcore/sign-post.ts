import { crypto } from '../builtin-crypto.ts';
import type { OutgoingHttpHeaders } from 'node:http';
import aws4 from 'aws4';
import type { Credentials } from './environment-credentials.ts';

/** A POST to an AWS service. */
export interface SignablePost {
  /** Signing name of the service, such as `bedrock-agentcore`. */
  readonly service: string;
  readonly region: string;
  /** Value of the `host` header. */
  readonly host: string;
  /** Path and query as they go over the wire. */
  readonly path: string;
  /** The operation's own headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/**
 * The headers of a POST with those that Signature Version 4 adds: host, length, date, hash, token, authorization. `aws4` leaves
 * `x-amzn-trace-id` out of the signature, as the AWS SDK does, because proxies on the way may change it.
 *
 * @param now Milliseconds since the epoch.
 */
export function signPost(post: SignablePost, credentials: Credentials, now: () => number): OutgoingHttpHeaders {
  const { service, region, host, path, payload } = post;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signed = aws4.sign(
    {
      service,
      region,
      method: 'POST',
      hostname: host,
      path,
      headers: {
        host,
        'content-length': payload.byteLength,
        'user-agent': 'agentcore-relay',
        'x-amz-content-sha256': crypto.createHash('sha256').update(payload).digest('hex'),
        'x-amz-date': new Date(now()).toISOString().replaceAll(/[-:]|\.\d{3}/gu, ''),
        ...post.headers,
        ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
      },
    },
    { accessKeyId, secretAccessKey },
  );
  return signed.headers ?? {};
}
