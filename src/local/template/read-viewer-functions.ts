import { associationsByEvent } from './associations.ts';
import type { DeployedBehaviour, DeployedViewerFunction } from './deployment.ts';
import type { Reading } from './reading.ts';
import type { Property } from './resource.ts';

/** The largest CloudFront Function that AWS takes, in bytes (CloudFront, Quotas on CloudFront Functions). */
const maxBytes = 10_240;

/**
 * Reads the CloudFront Functions of a behaviour.
 *
 * @throws LocalChainError where AWS would not take one
 */
export function readViewerFunctions(
  associations: Property,
  reading: Reading,
): Pick<DeployedBehaviour, 'viewerFunction' | 'viewerResponseFunction'> {
  const byEvent = associationsByEvent(associations, ['viewer-request', 'viewer-response']);
  return {
    viewerFunction: readViewerFunction(byEvent.get('viewer-request'), reading),
    viewerResponseFunction: readViewerFunction(byEvent.get('viewer-response'), reading),
  };
}

function readViewerFunction(
  association: Property | undefined,
  { templates, notices }: Reading,
): DeployedViewerFunction | undefined {
  if (association === undefined) {
    return undefined;
  }
  const arn = association.get('FunctionARN');
  const resource = templates.findBy('AWS::CloudFront::Function', 'Ref', arn.string());
  if (resource === undefined) {
    throw arn.fault(`is "${arn.string()}", which no stack deploys`);
  }
  notices.inspect(resource);
  const runtime = resource.get('FunctionConfig').get('Runtime');
  if (runtime.oneOf(['cloudfront-js-2.0', 'cloudfront-js-1.0']) === 'cloudfront-js-1.0') {
    notices.add(
      runtime.notice('is cloudfront-js-1.0; it runs here as cloudfront-js-2.0, which takes more of JavaScript'),
    );
  }
  const autoPublish = resource.get('AutoPublish');
  if (!autoPublish.boolean()) {
    notices.add(autoPublish.notice('is not true: on AWS the function is not LIVE, and no distribution takes it'));
  }
  const code = resource.get('FunctionCode');
  const size = Buffer.byteLength(code.string());
  if (size > maxBytes) {
    throw code.fault(`has ${size} bytes; CloudFront takes at most ${maxBytes}`);
  }
  return { name: resource.get('Name').string(), code: code.string() };
}
