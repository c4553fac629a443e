import { isDisallowedAtTheEdge } from '../cloudfront/header-rules.ts';
import type { OriginRequestPolicy, ResponseHeadersPolicy } from './deployment.ts';
import {
  allViewerAndCloudFrontHeaders,
  cachingDisabled,
  managedCachePolicies,
  managedOriginRequestPolicies,
  managedResponseHeadersPolicies,
} from './managed-policies.ts';
import { all, eitherOf, headerNames, none, only, readFilters } from './policy-filter.ts';
import type { Reading } from './reading.ts';
import type { Property, TemplateResource } from './resource.ts';

/** Every method that a policy lets other origins use. */
const corsMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

const notKept = 'here nothing is kept or compressed, and every request reaches the origin';

/**
 * Reads what of the viewer's request reaches the origin: what the cache key has, and what the origin request policy adds. That
 * nothing is cached here is said.
 *
 * @param isReached whether there is an origin here that the policies matter to
 * @throws LocalChainError where AWS would not take the policies
 */
export function readOriginRequestPolicy(
  behaviour: Property,
  reading: Reading,
  isReached: boolean,
): OriginRequestPolicy {
  const cacheKey = readCacheKey(behaviour, reading, isReached);
  const property = behaviour.get('OriginRequestPolicyId');
  const id = property.optionalString();
  if (id === undefined) {
    return cacheKey;
  }
  const resource = reading.templates.findBy('AWS::CloudFront::OriginRequestPolicy', 'Ref', id);
  if (resource !== undefined) {
    reading.notices.inspect(resource);
    const config = resource.get('OriginRequestPolicyConfig');
    sayCloudFrontHeaders(config.get('HeadersConfig').get('Headers'), reading);
    return eitherOf(cacheKey, readFilters(config));
  }
  const managed = managedOriginRequestPolicies[id];
  if (managed === undefined) {
    throw property.fault(`is "${id}", an origin request policy that the local chain does not know`);
  }
  if (id === allViewerAndCloudFrontHeaders) {
    reading.notices.add(
      property.notice('is AllViewerAndCloudFrontHeaders-2022-06: here no header is CloudFront-Viewer-…'),
    );
  }
  return eitherOf(cacheKey, managed);
}

/** Reads the response headers policy of a behaviour: security headers, custom headers, removed headers. */
export function readResponseHeadersPolicy(behaviour: Property, { templates, notices }: Reading): ResponseHeadersPolicy {
  const property = behaviour.get('ResponseHeadersPolicyId');
  const id = property.optionalString();
  if (id === undefined) {
    return { set: [], remove: [] };
  }
  const resource = templates.findBy('AWS::CloudFront::ResponseHeadersPolicy', 'Ref', id);
  if (resource !== undefined) {
    notices.inspect(resource);
    return readCustomPolicy(resource);
  }
  const managed = managedResponseHeadersPolicies[id];
  if (managed === undefined) {
    throw property.fault(`is "${id}", a response headers policy that the local chain does not know`);
  }
  return managed;
}

function readCacheKey(behaviour: Property, reading: Reading, isReached: boolean): OriginRequestPolicy {
  const property = behaviour.get('CachePolicyId');
  const id = property.optionalString();
  if (id === undefined) {
    return readForwardedValues(behaviour, reading, isReached);
  }
  const say = (name: string): void => {
    if (isReached) {
      reading.notices.add(property.notice(`is ${name}, under which CloudFront keeps answers: ${notKept}`));
    }
  };
  const resource = reading.templates.findBy('AWS::CloudFront::CachePolicy', 'Ref', id);
  if (resource !== undefined) {
    reading.notices.inspect(resource);
    const config = resource.get('CachePolicyConfig');
    if (config.get('MaxTTL').number(-1) !== 0) {
      say(`the policy ${resource.logicalId}`);
    }
    const key = config.get('ParametersInCacheKeyAndForwardedToOrigin');
    sayCloudFrontHeaders(key.get('HeadersConfig').get('Headers'), reading);
    return readFilters(key);
  }
  const managed = managedCachePolicies[id];
  if (managed === undefined) {
    throw property.fault(`is "${id}", a cache policy that the local chain does not know`);
  }
  if (id !== cachingDisabled) {
    say(managed.name);
  }
  return managed.forwards;
}

/** What stood in a behaviour before there were policies (CloudFront API, ForwardedValues); `*` is all headers. */
function readForwardedValues(behaviour: Property, reading: Reading, isReached: boolean): OriginRequestPolicy {
  const values = behaviour.get('ForwardedValues');
  if (values.isMissing) {
    throw behaviour.get('CachePolicyId').fault('is missing; CloudFront demands a cache policy, or ForwardedValues');
  }
  const headers = headerNames(values.get('Headers'));
  if (isReached && !headers.includes('*') && behaviour.get('MaxTTL').number(-1) !== 0) {
    reading.notices.add(values.notice(`is set without a MaxTTL of 0, so that CloudFront keeps answers: ${notKept}`));
  }
  sayCloudFrontHeaders(values.get('Headers'), reading);
  const cookies = values.get('Cookies');
  const forward = cookies.get('Forward').oneOf(['none', 'all', 'whitelist'], 'none');
  return {
    headers: headers.includes('*') ? all : only(...headers),
    cookies: { none, all, whitelist: only(...cookies.get('WhitelistedNames').strings()) }[forward],
    queryStrings: values.get('QueryString').boolean() ? all : none,
  };
}

