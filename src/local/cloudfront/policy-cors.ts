import type { ResponseHeadersPolicy } from '../template/deployment.ts';
import { valueOf } from './header-list.ts';
import type { HeaderList } from './header-list.ts';
import type { ViewerRequest } from './messages.ts';

/**
 * The headers that a response headers policy has for a page of another origin (CloudFront, Understand response headers
 * policies, "CORS headers"). The origin's answer to a preflight stays the origin's: CloudFront answers none by itself.
 */
export function corsHeadersFor(cors: ResponseHeadersPolicy['cors'], request: ViewerRequest): HeaderList {
  const origin = valueOf(request.headers, 'origin');
  if (cors === undefined || origin === undefined) {
    return [];
  }
  const allowed = cors.allowOrigins.includes('*')
    ? '*'
    : cors.allowOrigins.some((pattern) => covers(pattern, origin))
      ? origin
      : undefined;
  if (allowed === undefined) {
    return [];
  }
  const { maxAgeSeconds } = cors;
  const ofPreflight = [
    ...listOf('Access-Control-Allow-Methods', cors.allowMethods),
    ...listOf('Access-Control-Allow-Headers', cors.allowHeaders),
    ...(maxAgeSeconds === undefined ? [] : [{ name: 'Access-Control-Max-Age', value: String(maxAgeSeconds) }]),
  ];
  return [
    { name: 'Access-Control-Allow-Origin', value: allowed },
    ...(cors.allowCredentials ? [{ name: 'Access-Control-Allow-Credentials', value: 'true' }] : []),
    ...listOf('Access-Control-Expose-Headers', cors.exposeHeaders),
    ...(request.method === 'OPTIONS' ? ofPreflight : []),
  ];
}

/** An origin, or a domain without its scheme, of which the leftmost label may be `*`. */
function covers(pattern: string, origin: string): boolean {
  const expression = pattern.replace(/[.+?^${}()|[\]\\]/gu, String.raw`\$&`).replaceAll('*', '[^/]+');
  return new RegExp(`^(?:[a-z]+://)?${expression}$`, 'iu').test(origin);
}

function listOf(name: string, values: readonly string[]): HeaderList {
  return values.length === 0 ? [] : [{ name, value: values.join(', ') }];
}
