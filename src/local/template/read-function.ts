import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf, functionUrlId, unqualified } from './attributes.ts';
import type { CloudAssembly } from './cloud-assembly.ts';
import { functionCodeDirectory } from './code-directory.ts';
import type { DeployedFunction, DeployedFunctionUrl, DeployedRole, FunctionUrlCors } from './deployment.ts';
import { mayAssume, readRole } from './read-role.ts';
import type { Property, TemplateResource } from './resource.ts';
import type { Templates } from './templates.ts';

/** Finds a function by its ARN, qualified or not. */
export function readFunctionByArn(
  templates: Templates,
  assembly: CloudAssembly,
  functionArn: string,
  within: TemplateResource,
): DeployedFunction {
  const arn = unqualified(functionArn, within);
  const resource = templates.findBy('AWS::Lambda::Function', 'Arn', arn);
  if (resource === undefined) {
    throw new LocalChainError(`${within.toString()} refers to the function ${arn}, which no stack deploys`);
  }
  return readFunction(resource, templates, assembly, arn);
}

/**
 * Reads a Function URL with its function and with the two permissions that CloudFront needs since October 2025:
 * `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction` (Lambda, Control access to function URLs).
 */
export function readFunctionUrl(
  url: TemplateResource,
  templates: Templates,
  assembly: CloudAssembly,
  distributionArn: string,
): DeployedFunctionUrl {
  const lambda = readFunctionByArn(templates, assembly, url.get('TargetFunctionArn').string(), url);
  const urlId = functionUrlId(url);
  return {
    urlId,
    domainName: `${urlId}.lambda-url.${url.stack.region}.on.aws`,
    region: url.stack.region,
    accountId: url.stack.accountId,
    function: lambda,
    authType: readOneOf(url.get('AuthType'), ['AWS_IAM', 'NONE']),
    invokeMode: readOneOf(url.get('InvokeMode'), ['RESPONSE_STREAM', 'BUFFERED'], 'BUFFERED'),
    cors: readCors(url.get('Cors')),
    refusal: findRefusal(templates, lambda.arn, distributionArn),
  };
}

function readFunction(
  lambda: TemplateResource,
  templates: Templates,
  assembly: CloudAssembly,
  arn: string,
): DeployedFunction {
  const runtime = lambda.get('Runtime').string();
  if (!runtime.startsWith('nodejs')) {
    throw lambda.get('Runtime').fault(`is "${runtime}"; the local chain runs Node.js functions only`);
  }
  return {
    logicalId: lambda.logicalId,
    name: attributeOf(lambda, 'Ref') ?? lambda.logicalId,
    arn,
    codeDirectory: functionCodeDirectory(assembly, lambda),
    handler: lambda.get('Handler').string(),
    runtime,
    environment: lambda.get('Environment').get('Variables').record(),
    timeoutMs: lambda.get('Timeout').number(3) * 1000,
    memorySizeMb: lambda.get('MemorySize').number(128),
    architecture: lambda.get('Architectures').strings()[0] ?? 'x86_64',
    logFormat: lambda.get('LoggingConfig').get('LogFormat').optionalString() === 'JSON' ? 'JSON' : 'Text',
    reservedConcurrency: readReservedConcurrency(lambda.get('ReservedConcurrentExecutions')),
    role: readExecutionRole(lambda.get('Role'), templates),
    region: lambda.stack.region,
    accountId: lambda.stack.accountId,
  };
}

/** Lambda takes no function whose role it may not assume (Lambda, Defining permissions with an execution role). */
function readExecutionRole(property: Property, templates: Templates): DeployedRole {
  const role = readRole(property, templates);
  if (!mayAssume(role, 'lambda.amazonaws.com')) {
    throw property.fault(`is ${role.name}, which lambda.amazonaws.com may not assume: Lambda would not take it`);
  }
  return role;
}

function readReservedConcurrency(property: Property): number | undefined {
  return property.isMissing ? undefined : property.number(0);
}

function readCors(cors: Property): FunctionUrlCors | undefined {
  if (cors.isMissing) {
    return undefined;
  }
  const maxAge = cors.get('MaxAge');
  return {
    allowCredentials: cors.get('AllowCredentials').boolean(),
    allowHeaders: cors
      .get('AllowHeaders')
      .strings()
      .map((name) => name.toLowerCase()),
    allowMethods: cors.get('AllowMethods').strings(),
    allowOrigins: cors.get('AllowOrigins').strings(),
    exposeHeaders: cors.get('ExposeHeaders').strings(),
    maxAgeSeconds: maxAge.isMissing ? undefined : maxAge.number(0),
  };
}

function findRefusal(templates: Templates, functionArn: string, distributionArn: string): string | undefined {
  for (const action of ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction']) {
    const granted = templates
      .all('AWS::Lambda::Permission')
      .some((permission) => grants(permission, action, functionArn, distributionArn));
    if (!granted) {
      return `no AWS::Lambda::Permission gives ${action} to cloudfront.amazonaws.com with this distribution as its SourceArn`;
    }
  }
  return undefined;
}

function grants(permission: TemplateResource, action: string, functionArn: string, distributionArn: string): boolean {
  const sourceArn = permission.get('SourceArn').optionalString();
  return (
    permission.get('Action').string() === action &&
    permission.get('Principal').string() === 'cloudfront.amazonaws.com' &&
    unqualified(permission.get('FunctionName').string(), permission) === functionArn &&
    (sourceArn === undefined || matches(sourceArn, distributionArn)) &&
    [undefined, 'AWS_IAM'].includes(permission.get('FunctionUrlAuthType').optionalString())
  );
}

/** `SourceArn` is an `ArnLike` condition: `*` and `?` are wildcards. */
function matches(pattern: string, arn: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/gu, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'u').test(arn);
}

function readOneOf<Known extends string>(property: Property, known: readonly Known[], otherwise?: Known): Known {
  const found = property.optionalString() ?? otherwise;
  const value = known.find((candidate) => candidate === found);
  if (value === undefined) {
    throw property.fault(`is ${found === undefined ? 'missing' : `"${found}"`}; it must be ${known.join(' or ')}`);
  }
  return value;
}