/** Headers about the viewer, which CloudFront makes itself (CloudFront, Add CloudFront request headers). */
function sayCloudFrontHeaders(list: Property, { notices }: Reading): void {
  const names = list.strings().filter((name) => /^cloudfront-/iu.test(name));
  if (names.length > 0) {
    notices.add(list.notice(`has ${names.join(', ')}, which CloudFront makes of the viewer: here nobody makes them`));
  }
}

function readCustomPolicy(policy: TemplateResource): ResponseHeadersPolicy {
  const config = policy.get('ResponseHeadersPolicyConfig');
  return {
    set: [
      ...securityHeaders(config.get('SecurityHeadersConfig')),
      ...config
        .get('CustomHeadersConfig')
        .get('Items')
        .list()
        .map((item) => ({
          name: item.get('Header').string(),
          value: item.get('Value').string(),
          override: item.get('Override').boolean(),
        })),
    ],
    cors: readCors(config.get('CorsConfig')),
    remove: config
      .get('RemoveHeadersConfig')
      .get('Items')
      .list()
      .map((item) => readRemovedHeader(item.get('Header'))),
  };
}

/** CloudFront API, ResponseHeadersPolicyCorsConfig. */
function readCors(cors: Property): ResponseHeadersPolicy['cors'] {
  if (cors.isMissing) {
    return undefined;
  }
  const items = (name: string): readonly Property[] => cors.get(name).get('Items').list();
  const names = (name: string): readonly string[] => items(name).map((item) => item.string());
  const methods = items('AccessControlAllowMethods').map((item) => item.oneOf([...corsMethods, 'ALL']));
  return {
    allowCredentials: cors.get('AccessControlAllowCredentials').boolean(),
    allowHeaders: names('AccessControlAllowHeaders'),
    allowMethods: methods.includes('ALL') ? corsMethods : methods,
    allowOrigins: names('AccessControlAllowOrigins'),
    exposeHeaders: names('AccessControlExposeHeaders'),
    maxAgeSeconds: cors.get('AccessControlMaxAgeSec').integer('CloudFront', 0, Infinity),
    override: cors.get('OriginOverride').boolean(),
  };
}

/** What a policy cannot remove besides what no edge function sees (CloudFront, "Headers that you can't remove"). */
const unremovableHeaders: readonly string[] = [
  'content-encoding',
  'content-length',
  'host',
  'transfer-encoding',
  'via',
  'warning',
];

function readRemovedHeader(header: Property): string {
  const name = header.string().toLowerCase();
  if (unremovableHeaders.includes(name) || isDisallowedAtTheEdge(name)) {
    throw header.fault(`is "${header.string()}", which CloudFront lets no policy remove`);
  }
  return name;
}

/** The value of each header of a `SecurityHeadersConfig` (CloudFormation, AWS::CloudFront::ResponseHeadersPolicy). */
function securityHeaders(config: Property): ResponseHeadersPolicy['set'] {
  const headers: readonly [member: string, name: string, valueOf: (member: Property) => string][] = [
    ['ContentSecurityPolicy', 'Content-Security-Policy', (member) => member.get('ContentSecurityPolicy').string()],
    ['ContentTypeOptions', 'X-Content-Type-Options', () => 'nosniff'],
    ['FrameOptions', 'X-Frame-Options', (member) => member.get('FrameOption').string()],
    ['ReferrerPolicy', 'Referrer-Policy', (member) => member.get('ReferrerPolicy').string()],
    ['StrictTransportSecurity', 'Strict-Transport-Security', strictTransportSecurity],
    ['XSSProtection', 'X-XSS-Protection', crossSiteScriptingProtection],
  ];
  return headers.flatMap(([member, name, valueOf]) => {
    const property = config.get(member);
    return property.isMissing ? [] : [{ name, value: valueOf(property), override: property.get('Override').boolean() }];
  });
}

function strictTransportSecurity(member: Property): string {
  return [
    `max-age=${member.get('AccessControlMaxAgeSec').string()}`,
    ...(member.get('IncludeSubdomains').boolean() ? ['includeSubDomains'] : []),
    ...(member.get('Preload').boolean() ? ['preload'] : []),
  ].join('; ');
}

function crossSiteScriptingProtection(member: Property): string {
  const reportUri = member.get('ReportUri').optionalString();
  return [
    member.get('Protection').boolean() ? '1' : '0',
    ...(member.get('ModeBlock').boolean() ? ['mode=block'] : []),
    ...(reportUri === undefined ? [] : [`report=${reportUri}`]),
  ].join('; ');
}
