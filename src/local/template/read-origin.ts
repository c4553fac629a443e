import { originProperties } from './cloudfront-properties.ts';
import type { DeployedOrigin } from './deployment.ts';
import { applyRules } from './property-rules.ts';
import { readFunctionUrl } from './read-function-url.ts';
import type { DistributionReading } from './reading.ts';
import type { Property, TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/** Request headers that CloudFront adds for nobody (CloudFront, Add custom headers to origin requests). */
const forbiddenHeaders =
  /^(?:cache-control|connection|content-length|cookie|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|max-forwards|pragma|proxy-authorization|proxy-connection|range|request-range|te|trailer|transfer-encoding|upgrade|via|x-real-ip|x-amz-.*|x-edge-.*)$/iu;

/** The longest name and value of a header that CloudFront adds, and of all of them, in characters (CloudFront, Quotas on headers). */
const maxHeaderNameLength = 256;
const maxHeaderValueLength = 1783;
const maxHeadersLength = 10_240;

/** CloudFront's defaults, in seconds. */
const defaultReadTimeout = 30;
const defaultKeepAliveTimeout = 5;

/** The Function URL of the assembly that an origin is, or undefined where it is something else. */
export function findFunctionUrl(origin: Property, templates: Templates): TemplateResource | undefined {
  return templates.findBy('AWS::Lambda::Url', 'FunctionUrl', `https://${origin.get('DomainName').string()}/`);
}

/**
 * Reads an origin with the Function URL that it is. One that is something else is not reached from here, which is said.
 *
 * @throws LocalChainError where AWS would not take it
 */
export function readOrigin(origin: Property, reading: DistributionReading): DeployedOrigin {
  const { templates, notices } = reading;
  const url = findFunctionUrl(origin, templates);
  const domainName = origin.get('DomainName');
  if (url === undefined) {
    const text = `is "${domainName.string()}", no Function URL of this assembly: it is not reached from here, and viewers get 502`;
    notices.add(domainName.notice(text));
  } else {
    notices.add(...applyRules(origin, originProperties, templates));
  }
  origin.get('ConnectionTimeout').integer('CloudFront', 1, 10);
  const custom = origin.get('CustomOriginConfig');
  const readTimeout = custom.get('OriginReadTimeout').integer('CloudFront', 1, 120) ?? defaultReadTimeout;
  return {
    id: origin.get('Id').string(),
    domainName: domainName.string(),
    path: readPath(origin.get('OriginPath')),
    readTimeoutMs: readTimeout * 1000,
    completionTimeoutMs: readCompletionTimeout(origin.get('ResponseCompletionTimeout'), readTimeout),
    keepAliveTimeoutSeconds:
      custom.get('OriginKeepaliveTimeout').integer('CloudFront', 1, 120) ?? defaultKeepAliveTimeout,
    connectionAttempts: origin.get('ConnectionAttempts').integer('CloudFront', 1, 3) ?? 3,
    sslProtocols: custom.get('OriginSSLProtocols').strings(),
    customHeaders: readCustomHeaders(origin.get('OriginCustomHeaders')),
    signingBehavior: url === undefined ? undefined : readSigningBehavior(origin.get('OriginAccessControlId'), reading),
    functionUrl: url === undefined ? undefined : readFunctionUrl(url, reading),
  };
}

/** CloudFront, Origin path. */
function readPath(property: Property): string {
  const path = property.optionalString() ?? '';
  if (path !== '' && !/^\/.*[^/]$/u.test(path)) {
    throw property.fault(`is "${path}"; CloudFront takes a path that begins with a slash and does not end with one`);
  }
  return path;
}

/** In milliseconds; CloudFront takes none that is shorter than the read timeout (CloudFront API, Origin). */
function readCompletionTimeout(property: Property, readTimeout: number): number | undefined {
  const seconds = property.integer('CloudFront', 1, Infinity);
  if (seconds !== undefined && seconds < readTimeout) {
    throw property.fault(`is ${seconds}; CloudFront takes none below OriginReadTimeout, ${readTimeout}`);
  }
  return seconds === undefined ? undefined : seconds * 1000;
}

function readCustomHeaders(property: Property): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  let length = 0;
  for (const header of property.list()) {
    const [name, value] = [header.get('HeaderName'), header.get('HeaderValue')];
    if (forbiddenHeaders.test(name.string())) {
      throw name.fault(`is "${name.string()}", a header that CloudFront adds to no origin request`);
    }
    requireLength(name, maxHeaderNameLength);
    requireLength(value, maxHeaderValueLength);
    headers[name.string()] = value.string();
    length += name.string().length + value.string().length;
  }
  if (length > maxHeadersLength) {
    throw property.fault(`has ${length} characters in all; CloudFront takes ${maxHeadersLength}`);
  }
  return headers;
}

function requireLength(property: Property, max: number): void {
  const { length } = property.string();
  if (length > max) {
    throw property.fault(`has ${length} characters; CloudFront takes ${max}`);
  }
}

/** What signs requests to a Function URL (CloudFront API, OriginAccessControlConfig). */
function readSigningBehavior(
  accessControlId: Property,
  { templates, notices }: DistributionReading,
): string | undefined {
  const id = accessControlId.optionalString();
  if (id === undefined || id === '') {
    return undefined;
  }
  const resource = templates.findBy('AWS::CloudFront::OriginAccessControl', 'Ref', id);
  if (resource === undefined) {
    throw accessControlId.fault(`is "${id}", which no stack deploys`);
  }
  notices.inspect(resource);
  const config = resource.get('OriginAccessControlConfig');
  const type = config.get('OriginAccessControlOriginType');
  if (type.string() !== 'lambda') {
    throw type.fault(`is "${type.string()}"; a Function URL needs "lambda"`);
  }
  config.get('SigningProtocol').oneOf(['sigv4']);
  return config.get('SigningBehavior').oneOf(['always', 'never', 'no-override']);
}
