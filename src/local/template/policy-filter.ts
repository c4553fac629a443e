import type { OriginRequestPolicy, PolicyFilter } from './deployment.ts';
import type { Property } from './resource.ts';

/** Everything passes. */
export const all: PolicyFilter = { kind: 'all', names: [] };

/** Nothing passes. */
export const none: PolicyFilter = { kind: 'none', names: [] };

/** Nothing of a request passes but its body. */
export const nothing: OriginRequestPolicy = { headers: none, cookies: none, queryStrings: none };

/** Only these names pass; none where there are none. */
export function only(...names: readonly string[]): PolicyFilter {
  return names.length === 0 ? none : { kind: 'only', names };
}

/** What passes one of two policies: the cache key is part of every request to the origin (CloudFront, Control origin requests). */
export function eitherOf(one: OriginRequestPolicy, other: OriginRequestPolicy): OriginRequestPolicy {
  return {
    headers: union(one.headers, other.headers),
    cookies: union(one.cookies, other.cookies),
    queryStrings: union(one.queryStrings, other.queryStrings),
  };
}

/** Reads the filters of a cache policy's key or an origin request policy. */
export function readFilters(config: Property): OriginRequestPolicy {
  return {
    headers: readFilter(config.get('HeadersConfig'), 'HeaderBehavior', 'Headers'),
    cookies: readFilter(config.get('CookiesConfig'), 'CookieBehavior', 'Cookies'),
    queryStrings: readFilter(config.get('QueryStringsConfig'), 'QueryStringBehavior', 'QueryStrings'),
  };
}

/** Reads names of headers, in lower case. */
export function headerNames(list: Property): readonly string[] {
  return list.strings().map((name) => name.toLowerCase());
}

function readFilter(config: Property, behaviourName: string, listName: string): PolicyFilter {
  const list = config.get(listName);
  const names = listName === 'Headers' ? headerNames(list) : list.strings();
  const behaviour = config
    .get(behaviourName)
    .oneOf(['none', 'all', 'allViewer', 'allViewerAndWhitelistCloudFront', 'whitelist', 'allExcept']);
  switch (behaviour) {
    case 'none':
      return none;
    case 'all':
    case 'allViewer':
    case 'allViewerAndWhitelistCloudFront':
      return all;
    case 'whitelist':
      return only(...names);
    case 'allExcept':
      return { kind: 'except', names };
    default:
      return behaviour satisfies never;
  }
}

function union(one: PolicyFilter, other: PolicyFilter): PolicyFilter {
  if (one.kind === 'none' || other.kind === 'all') {
    return other;
  }
  if (other.kind === 'none' || one.kind === 'all') {
    return one;
  }
  if (one.kind === 'only' && other.kind === 'only') {
    return only(...new Set([...one.names, ...other.names]));
  }
  const [except, rest] = one.kind === 'except' ? [one, other] : [other, one];
  const isLeftOut = (name: string): boolean => rest.names.includes(name) === (rest.kind === 'except');
  const names = except.names.filter(isLeftOut);
  return names.length === 0 ? all : { kind: 'except', names };
}
