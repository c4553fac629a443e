import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { DeployedOrigin, OriginRequestPolicy, PolicyFilter } from '../template/deployment.ts';
import { groupByName, toWire, valuesOf, without } from './header-list.ts';
import type { HeaderField, HeaderList } from './header-list.ts';
import type { ViewerRequest } from './messages.ts';

/**
 * What no edge function sees and none may add (CloudFront, Restrictions on all edge functions). A name that ends in
 * `-` stands for all that begin with it.
 */
const disallowedAtTheEdge: readonly string[] = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'trailer',
  'upgrade',
  'x-accel-buffering',
  'x-accel-charset',
  'x-accel-limit-rate',
  'x-accel-redirect',
  'x-amz-cf-',
  'x-amzn-auth',
  'x-amzn-cf-billing',
  'x-amzn-cf-id',
  'x-amzn-cf-xff',
  'x-amzn-errortype',
  'x-amzn-fle-profile',
  'x-amzn-header-count',
  'x-amzn-header-order',
  'x-amzn-lambda-integration-tag',
  'x-amzn-requestid',
  'x-cache',
  'x-edge-',
  'x-forwarded-proto',
  'x-real-ip',
];

/** What a viewer-request function may read but not change (the same page). */
const readOnlyAtViewerRequest: readonly string[] = [
  'cdn-loop',
  // Restrictions on Lambda@Edge, "CloudFront headers": a function that adds it fails.
  'cloudfront-viewer-country',
  'content-length',
  'host',
  'transfer-encoding',
  'via',
];

/** What an origin-request function may read but not change (the same page). */
const readOnlyAtOriginRequest: readonly string[] = [
  'accept-encoding',
  'cdn-loop',
  'content-length',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'transfer-encoding',
  'via',
];

/** What an origin-response function may read but not change (the same page). */
const readOnlyAtOriginResponse: readonly string[] = ['transfer-encoding', 'via'];

/** What a viewer-response function may read but not change: any one, and one on Lambda (the same page). */
const readOnlyAtViewerResponse: readonly string[] = ['via', 'warning'];
const readOnlyAtViewerResponseOnLambda: readonly string[] = [
  ...readOnlyAtViewerResponse,
  'content-encoding',
  'content-length',
  'transfer-encoding',
];

/** What CloudFront takes from every request besides (Request and response behavior for custom origins). */
const removedFromRequests: readonly string[] = ['te', 'x-http-method-override'];

/** What describes the body, and so reaches the origin whatever the policy says. */
const bodyHeaders: readonly string[] = ['content-length', 'content-type', 'transfer-encoding'];

/** What CloudFront removes or sets itself in every response. */
const removedFromResponses: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-amz-cf-id',
  'x-amz-cf-pop',
  'x-cache',
];

/** When a function at the edge runs. */
export type EdgeEventType = 'viewer-request' | 'origin-request' | 'origin-response' | 'viewer-response';

/** Which rules a function's headers follow: those of its event, of which viewer-response has others on Lambda. */
export type EdgeHeaderRules = EdgeEventType | 'viewer-response-on-lambda';

const readOnlyAt: Readonly<Record<EdgeHeaderRules, readonly string[]>> = {
  'viewer-request': readOnlyAtViewerRequest,
  'origin-request': readOnlyAtOriginRequest,
  'origin-response': readOnlyAtOriginResponse,
  'viewer-response': readOnlyAtViewerResponse,
  'viewer-response-on-lambda': readOnlyAtViewerResponseOnLambda,
};

/** True for a header that edge functions neither see nor add. */
export function isDisallowedAtTheEdge(name: string): boolean {
  const lower = name.toLowerCase();
  return disallowedAtTheEdge.some((entry) => (entry.endsWith('-') ? lower.startsWith(entry) : lower === entry));
}

/** What CloudFront keeps of a viewer's request before anything else. */
export function fromViewer(headers: HeaderList): HeaderList {
  return without(
    headers.filter((field) => !isDisallowedAtTheEdge(field.name)),
    ...removedFromRequests,
  );
}

/**
 * Why CloudFront would not take the headers that an edge function gives back, in CloudFront's words; undefined where it
 * takes them.
 */
