import { joinByName, valueOf, valuesOf, without } from '../cloudfront/header-list.ts';
import type { OriginRequest } from '../cloudfront/messages.ts';
import { originAccessCredentials } from '../cloudfront/origin-access-control.ts';
import type { DeployedFunctionUrl } from '../template/deployment.ts';

/** The event of a Function URL, payload format 2.0; members that have no value are absent, as they are on AWS. */
export interface FunctionUrlEvent {
  readonly version: '2.0';
  readonly routeKey: '$default';
  /** Not decoded. */
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: readonly string[];
  /** Names in lower case, several values of one name joined by `,`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded, several values of one name joined by `,`. */
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly requestContext: {
    /** The caller's, or `anonymous`. */
    readonly accountId: string;
    readonly apiId: string;
    /** Absent with `NONE`. */
    readonly authorizer?: {
      readonly iam: {
        readonly accessKey: string;
        readonly accountId: string;
        readonly callerId: string;
        readonly cognitoIdentity: null;
        readonly principalOrgId: null;
        readonly userArn: string;
        readonly userId: string;
      };
    };
    readonly domainName: string;
    readonly domainPrefix: string;
    readonly http: {
      readonly method: string;
      readonly path: string;
      readonly protocol: 'HTTP/1.1';
      readonly sourceIp: string;
      readonly userAgent: string;
    };
    readonly requestId: string;
    readonly routeKey: '$default';
    readonly stage: '$default';
    /** Such as `12/Mar/2020:19:03:58 +0000`. */
    readonly time: string;
    readonly timeEpoch: number;
  };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

/** What the service adds to a request. */
export interface FunctionUrlContext {
  readonly requestId: string;
  /** `Root=1-…`, made here or by the viewer. */
  readonly traceRoot: string;
  /** This hop's own id, `Self=1-…`. */
  readonly traceSelf: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** CloudFront calls with an account, a role and an address of AWS's own, not the developer's. */
const cloudFrontAccountId = '111122223333';
const cloudFrontCallerId = 'AROAEXAMPLECLOUDFRONT:OriginAccessSession';
const cloudFrontIdentity = {
  accessKey: originAccessCredentials.accessKeyId,
  accountId: cloudFrontAccountId,
  callerId: cloudFrontCallerId,
  cognitoIdentity: null,
  principalOrgId: null,
  userArn: `arn:aws:sts::${cloudFrontAccountId}:assumed-role/OriginAccessControlRole/OriginAccessSession`,
  userId: cloudFrontCallerId,
};
const cloudFrontEdgeIp = '130.176.98.145';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * Builds the event (Lambda, Invoking Lambda function URLs; captures of what CloudFront sends). `authorization` never reaches
 * a function with `AWS_IAM`; `cookie` does, besides the list.
 */
export function toFunctionUrlEvent(
  request: OriginRequest,
  { urlId, domainName, authType }: Pick<DeployedFunctionUrl, 'urlId' | 'domainName' | 'authType'>,
  { requestId, traceRoot, traceSelf, now }: FunctionUrlContext,
): FunctionUrlEvent {
  const cookies = valuesOf(request.headers, 'cookie').flatMap((value) => value.split(/;\s*/u));
  const parameters = readQuery(request.querystring);
  const contentType = valueOf(request.headers, 'content-type');
  const isBase64Encoded = request.body.byteLength > 0 && !isText(contentType);
  const isSigned = authType === 'AWS_IAM';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: request.uri,
    rawQueryString: request.querystring,
    ...(cookies.length > 0 && { cookies }),
    headers: {
      ...joinByName(
        without(request.headers, ...(isSigned ? ['authorization'] : []), 'transfer-encoding', 'x-amzn-trace-id'),
      ),
      'x-amzn-tls-cipher-suite': 'TLS_AES_128_GCM_SHA256',
      'x-amzn-tls-version': 'TLSv1.3',
      'x-amzn-trace-id': `${traceSelf};${traceRoot}`,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(Object.keys(parameters).length > 0 && { queryStringParameters: parameters }),
    requestContext: {
      accountId: isSigned ? cloudFrontAccountId : 'anonymous',
      apiId: urlId,
      ...(isSigned && { authorizer: { iam: cloudFrontIdentity } }),
      domainName,
      domainPrefix: urlId,
      http: {
        method: request.method,
        path: request.uri,
        protocol: 'HTTP/1.1',
        sourceIp: cloudFrontEdgeIp,
        userAgent: valueOf(request.headers, 'user-agent') ?? '',
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: formatTime(now),
      timeEpoch: now,
    },
    ...(request.body.byteLength > 0 && {
      body: Buffer.from(request.body).toString(isBase64Encoded ? 'base64' : 'utf8'),
    }),
    isBase64Encoded,
  };
}

/** Measured on AWS: these arrive as text, everything else as base64, a missing content type and forms included. */
function isText(contentType: string | undefined): boolean {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return type.startsWith('text/') || ['application/json', 'application/xml', 'application/javascript'].includes(type);
}

function readQuery(querystring: string): Record<string, string> {
  const parameters = new URLSearchParams(querystring);
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name).join(',')]));
}

function formatTime(now: number): string {
  const date = new Date(now);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${two(date.getUTCDate())}/${months[date.getUTCMonth()] ?? ''}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}
