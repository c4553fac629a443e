import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf } from './attributes.ts';
import type { DeployedDistribution, DeployedOrigin } from './deployment.ts';
import { readBehaviour } from './read-behaviour.ts';
import { findFunctionUrl, readOrigin } from './read-origin.ts';
import type { DistributionReading, Reading } from './reading.ts';
import type { Property, TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/** The most behaviours of a distribution besides its default (CloudFront, Quotas). */
const maxBehaviours = 75;

/**
 * Reads the distribution that leads to a Function URL of the assembly, with all that its behaviours lead to.
 *
 * @throws LocalChainError where there is none, or several, or one that AWS would not take
 */
export function readDistribution(reading: Reading): DeployedDistribution {
  const distribution = findDistribution(reading);
  reading.notices.inspect(distribution);
  const id = attributeOf(distribution, 'Ref') ?? distribution.logicalId;
  const { partition, accountId } = distribution.stack;
  const arn = `arn:${partition}:cloudfront::${accountId}:distribution/${id}`;
  const config = distribution.get('DistributionConfig');
  checkConfig(config, reading);
  const within: DistributionReading = { ...reading, distributionArn: arn, stack: distribution.stack };
  const origins = new Map<string, DeployedOrigin>();
  const read = (behaviour: Property, pathPattern: string) => {
    const property = findOrigin(config, behaviour.get('TargetOriginId'), reading);
    const originId = property.get('Id').string();
    const origin = origins.get(originId) ?? readOrigin(property, within);
    origins.set(originId, origin);
    return readBehaviour(behaviour, pathPattern, origin, within);
  };
  return {
    logicalId: distribution.logicalId,
    id,
    arn,
    domainName: attributeOf(distribution, 'DomainName') ?? '',
    defaultRootObject: config.get('DefaultRootObject').optionalString(),
    aliases: [...config.get('Aliases').strings(), ...config.get('CNAMEs').strings()],
    accountId,
    behaviours: [
      ...config
        .get('CacheBehaviors')
        .list()
        .map((behaviour) => read(behaviour, behaviour.get('PathPattern').string())),
      read(config.get('DefaultCacheBehavior'), '*'),
    ],
  };
}

/** The one distribution with a Function URL of the assembly behind it; a staging one comes after the one that it is for. */
function findDistribution({ templates, assembly }: Reading): TemplateResource {
  const all = templates.all('AWS::CloudFront::Distribution');
  if (all.length === 0) {
    throw new LocalChainError(
      `no stack of "${assembly.directory}" has a resource of type AWS::CloudFront::Distribution: there is nothing to serve`,
    );
  }
  const serving = all.filter((distribution) => leadsToFunctionUrl(distribution, templates));
  const live = serving.filter((distribution) => !distribution.get('DistributionConfig').get('Staging').boolean());
  const [distribution, ...others] = live.length === 0 ? serving : live;
  if (distribution === undefined) {
    throw new LocalChainError(
      `no behaviour of ${listOf(all)} leads to an origin that is a Function URL of this assembly: there is nothing to run`,
    );
  }
  if (others.length > 0) {
    throw new LocalChainError(
      `the local chain serves one distribution with a Function URL behind it, and the assembly has ${listOf(serving)}`,
    );
  }
  return distribution;
}

function leadsToFunctionUrl(distribution: TemplateResource, templates: Templates): boolean {
  const config = distribution.get('DistributionConfig');
  const behaviours = [...config.get('CacheBehaviors').list(), config.get('DefaultCacheBehavior')];
  const targets = new Set(behaviours.map((behaviour) => originIdOf(config, behaviour.get('TargetOriginId').string())));
  return config
    .get('Origins')
    .list()
    .some((origin) => targets.has(origin.get('Id').string()) && findFunctionUrl(origin, templates) !== undefined);
}

function listOf(resources: readonly TemplateResource[]): string {
  return resources.map((resource) => resource.toString()).join(', ');
}

/** What concerns all behaviours. */
function checkConfig(config: Property, { notices }: Reading): void {
  const behaviours = config.get('CacheBehaviors');
  const count = behaviours.list().length;
  if (count > maxBehaviours) {
    throw behaviours.fault(`has ${count} behaviours; CloudFront takes ${maxBehaviours}`);
  }
  checkCertificate(config);
  checkWebAcl(config, notices.add);
  for (const response of config.get('CustomErrorResponses').list()) {
    const page = response.get('ResponsePagePath');
    if (!page.isMissing) {
      const code = response.get('ErrorCode').string();
      notices.add(page.notice(`is not run here: viewers see the ${code} itself, on AWS ${page.string()} in its place`));
    }
  }
}

/** Other names need a certificate for them, which is in us-east-1 (CloudFront, Requirements for alternate domain names). */
function checkCertificate(config: Property): void {
  const certificate = config.get('ViewerCertificate');
  const ofAcm = certificate.get('AcmCertificateArn');
  for (const names of [config.get('Aliases'), config.get('CNAMEs')]) {
    if (names.list().length > 0 && ofAcm.isMissing && certificate.get('IamCertificateId').isMissing) {
      throw names.fault('is set without a ViewerCertificate for these names; CloudFront demands one');
    }
  }
  const region = ofAcm.optionalString()?.split(':')[3] ?? 'us-east-1';
  if (region !== 'us-east-1') {
    throw ofAcm.fault(`is a certificate of ${region}; CloudFront takes those of us-east-1`);
  }
}

/** A web ACL is of scope CLOUDFRONT, which us-east-1 alone has (AWS WAF, Using AWS WAF with CloudFront); a classic one is an id. */
function checkWebAcl(config: Property, add: Reading['notices']['add']): void {
  const property = config.get('WebACLId');
  const arn = property.optionalString() ?? '';
  if (arn.startsWith('arn:') && !/^arn:[^:]+:wafv2:us-east-1:\d{12}:global\/webacl\//u.test(arn)) {
    throw property.fault(`is "${arn}"; CloudFront takes web ACLs of scope CLOUDFRONT, which are in us-east-1`);
  }
  if (arn !== '') {
    add(property.notice('is not run here: no request is counted or blocked by the web ACL'));
  }
}

/** An origin by its id; of a group the first one. */
function findOrigin(config: Property, target: Property, { notices }: Reading): Property {
  const id = originIdOf(config, target.string());
  const origin = config
    .get('Origins')
    .list()
    .find((candidate) => candidate.get('Id').string() === id);
  if (origin === undefined) {
    throw target.fault(`is "${target.string()}", and the distribution has no such origin`);
  }
  if (id !== target.string()) {
    const text = `is the origin group "${target.string()}", of which only "${id}" is asked here: there is no failover`;
    notices.add(target.notice(text));
  }
  return origin;
}

function originIdOf(config: Property, targetId: string): string {
  const group = config
    .get('OriginGroups')
    .get('Items')
    .list()
    .find((candidate) => candidate.get('Id').string() === targetId);
  return group?.get('Members').get('Items').list()[0]?.get('OriginId').string() ?? targetId;
}
