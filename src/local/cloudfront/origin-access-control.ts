import { createHash } from 'node:crypto';
import { signRequest } from '../aws-service/signature.ts';
import type { SigningCredentials } from '../aws-service/signature.ts';
import { joinByName, valueOf, valuesOf, withHeader, without } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import type { OriginRequest } from './messages.ts';

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

/** What CloudFront signs with here, and a Function URL knows it by. It opens nothing. */
export const originAccessCredentials: SigningCredentials & { readonly sessionToken: string } = {
  accessKeyId: 'ASIALOCALCLOUDFRONT0',
  secretAccessKey: 'local-cloudfront-secret-access-key',
  sessionToken: 'local-cloudfront-session-token',
};

const emptySha256 = createHash('sha256').digest('hex');

/** What a signature adds, and how it is written. */
const addedHeaders: readonly (readonly [key: string, name: string])[] = [
  ['authorization', 'Authorization'],
  ['x-amz-date', 'X-Amz-Date'],
  ['x-amz-security-token', 'X-Amz-Security-Token'],
  ['x-amz-content-sha256', 'X-Amz-Content-Sha256'],
];

/**
 * Gives a request for a Function URL the signature of origin access control: Signature Version 4, service `lambda`
 * (CloudFront, Restrict access to an AWS Lambda function URL origin).
 *
 * A viewer's `authorization` is overwritten, unless the template says `no-override`. The hash of a body is the viewer's or the
 * edge function's to give: CloudFront does not read the body, and without a hash signs that of an empty one, which Lambda
 * refuses.
 */
export function signForOrigin(request: OriginRequest, context: SigningContext): OriginRequest {
  const { signingBehavior, distributionArn, accountId, region, now } = context;
  const isSigned =
    signingBehavior === 'always' ||
    (signingBehavior === 'no-override' && valueOf(request.headers, 'authorization') === undefined);
  if (!isSigned) {
    return request;
  }
  const { method, uri, querystring, body } = request;
  const sourced = [
    ['X-Amz-Source-Arn', distributionArn],
    ['X-Amz-Source-Account', accountId],
  ].reduce<HeaderList>(
    (headers, [name = '', value = '']) => withHeader(headers, name, value),
    without(request.headers, 'authorization'),
  );
  const given = valuesOf(sourced, 'x-amz-content-sha256').join(',');
  const signed = signRequest(
    { method, target: querystring === '' ? uri : `${uri}?${querystring}`, headers: joinByName(sourced), body },
    originAccessCredentials,
    region,
    now,
    {
      service: 'lambda',
      contentSha256: body.byteLength === 0 || given === '' ? emptySha256 : given,
      signsHeader: (name) => name === 'host' || name.startsWith('x-amz-'),
    },
  );
  return {
    ...request,
    headers: addedHeaders.reduce<HeaderList>(
      (headers, [key, name]) => withHeader(headers, name, signed[key] ?? ''),
      sourced,
    ),
  };
}
