import { associationsByEvent } from './associations.ts';
import type { DeployedBehaviour, DeployedEdgeFunction } from './deployment.ts';
import { findFunction, readFunction } from './read-function.ts';
import { mayAssume } from './read-role.ts';
import type { DistributionReading } from './reading.ts';
import type { Property, TemplateResource } from './resource.ts';

/** The longest timeout of a Lambda@Edge function, in seconds, and its largest /tmp, in MB. */
const maxTimeout = 30;
const maxEphemeralStorage = 512;

/**
 * Reads the Lambda@Edge functions of a behaviour, of which one may be at several events.
 *
 * @throws LocalChainError where Lambda@Edge would not take one (CloudFront, Restrictions on Lambda@Edge)
 */
export function readEdgeFunctions(
  associations: Property,
  reading: DistributionReading,
): Pick<
  DeployedBehaviour,
  'viewerRequestEdgeFunction' | 'viewerResponseEdgeFunction' | 'originRequestFunction' | 'originResponseFunction'
> {
  const byEvent = associationsByEvent(associations, [
    'viewer-request',
    'origin-request',
    'origin-response',
    'viewer-response',
  ]);
  const atRequest = (event: 'viewer-request' | 'origin-request'): DeployedEdgeFunction | undefined =>
    readEdgeFunction(byEvent.get(event), reading);
  const atResponse = (event: 'viewer-response' | 'origin-response'): DeployedEdgeFunction | undefined => {
    const includeBody = byEvent.get(event)?.get('IncludeBody');
    if (includeBody?.boolean() === true) {
      throw includeBody.fault('is true; CloudFront takes it for request events only');
    }
    return readEdgeFunction(byEvent.get(event), reading);
  };
  return {
    viewerRequestEdgeFunction: atRequest('viewer-request'),
    viewerResponseEdgeFunction: atResponse('viewer-response'),
    originRequestFunction: atRequest('origin-request'),
    originResponseFunction: atResponse('origin-response'),
  };
}

function readEdgeFunction(
  association: Property | undefined,
  reading: DistributionReading,
): DeployedEdgeFunction | undefined {
  if (association === undefined) {
    return undefined;
  }
  const { templates, notices } = reading;
  const arn = association.get('LambdaFunctionARN');
  if (!/:\d+$/u.test(arn.string())) {
    throw arn.fault(`is "${arn.string()}"; Lambda@Edge needs a numbered version`);
  }
  const resource = findFunction(arn, reading.stack, reading);
  const deployed = readFunction(resource, reading);
  if (deployed.region !== 'us-east-1') {
    throw arn.fault(`leads to ${resource.toString()} in ${deployed.region}; Lambda@Edge takes functions of us-east-1`);
  }
  if (deployed.accountId !== reading.stack.accountId) {
    throw arn.fault(`leads to ${resource.toString()} of another account; CloudFront takes functions of its own`);
  }
  if (!mayAssume(deployed.role, 'edgelambda.amazonaws.com')) {
    throw resource
      .get('Role')
      .fault(`is ${deployed.role.name}, which edgelambda.amazonaws.com may not assume: Lambda@Edge would not take it`);
  }
  requireSupported(resource);
  const version = templates.findBy('AWS::Lambda::Version', 'Ref', arn.string());
  if (version !== undefined) {
    notices.inspect(version);
    requireSupportedVersion(version);
  }
  return { function: deployed, includeBody: association.get('IncludeBody').boolean() };
}

/** Features that Lambda@Edge does not have (CloudFront, Restrictions on Lambda@Edge, "Lambda features"). */
function requireSupported(lambda: TemplateResource): void {
  const refuse = (property: Property, what: string): never => {
    throw property.fault(`${what}; Lambda@Edge would not take the function`);
  };
  const [architecture = 'x86_64'] = lambda.get('Architectures').strings();
  if (architecture !== 'x86_64') {
    refuse(lambda.get('Architectures'), `is ${architecture}, not x86_64`);
  }
  if (lambda.get('Timeout').number(3) > maxTimeout) {
    refuse(lambda.get('Timeout'), `is ${lambda.get('Timeout').string()}, over ${maxTimeout} seconds`);
  }
  if (lambda.get('EphemeralStorage').get('Size').number(maxEphemeralStorage) > maxEphemeralStorage) {
    refuse(lambda.get('EphemeralStorage').get('Size'), `is over ${maxEphemeralStorage} MB`);
  }
  if (lambda.get('TracingConfig').get('Mode').optionalString() === 'Active') {
    refuse(lambda.get('TracingConfig').get('Mode'), 'is Active');
  }
  for (const property of [lambda.get('Layers'), lambda.get('VpcConfig').get('SubnetIds')]) {
    if (property.list().length > 0) {
      refuse(property, 'is set');
    }
  }
  for (const property of [lambda.get('DeadLetterConfig').get('TargetArn'), sourceKeyOf(lambda)]) {
    if (property?.isMissing === false) {
      refuse(property, 'is set');
    }
  }
  const variables = lambda.get('Environment').get('Variables');
  if (variables.names().length > 0) {
    refuse(variables, 'is set');
  }
  requireAutomaticUpdates(lambda.get('RuntimeManagementConfig').get('UpdateRuntimeOn'));
}

function requireSupportedVersion(version: TemplateResource): void {
  const concurrency = version.get('ProvisionedConcurrencyConfig');
  if (!concurrency.isMissing) {
    throw concurrency.fault('is set; Lambda@Edge would not take the version');
  }
  requireAutomaticUpdates(version.get('RuntimePolicy').get('UpdateRuntimeOn'));
}

function requireAutomaticUpdates(property: Property): void {
  const mode = property.optionalString() ?? 'Auto';
  if (mode !== 'Auto') {
    throw property.fault(`is ${mode}; Lambda@Edge takes Auto only`);
  }
}

/** Of a path in a template by hand there is no key. */
function sourceKeyOf(lambda: TemplateResource): Property | undefined {
  const code = lambda.get('Code');
  return typeof code.value() === 'string' ? undefined : code.get('SourceKMSKeyArn');
}
