import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf } from './attributes.ts';
import type { CloudAssembly } from './cloud-assembly.ts';
import type {
  DeployedBehaviour,
  DeployedDistribution,
  DeployedEdgeFunction,
  DeployedOrigin,
  DeployedViewerFunction,
} from './deployment.ts';
import { readFunctionByArn, readFunctionUrl } from './read-function.ts';
import { mayAssume } from './read-role.ts';
import { readOriginRequestPolicy, readResponseHeadersPolicy, requireNoCaching } from './read-policies.ts';
import type { Property, TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

interface Reading {
  readonly templates: Templates;
  readonly assembly: CloudAssembly;
  readonly distribution: TemplateResource;
  readonly distributionArn: string;
}

/** The largest CloudFront Function that AWS takes, in bytes (CloudFront, Quotas on CloudFront Functions). */
const maxViewerFunctionBytes = 10_240;

/** Reads the one distribution of the assembly, with all that its behaviours lead to. */
export function readDistribution(templates: Templates, assembly: CloudAssembly): DeployedDistribution {
  const [distribution, ...others] = templates.all('AWS::CloudFront::Distribution');
  if (distribution === undefined) {
    throw new LocalChainError(
      `no stack of "${assembly.directory}" has a resource of type AWS::CloudFront::Distribution: there is nothing to serve`,
    );
  }
  if (others.length > 0) {
    const found = [distribution, ...others].map((resource) => resource.toString()).join(', ');
    throw new LocalChainError(`the local chain serves one distribution, and the assembly has ${found}`);
  }
  const id = attributeOf(distribution, 'Ref') ?? distribution.logicalId;
  const { partition, accountId } = distribution.stack;
  const arn = `arn:${partition}:cloudfront::${accountId}:distribution/${id}`;
  const config = distribution.get('DistributionConfig');
  requireNoErrorPages(config);
  const reading: Reading = { templates, assembly, distribution, distributionArn: arn };
  const origins = new Map<string, DeployedOrigin>();
  const originOf = (behaviour: Property): DeployedOrigin => {
    const target = behaviour.get('TargetOriginId');
    const origin = origins.get(target.string()) ?? readOrigin(findOrigin(config, target), reading);
    origins.set(origin.id, origin);
    return origin;
  };
  return {
    logicalId: distribution.logicalId,
    id,
    arn,
    domainName: attributeOf(distribution, 'DomainName') ?? '',
    accountId,
    behaviours: [
      ...config
        .get('CacheBehaviors')
        .list()
        .map((behaviour) =>
          readBehaviour(behaviour, behaviour.get('PathPattern').string(), originOf(behaviour), reading),
        ),
      readBehaviour(config.get('DefaultCacheBehavior'), '*', originOf(config.get('DefaultCacheBehavior')), reading),
    ],
  };
}

/** How long an error is cached has no meaning without a cache; a page in its place would have. */
function requireNoErrorPages(config: Property): void {
  for (const response of config.get('CustomErrorResponses').list()) {
    if (!response.get('ResponsePagePath').isMissing) {
      throw response.get('ResponsePagePath').fault('is set: the local chain does not emulate error pages');
    }
  }
}

function findOrigin(config: Property, target: Property): Property {
  const id = target.string();
  const origin = config
    .get('Origins')
    .list()
    .find((candidate) => candidate.get('Id').string() === id);
  if (origin === undefined) {
    throw target.fault(`is "${id}", and the distribution has no such origin`);
  }
  return origin;
}

function readOrigin(origin: Property, reading: Reading): DeployedOrigin {
  const { templates, assembly, distributionArn } = reading;
  const domainName = origin.get('DomainName').string();
  const url = templates.findBy('AWS::Lambda::Url', 'FunctionUrl', `https://${domainName}/`);
  const custom = origin.get('CustomOriginConfig');
  const completionTimeout = origin.get('ResponseCompletionTimeout');
  return {
    id: origin.get('Id').string(),
    domainName,
    path: origin.get('OriginPath').optionalString() ?? '',
    readTimeoutMs: custom.get('OriginReadTimeout').number(30) * 1000,
    completionTimeoutMs: completionTimeout.isMissing ? undefined : completionTimeout.number(0) * 1000,
    keepAliveTimeoutSeconds: custom.get('OriginKeepaliveTimeout').number(5),
    connectionAttempts: origin.get('ConnectionAttempts').number(3),
    sslProtocols: custom.get('OriginSSLProtocols').strings(),
    customHeaders: Object.fromEntries(
      origin
        .get('OriginCustomHeaders')
        .list()
        .map((header) => [header.get('HeaderName').string(), header.get('HeaderValue').string()]),
    ),
    signingBehavior: readSigningBehavior(origin.get('OriginAccessControlId'), templates),
    functionUrl: url === undefined ? undefined : readFunctionUrl(url, templates, assembly, distributionArn),
  };
}

function readSigningBehavior(accessControlId: Property, templates: Templates): string | undefined {
  const id = accessControlId.optionalString();
  if (id === undefined || id === '') {
    return undefined;
  }
  const config = templates.findBy('AWS::CloudFront::OriginAccessControl', 'Ref', id)?.get('OriginAccessControlConfig');
  if (config === undefined) {
    throw accessControlId.fault(`is "${id}", which no stack deploys`);
  }
  const type = config.get('OriginAccessControlOriginType');
  if (type.string() !== 'lambda') {
    throw type.fault(`is "${type.string()}"; a Function URL needs "lambda"`);
  }
  return config.get('SigningBehavior').string();
}

function readBehaviour(
  behaviour: Property,
  pathPattern: string,
  origin: DeployedOrigin,
  reading: Reading,
): DeployedBehaviour {
  const { templates } = reading;
  requireNoCaching(behaviour, templates);
  const methods = behaviour.get('AllowedMethods').strings();
  return {
    pathPattern,
    allowedMethods: methods.length === 0 ? ['GET', 'HEAD'] : methods,
    origin,
    viewerFunction: readViewerFunction(behaviour, templates),
    ...readEdgeFunctions(behaviour, reading),
    originRequestPolicy: readOriginRequestPolicy(behaviour, templates),
    responseHeadersPolicy: readResponseHeadersPolicy(behaviour, templates),
  };
}

function readViewerFunction(behaviour: Property, templates: Templates): DeployedViewerFunction | undefined {
  const association = associationsOf(behaviour.get('FunctionAssociations'), ['viewer-request']).get('viewer-request');
  if (association === undefined) {
    return undefined;
  }
  const arn = association.get('FunctionARN');
  const resource = templates.findBy('AWS::CloudFront::Function', 'Ref', arn.string());
  if (resource === undefined) {
    throw arn.fault(`is "${arn.string()}", which no stack deploys`);
  }
  const runtime = resource.get('FunctionConfig').get('Runtime');
  if (runtime.string() !== 'cloudfront-js-2.0') {
    throw runtime.fault(`is "${runtime.string()}"; the local chain runs cloudfront-js-2.0`);
  }
  const code = resource.get('FunctionCode');
  const size = Buffer.byteLength(code.string());
  if (size > maxViewerFunctionBytes) {
    throw code.fault(`has ${size} bytes; CloudFront takes at most ${maxViewerFunctionBytes}`);
  }
  return { name: resource.get('Name').string(), code: code.string() };
}

/** Reads the functions at origin-request and origin-response, which may be one and the same. */
function readEdgeFunctions(
  behaviour: Property,
  reading: Reading,
): Pick<DeployedBehaviour, 'originRequestFunction' | 'originResponseFunction'> {
  const associations = associationsOf(behaviour.get('LambdaFunctionAssociations'), [
    'origin-request',
    'origin-response',
  ]);
  const response = associations.get('origin-response');
  if (response?.get('IncludeBody').boolean() === true) {
    throw response.get('IncludeBody').fault('is true; CloudFront takes it for request events only');
  }
  return {
    originRequestFunction: readEdgeFunction(associations.get('origin-request'), reading),
    originResponseFunction: readEdgeFunction(response, reading),
  };
}

/** Checks what Lambda@Edge demands of a function (CloudFront, Restrictions on Lambda@Edge) and reads it. */
function readEdgeFunction(association: Property | undefined, reading: Reading): DeployedEdgeFunction | undefined {
  if (association === undefined) {
    return undefined;
  }
  const arn = association.get('LambdaFunctionARN');
  if (!/:\d+$/u.test(arn.string())) {
    throw arn.fault(`is "${arn.string()}"; Lambda@Edge needs a numbered version`);
  }
  const lambda = readFunctionByArn(reading.templates, reading.assembly, arn.string(), reading.distribution);
  const faults = [
    lambda.region === 'us-east-1' ? undefined : `is deployed in ${lambda.region}, not in us-east-1`,
    lambda.architecture === 'x86_64' ? undefined : `has the architecture ${lambda.architecture}, not x86_64`,
    Object.keys(lambda.environment).length === 0 ? undefined : 'has environment variables',
    mayAssume(lambda.role, 'edgelambda.amazonaws.com')
      ? undefined
      : `has the role ${lambda.role.name}, which edgelambda.amazonaws.com may not assume`,
    lambda.timeoutMs <= 30_000 ? undefined : `has a timeout of ${lambda.timeoutMs / 1000} s, over 30 s`,
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) {
    throw arn.fault(`leads to ${lambda.logicalId}, which ${faults.join(' and ')}: Lambda@Edge would not take it`);
  }
  return { function: lambda, includeBody: association.get('IncludeBody').boolean() };
}

/** The associations by event type; CloudFront takes one function per event. */
function associationsOf(associations: Property, eventTypes: readonly string[]): ReadonlyMap<string, Property> {
  const byType = new Map<string, Property>();
  for (const association of associations.list()) {
    const eventType = association.get('EventType');
    if (!eventTypes.includes(eventType.string())) {
      throw eventType.fault(`is "${eventType.string()}"; the local chain runs ${eventTypes.join(' and ')} here`);
    }
    if (byType.has(eventType.string())) {
      throw eventType.fault(`is "${eventType.string()}" for a second time; CloudFront takes one function per event`);
    }
    byType.set(eventType.string(), association);
  }
  return byType;
}
