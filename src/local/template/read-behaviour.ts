import type { DeployedBehaviour, DeployedOrigin } from './deployment.ts';
import { readEdgeFunctions } from './read-edge-functions.ts';
import { readOriginRequestPolicy, readResponseHeadersPolicy } from './read-policies.ts';
import { readViewerFunctions } from './read-viewer-functions.ts';
import type { DistributionReading } from './reading.ts';
import type { Property } from './resource.ts';

/** The three choices of methods (CloudFront API, AllowedMethods). */
const methodChoices = [
  ['GET', 'HEAD'],
  ['GET', 'HEAD', 'OPTIONS'],
  ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
];

/**
 * Reads one behaviour with its functions and policies.
 *
 * @throws LocalChainError where AWS would not take it, or the local chain cannot run it
 */
export function readBehaviour(
  behaviour: Property,
  pathPattern: string,
  origin: DeployedOrigin,
  reading: DistributionReading,
): DeployedBehaviour {
  requireOneKind(behaviour);
  return {
    pathPattern,
    allowedMethods: readMethods(behaviour.get('AllowedMethods')),
    origin,
    ...readViewerFunctions(behaviour.get('FunctionAssociations'), reading),
    ...readEdgeFunctions(behaviour.get('LambdaFunctionAssociations'), reading),
    originRequestPolicy: readOriginRequestPolicy(behaviour, reading, origin.functionUrl !== undefined),
    responseHeadersPolicy: readResponseHeadersPolicy(behaviour, reading),
  };
}

function readMethods(property: Property): readonly string[] {
  const methods = property.strings();
  if (methods.length === 0) {
    return ['GET', 'HEAD'];
  }
  if (
    !methodChoices.some(
      (choice) => new Set([...choice, ...methods]).size === choice.length && methods.length === choice.length,
    )
  ) {
    const choices = methodChoices.map((choice) => choice.join(', ')).join('; or ');
    throw property.fault(`is ${methods.join(', ')}; CloudFront takes ${choices}`);
  }
  return methods;
}

/** At the viewer's events a behaviour has functions of one kind only (CloudFront, Restrictions on all edge functions). */
function requireOneKind(behaviour: Property): void {
  const [viewerFunction] = behaviour.get('FunctionAssociations').list();
  const onLambda = behaviour
    .get('LambdaFunctionAssociations')
    .list()
    .map((association) => association.get('EventType'))
    .find((eventType) => eventType.string().startsWith('viewer-'));
  if (viewerFunction !== undefined && onLambda !== undefined) {
    throw onLambda.fault(
      `is "${onLambda.string()}", and the behaviour has a CloudFront Function; CloudFront does not combine the two at the viewer's events`,
    );
  }
}