export function findHeaderFault(before: HeaderList, after: HeaderList, rules: EdgeHeaderRules): string | undefined {
  if (after.some((field) => isDisallowedAtTheEdge(field.name))) {
    return 'The function tried to add a header that is not allowed.';
  }
  const invalid = after.find((field) => !isHttp(field));
  if (invalid !== undefined) {
    return `The header ${JSON.stringify(invalid.name)} has a name or a value that HTTP does not have.`;
  }
  const changed = readOnlyAt[rules].some(
    (name) => valuesOf(before, name).join('\n') !== valuesOf(after, name).join('\n'),
  );
  return changed ? 'The function tried to add, delete, or change a read-only header.' : undefined;
}

function isHttp(field: HeaderField): boolean {
  try {
    validateHeaderName(field.name);
    validateHeaderValue(field.name, toWire(field.value));
    return true;
  } catch {
    return false;
  }
}

/**
 * The request as the origin-request event shows it: what the policy lets through, and what CloudFront writes itself:
 * `host`, `via`, `x-forwarded-for`, `user-agent`, the origin's own headers.
 *
 * @param via - What this edge server adds to `via`, such as `1.1 d1.cloudfront.net (CloudFront)`.
 */
export function toOriginRequest(
  request: ViewerRequest,
  origin: DeployedOrigin,
  policy: OriginRequestPolicy,
  via: string,
): ViewerRequest {
  const forwarded: { name: string; value: string }[] = [];
  for (const field of request.headers) {
    const name = field.name.toLowerCase();
    if (name === 'cookie') {
      const cookies = field.value.split(/;\s*/u).filter((cookie) => passes(policy.cookies, cookie.split('=')[0] ?? ''));
      if (cookies.length > 0) {
        forwarded.push({ name: field.name, value: cookies.join('; ') });
      }
    } else if (bodyHeaders.includes(name) || passes(policy.headers, name)) {
      forwarded.push(field);
    }
  }
  const forwardedFor = [...valuesOf(request.headers, 'x-forwarded-for'), request.clientIp].join(',');
  const allVia = [...valuesOf(forwarded, 'via'), via].join(', ');
  const userAgent = valuesOf(forwarded, 'user-agent')[0] ?? 'Amazon CloudFront';
  const host = valuesOf(forwarded, 'host')[0] ?? origin.domainName;
  const custom = Object.keys(origin.customHeaders).map((name) => name.toLowerCase());
  return {
    ...request,
    uri: `${origin.path}${request.uri}`,
    querystring: filterQuery(request.querystring, policy.queryStrings),
    headers: [
      { name: 'Host', value: host },
      ...without(forwarded, 'host', 'user-agent', 'via', 'x-forwarded-for', ...custom),
      { name: 'User-Agent', value: userAgent },
      { name: 'X-Forwarded-For', value: forwardedFor },
      { name: 'Via', value: allVia },
    ],
  };
}

/** The origin's headers as the viewer gets them, before the response headers policy. */
export function toViewerHeaders(headers: HeaderList): HeaderList {
  return without(headers, ...removedFromResponses);
}

/** The largest request line, or status line, with its headers, in bytes (CloudFront, Quotas). */
export const maxHeadBytes = 32_768;

/** The size of a first line with the headers after it, as it is counted against {@link maxHeadBytes}. */
export function sizeOfHead(firstLine: string, headers: HeaderList): number {
  return headers.reduce(
    (size, field) => size + Buffer.byteLength(field.name) + Buffer.byteLength(field.value) + 4,
    Buffer.byteLength(firstLine) + 2,
  );
}

/** The headers as the map of arrays that Lambda@Edge events hold. */
export function toHeaderMap(headers: HeaderList): Record<string, { key: string; value: string }[]> {
  return Object.fromEntries(
    [...groupByName(headers)].map(([name, fields]) => [name, fields.map(({ name: key, value }) => ({ key, value }))]),
  );
}

function filterQuery(querystring: string, filter: PolicyFilter): string {
  return filter.kind === 'all' || querystring === ''
    ? querystring
    : querystring
        .split('&')
        .filter((pair) => passes(filter, pair.split('=')[0] ?? ''))
        .join('&');
}

function passes({ kind, names }: PolicyFilter, name: string): boolean {
  const isNamed = names.includes(name);
  return kind === 'all' || (kind === 'only' && isNamed) || (kind === 'except' && !isNamed);
}
