import type { OriginRequestPolicy, PolicyFilter, ResponseHeadersPolicy } from './deployment.ts';
import type { Property, TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/** CachingDisabled (CloudFront, Use managed cache policies). */
const cachingDisabled = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

const all: PolicyFilter = { kind: 'all', names: [] };
const none: PolicyFilter = { kind: 'none', names: [] };

/** CloudFront, Use managed origin request policies. */
const managedOriginRequestPolicies: Readonly<Record<string, OriginRequestPolicy>> = {
  'b689b0a8-53d0-40ab-baf2-68738e2966ac': {
    headers: { kind: 'except', names: ['host'] },
    cookies: all,
    queryStrings: all,
  },
  '216adef6-5c7f-47e4-b989-5492eafa07d3': { headers: all, cookies: all, queryStrings: all },
};

/** CloudFront, Use managed response headers policies. */
const managedResponseHeadersPolicies: Readonly<Record<string, ResponseHeadersPolicy>> = {
  '67f7725c-6f97-4210-82d7-5512b31e9d03': {
    set: [
      { name: 'Referrer-Policy', value: 'strict-origin-when-cross-origin', override: false },
      { name: 'Strict-Transport-Security', value: 'max-age=31536000', override: false },
      { name: 'X-Content-Type-Options', value: 'nosniff', override: true },
      { name: 'X-Frame-Options', value: 'SAMEORIGIN', override: false },
      { name: 'X-XSS-Protection', value: '1; mode=block', override: false },
    ],
    remove: [],
  },
};

/** Refuses a cache policy under which CloudFront would keep anything: the local chain has no cache. */
export function requireNoCaching(behaviour: Property, templates: Templates): void {
  const property = behaviour.get('CachePolicyId');
  const id = property.string();
  const policy = templates.findBy('AWS::CloudFront::CachePolicy', 'Ref', id);
  if (id !== cachingDisabled && policy?.get('CachePolicyConfig').get('MaxTTL').number(-1) !== 0) {
    throw property.fault(`is "${id}"; the local chain does not cache and needs CachingDisabled ("${cachingDisabled}")`);
  }
}

/** Reads the origin request policy of a behaviour; without one, nothing of the viewer's but the body is passed on. */
export function readOriginRequestPolicy(behaviour: Property, templates: Templates): OriginRequestPolicy {
  const property = behaviour.get('OriginRequestPolicyId');
  const id = property.optionalString();
  if (id === undefined) {
    return { headers: none, cookies: none, queryStrings: none };
  }
  const config = templates.findBy('AWS::CloudFront::OriginRequestPolicy', 'Ref', id)?.get('OriginRequestPolicyConfig');
  if (config === undefined) {
    const managed = managedOriginRequestPolicies[id];
    if (managed === undefined) {
      throw property.fault(`is "${id}", an origin request policy that the local chain does not know`);
    }
    return managed;
  }
  return {
    headers: readFilter(config.get('HeadersConfig'), 'HeaderBehavior', 'Headers'),
    cookies: readFilter(config.get('CookiesConfig'), 'CookieBehavior', 'Cookies'),
    queryStrings: readFilter(config.get('QueryStringsConfig'), 'QueryStringBehavior', 'QueryStrings'),
  };
}

/** Reads the response headers policy of a behaviour: security headers, custom headers, removed headers. */
export function readResponseHeadersPolicy(behaviour: Property, templates: Templates): ResponseHeadersPolicy {
  const property = behaviour.get('ResponseHeadersPolicyId');
  const id = property.optionalString();
  if (id === undefined) {
    return { set: [], remove: [] };
  }
  const policy = templates.findBy('AWS::CloudFront::ResponseHeadersPolicy', 'Ref', id);
  const managed = managedResponseHeadersPolicies[id];
  if (policy !== undefined) {
    return readCustomPolicy(policy);
  }
  if (managed === undefined) {
    throw property.fault(`is "${id}", a response headers policy that the local chain does not know`);
  }
  return managed;
}

function readCustomPolicy(policy: TemplateResource): ResponseHeadersPolicy {
  const config = policy.get('ResponseHeadersPolicyConfig');
  for (const name of ['CorsConfig', 'ServerTimingHeadersConfig']) {
    if (!config.get(name).isMissing) {
      throw config.get(name).fault('is set: the local chain does not emulate it');
    }
  }
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
    remove: config
      .get('RemoveHeadersConfig')
      .get('Items')
      .list()
      .map((item) => item.get('Header').string().toLowerCase()),
  };
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

function readFilter(config: Property, behaviourName: string, listName: string): PolicyFilter {
  const names = config
    .get(listName)
    .strings()
    .map((name) => (listName === 'Headers' ? name.toLowerCase() : name));
  const behaviour = config.get(behaviourName);
  const value = behaviour.string();
  switch (value) {
    case 'none':
      return none;
    case 'all':
    case 'allViewer':
      return all;
    case 'whitelist':
      return { kind: 'only', names };
    case 'allExcept':
      return { kind: 'except', names };
    default:
      throw behaviour.fault(`is "${value}", which the local chain does not emulate`);
  }
}
