import { createHash } from 'node:crypto';
import { valueOf, withHeader, without } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import type { OriginSignature } from './messages.ts';

/** Who signs, for which region, and when. */
export interface SigningContext {
  /** `always`, `never` or `no-override`; undefined where there is no origin access control. */
  readonly signingBehavior: string | undefined;
  readonly distributionArn: string;
  readonly accountId: string;
  readonly region: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A request's headers once origin access control has seen them. */
export interface SignedHeaders {
  readonly headers: HeaderList;
  readonly signature: OriginSignature | undefined;
}

/** SHA-256 of nothing: what CloudFront itself puts on a request without a body. */
const emptySha256 = createHash('sha256').digest('hex');

/**
 * Signs a request for a Function URL, service `lambda` (CloudFront, Restrict access to a Lambda function URL origin).
 *
 * A viewer's `authorization` is overwritten. The hash of a body is the viewer's or the edge function's to give: without
 * it the signature is one that Lambda refuses.
 */
export function signForOrigin(headers: HeaderList, hasBody: boolean, context: SigningContext): SignedHeaders {
  const { signingBehavior, distributionArn, accountId, region, now } = context;
  const isSigned =
    signingBehavior === 'always' ||
    (signingBehavior === 'no-override' && valueOf(headers, 'authorization') === undefined);
  if (!isSigned) {
    return { headers, signature: undefined };
  }
  const contentSha256 = hasBody ? valueOf(headers, 'x-amz-content-sha256') : emptySha256;
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/gu, '');
  const scope = `${date.slice(0, 8)}/${region}/lambda/aws4_request`;
  let signed = without(headers, 'authorization');
  for (const [name, value] of [
    ['Authorization', `AWS4-HMAC-SHA256 Credential=ASIALOCALCLOUDFRONT0/${scope}, SignedHeaders=host, Signature=local`],
    ['X-Amz-Date', date],
    ['X-Amz-Security-Token', 'local-cloudfront-session-token'],
    ['X-Amz-Source-Arn', distributionArn],
    ['X-Amz-Source-Account', accountId],
    ...(contentSha256 === undefined ? [] : [['X-Amz-Content-Sha256', contentSha256] as const]),
  ] as const) {
    signed = withHeader(signed, name, value);
  }
  return { headers: signed, signature: { sourceArn: distributionArn, contentSha256 } };
}
