import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { LocalChainError } from '../local-chain-error.ts';
import { attributeOf, functionUrlId, unqualified } from './attributes.ts';
import type { CloudAssembly } from './cloud-assembly.ts';
import type { DeployedFunction, DeployedFunctionUrl } from './deployment.ts';
import type { TemplateResource } from './resource.ts';
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
  return readFunction(resource, assembly, arn);
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
  requireValue(url, 'AuthType', 'AWS_IAM');
  requireValue(url, 'InvokeMode', 'RESPONSE_STREAM');
  if (!url.get('Cors').isMissing) {
    throw url.get('Cors').fault('is set: the local chain does not answer CORS for a Function URL');
  }
  const lambda = readFunctionByArn(templates, assembly, url.get('TargetFunctionArn').string(), url);
  const urlId = functionUrlId(url);
  return {
    urlId,
    domainName: `${urlId}.lambda-url.${url.stack.region}.on.aws`,
    region: url.stack.region,
    accountId: url.stack.accountId,
    function: lambda,
    refusal: findRefusal(templates, lambda.arn, distributionArn),
  };
}

/** Folder of an asset by its S3 object key. */
export function assetDirectory(assembly: CloudAssembly, objectKey: string, owner: TemplateResource): string {
  const directory = assembly.assets.get(objectKey);
  if (directory === undefined) {
    throw new LocalChainError(
      `${owner.toString()} is deployed from "${objectKey}", which is no asset of this assembly`,
    );
  }
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new LocalChainError(
      `${owner.toString()} is deployed from ${path.relative(process.cwd(), directory)}, which is not a folder; build and synthesize again`,
    );
  }
  return directory;
}

function readFunction(lambda: TemplateResource, assembly: CloudAssembly, arn: string): DeployedFunction {
  const runtime = lambda.get('Runtime').string();
  if (!runtime.startsWith('nodejs')) {
    throw lambda.get('Runtime').fault(`is "${runtime}"; the local chain runs Node.js functions only`);
  }
  return {
    logicalId: lambda.logicalId,
    name: attributeOf(lambda, 'Ref') ?? lambda.logicalId,
    arn,
    codeDirectory: assetDirectory(assembly, lambda.get('Code').get('S3Key').string(), lambda),
    handler: lambda.get('Handler').string(),
    runtime,
    environment: lambda.get('Environment').get('Variables').record(),
    timeoutMs: lambda.get('Timeout').number(3) * 1000,
    memorySizeMb: lambda.get('MemorySize').number(128),
    architecture: lambda.get('Architectures').strings()[0] ?? 'x86_64',
    logFormat: lambda.get('LoggingConfig').get('LogFormat').optionalString() === 'JSON' ? 'JSON' : 'Text',
    region: lambda.stack.region,
    accountId: lambda.stack.accountId,
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

function requireValue(resource: TemplateResource, name: string, value: string): void {
  const property = resource.get(name);
  const found = property.optionalString();
  if (found !== value) {
    throw property.fault(`is ${found === undefined ? 'missing' : `"${found}"`}; the local chain needs "${value}"`);
  }
}
