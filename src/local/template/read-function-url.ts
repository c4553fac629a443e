import { attributeOf, functionUrlId } from './attributes.ts';
import type { DeployedFunctionUrl, CorsRules } from './deployment.ts';
import { findFunction, readFunction } from './read-function.ts';
import { findRefusal } from './read-permissions.ts';
import type { DistributionReading } from './reading.ts';
import type { Property, TemplateResource } from './resource.ts';

/** Methods that a Function URL lets other origins use; it answers OPTIONS itself (Lambda API, Cors). */
const corsMethods = ['GET', 'PUT', 'HEAD', 'POST', 'PATCH', 'DELETE', '*'] as const;

/** The longest time that a browser may keep a preflight's answer, in seconds (Lambda API, Cors). */
const maxMaxAge = 86_400;

/**
 * Reads a Function URL with its function, and whether CloudFront may invoke it.
 *
 * @throws LocalChainError where Lambda would not take it
 */
export function readFunctionUrl(url: TemplateResource, reading: DistributionReading): DeployedFunctionUrl {
  const { templates, notices } = reading;
  notices.inspect(url);
  const target = url.get('TargetFunctionArn');
  const lambda = findFunction(target, url.stack, reading);
  const authType = url.get('AuthType').oneOf(['AWS_IAM', 'NONE']);
  const invoked = attributeOf(url, 'FunctionArn') ?? '';
  const alias = templates.findBy('AWS::Lambda::Alias', 'Ref', invoked);
  if (alias !== undefined) {
    notices.inspect(alias);
  }
  const urlId = functionUrlId(url);
  return {
    urlId,
    domainName: `${urlId}.lambda-url.${url.stack.region}.on.aws`,
    region: url.stack.region,
    accountId: url.stack.accountId,
    function: readFunction(lambda, reading),
    authType,
    invokeMode: url.get('InvokeMode').oneOf(['RESPONSE_STREAM', 'BUFFERED'], 'BUFFERED'),
    cors: readCors(url.get('Cors')),
    refusal: findRefusal(invoked, authType, reading),
  };
}

function readCors(cors: Property): CorsRules | undefined {
  if (cors.isMissing) {
    return undefined;
  }
  return {
    allowCredentials: cors.get('AllowCredentials').boolean(),
    allowHeaders: cors
      .get('AllowHeaders')
      .strings()
      .map((name) => name.toLowerCase()),
    allowMethods: cors
      .get('AllowMethods')
      .list()
      .map((method) => method.oneOf(corsMethods)),
    allowOrigins: cors.get('AllowOrigins').strings(),
    exposeHeaders: cors.get('ExposeHeaders').strings(),
    maxAgeSeconds: cors.get('MaxAge').integer('Lambda', 0, maxMaxAge),
  };
}
