import { valueOf } from '../cloudfront/header-list.ts';
import type { HeaderList } from '../cloudfront/header-list.ts';
import type { OriginRequest } from '../cloudfront/messages.ts';
import type { CorsRules } from '../template/deployment.ts';

/** A browser's question before its request (Fetch, CORS-preflight request); the Function URL answers it by itself. */
export function isPreflight({ method, headers }: OriginRequest): boolean {
  return method === 'OPTIONS' && hasHeader(headers, 'origin') && hasHeader(headers, 'access-control-request-method');
}

/**
 * Headers of the answer to a preflight: what the configuration allows, in its own words. There are none for a page of an
 * origin that it does not name.
 */
export function preflightHeaders(cors: CorsRules, request: OriginRequest): HeaderList {
  const origin = allowedOrigin(cors, request);
  if (origin === undefined) {
    return [];
  }
  const { allowMethods, allowHeaders, maxAgeSeconds } = cors;
  return [
    ...originHeaders(cors, origin),
    ...listOf('Access-Control-Allow-Methods', allowMethods),
    ...listOf('Access-Control-Allow-Headers', allowHeaders),
    ...(maxAgeSeconds === undefined ? [] : [{ name: 'Access-Control-Max-Age', value: String(maxAgeSeconds) }]),
  ];
}

/** Headers that are added to every other answer. Those of the function stay beside them, doubled where they are the same. */
export function corsHeaders(cors: CorsRules, request: OriginRequest): HeaderList {
  const origin = allowedOrigin(cors, request);
  return origin === undefined
    ? []
    : [...originHeaders(cors, origin), ...listOf('Access-Control-Expose-Headers', cors.exposeHeaders)];
}

/** The page's own origin where the configuration allows it, by name or with `*`. */
function allowedOrigin({ allowOrigins }: CorsRules, { headers }: OriginRequest): string | undefined {
  const origin = valueOf(headers, 'origin');
  return origin !== undefined && (allowOrigins.includes('*') || allowOrigins.includes(origin)) ? origin : undefined;
}

function originHeaders({ allowCredentials }: CorsRules, origin: string): HeaderList {
  return [
    { name: 'Access-Control-Allow-Origin', value: origin },
    { name: 'Vary', value: 'Origin' },
    ...(allowCredentials ? [{ name: 'Access-Control-Allow-Credentials', value: 'true' }] : []),
  ];
}

function listOf(name: string, values: readonly string[]): HeaderList {
  return values.length === 0 ? [] : [{ name, value: values.join(',') }];
}

function hasHeader(headers: HeaderList, name: string): boolean {
  return valueOf(headers, name) !== undefined;
}
