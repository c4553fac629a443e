import type { OriginRequestPolicy, ResponseHeadersPolicy } from './deployment.ts';
import { all, none, nothing, only } from './policy-filter.ts';

/** A cache policy as far as a request meets it. */
export interface ManagedCachePolicy {
  readonly name: string;
  readonly forwards: OriginRequestPolicy;
}

const originHeaders = only('host', 'origin', 'x-http-method', 'x-http-method-override', 'x-method-override');

/** The id of CachingDisabled, under which nothing is kept. */
export const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

/** CloudFront, Use managed cache policies. */
export const managedCachePolicies: Readonly<Record<string, ManagedCachePolicy>> = {
  [cachingDisabled]: { name: 'CachingDisabled', forwards: nothing },
  '658327ea-f89d-4fab-a63d-7e88639e58f6': { name: 'CachingOptimized', forwards: nothing },
  'b2884449-e4de-46a7-ac36-70bc7f1ddd6d': { name: 'CachingOptimizedForUncompressedObjects', forwards: nothing },
  '83da9c7e-98b4-4e11-a168-04f0df8e2c65': {
    name: 'UseOriginCacheControlHeaders',
    forwards: { headers: originHeaders, cookies: all, queryStrings: none },
  },
  '4cc15a8a-d715-48a4-82b8-cc0b614638fe': {
    name: 'UseOriginCacheControlHeaders-QueryStrings',
    forwards: { headers: originHeaders, cookies: all, queryStrings: all },
  },
  '2e54312d-136d-493c-8eb9-b001f22f67d2': {
    name: 'Amplify',
    forwards: {
      headers: only('authorization', 'cloudfront-viewer-country', 'host'),
      cookies: all,
      queryStrings: all,
    },
  },
  '08627262-05a9-4f76-9ded-b50ca2e3a84f': {
    name: 'Elemental-MediaPackage',
    forwards: {
      headers: only('origin'),
      cookies: none,
      queryStrings: only('aws.manifestfilter', 'start', 'end', 'm'),
    },
  },
};

const corsRequestHeaders = ['origin', 'access-control-request-headers', 'access-control-request-method'];

/** CloudFront, Use managed origin request policies. */
export const managedOriginRequestPolicies: Readonly<Record<string, OriginRequestPolicy>> = {
  // AllViewerExceptHostHeader
  'b689b0a8-53d0-40ab-baf2-68738e2966ac': {
    headers: { kind: 'except', names: ['host'] },
    cookies: all,
    queryStrings: all,
  },
  // AllViewer
  '216adef6-5c7f-47e4-b989-5492eafa07d3': { headers: all, cookies: all, queryStrings: all },
  // AllViewerAndCloudFrontHeaders-2022-06
  '33f36d7e-f396-46d9-90e0-52428a34d9dc': { headers: all, cookies: all, queryStrings: all },
  // CORS-CustomOrigin
  '59781a5b-3903-41f3-afcb-af62929ccde1': { ...nothing, headers: only('origin') },
  // CORS-S3Origin
  '88a5eaf4-2fd4-4709-b370-b4c650ea3fcf': { ...nothing, headers: only(...corsRequestHeaders) },
  // Elemental-MediaTailor-PersonalizedManifests
  '775133bc-15f2-49f9-abea-afb2e0bf67d2': {
    headers: only(...corsRequestHeaders, 'user-agent', 'x-forwarded-for'),
    cookies: none,
    queryStrings: all,
  },
  // HostHeaderOnly
  'bf0718e1-ba1e-49d1-88b1-f726733018ae': { ...nothing, headers: only('host') },
  // UserAgentRefererHeaders
  'acba4595-bd28-49b8-b9fe-13317c0390fa': { ...nothing, headers: only('user-agent', 'referer') },
};

/** The managed origin request policy with headers that CloudFront makes itself. */
export const allViewerAndCloudFrontHeaders = '33f36d7e-f396-46d9-90e0-52428a34d9dc';

const securityHeaders: ResponseHeadersPolicy['set'] = [
  { name: 'Referrer-Policy', value: 'strict-origin-when-cross-origin', override: false },
  { name: 'Strict-Transport-Security', value: 'max-age=31536000', override: false },
  { name: 'X-Content-Type-Options', value: 'nosniff', override: true },
  { name: 'X-Frame-Options', value: 'SAMEORIGIN', override: false },
  { name: 'X-XSS-Protection', value: '1; mode=block', override: false },
];

const simpleCors: ResponseHeadersPolicy['cors'] = {
  allowCredentials: false,
  allowHeaders: [],
  allowMethods: [],
  allowOrigins: ['*'],
  exposeHeaders: [],
  maxAgeSeconds: undefined,
  override: false,
};

const corsWithPreflight: ResponseHeadersPolicy['cors'] = {
  ...simpleCors,
  allowMethods: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'],
  exposeHeaders: ['*'],
};

/** CloudFront, Use managed response headers policies. */
export const managedResponseHeadersPolicies: Readonly<Record<string, ResponseHeadersPolicy>> = {
  // SecurityHeadersPolicy
  '67f7725c-6f97-4210-82d7-5512b31e9d03': { set: securityHeaders, remove: [] },
  // SimpleCORS
  '60669652-455b-4ae9-85a4-c4c02393f86c': { set: [], remove: [], cors: simpleCors },
  // CORS-With-Preflight
  '5cc3b908-e619-4b99-88e5-2cf7f45965bd': { set: [], remove: [], cors: corsWithPreflight },
  // CORS-and-SecurityHeadersPolicy
  'e61eb60c-9c35-4d20-a928-2b84e02af89c': { set: securityHeaders, remove: [], cors: simpleCors },
  // CORS-with-preflight-and-SecurityHeadersPolicy
  'eaab4381-ed33-4a86-88ca-d9558dc6cd63': { set: securityHeaders, remove: [], cors: corsWithPreflight },
};
