import { createHash } from 'node:crypto';
import type { StackScope, TemplateResource } from './resource.ts';

/** Reads one value that CloudFormation would give after the deployment; `Ref` stands for the resource's own id. */
type AttributeReader = (resource: TemplateResource) => string;

/**
 * What the resources of the chain answer to `Ref` and `Fn::GetAtt`. Names and ids that AWS would invent are derived
 * from the stack and the logical id, so that they look like AWS's and are the same in every run.
 */
const attributes: Readonly<Record<string, Readonly<Record<string, AttributeReader>>>> = {
  'AWS::Lambda::Function': { Ref: functionName, Arn: functionArn },
  'AWS::Lambda::Version': { Ref: versionArn, FunctionArn: versionArn, Version: () => '1' },
  'AWS::Lambda::Alias': { Ref: aliasArn, AliasArn: aliasArn },
  'AWS::Lambda::Url': {
    Ref: urlFunctionArn,
    FunctionArn: urlFunctionArn,
    FunctionUrl: (url) => `https://${functionUrlId(url)}.lambda-url.${url.stack.region}.on.aws/`,
  },
  'AWS::CloudFront::Distribution': {
    Ref: distributionId,
    Id: distributionId,
    DomainName: (distribution) => `d${invented(distribution, 13).toLowerCase()}.cloudfront.net`,
  },
  'AWS::CloudFront::Function': {
    Ref: cloudFrontFunctionArn,
    FunctionARN: cloudFrontFunctionArn,
    'FunctionMetadata.FunctionARN': cloudFrontFunctionArn,
  },
  'AWS::CloudFront::OriginAccessControl': { Ref: policyId, Id: policyId },
  'AWS::CloudFront::CachePolicy': { Ref: policyId, Id: policyId },
  'AWS::CloudFront::OriginRequestPolicy': { Ref: policyId, Id: policyId },
  'AWS::CloudFront::ResponseHeadersPolicy': { Ref: policyId, Id: policyId },
  'AWS::BedrockAgentCore::Runtime': {
    Ref: runtimeId,
    AgentRuntimeId: runtimeId,
    AgentRuntimeArn: (runtime) => arn(runtime, 'bedrock-agentcore', `runtime/${runtimeId(runtime)}`),
    AgentRuntimeVersion: () => '1',
  },
  'AWS::Cognito::UserPool': {
    Ref: userPoolId,
    UserPoolId: userPoolId,
    Arn: (pool) => arn(pool, 'cognito-idp', `userpool/${userPoolId(pool)}`),
    ProviderName: (pool) => `cognito-idp.${pool.stack.region}.amazonaws.com/${userPoolId(pool)}`,
    ProviderURL: (pool) => `https://cognito-idp.${pool.stack.region}.amazonaws.com/${userPoolId(pool)}`,
  },
  'AWS::Cognito::UserPoolClient': { Ref: userPoolClientId, ClientId: userPoolClientId },
  'AWS::SecretsManager::Secret': { Ref: secretArn, Id: secretArn },
  'AWS::SSM::Parameter': {
    Ref: (parameter) => parameter.get('Name').string(),
    Value: (parameter) => parameter.get('Value').string(),
  },
  'AWS::Logs::LogGroup': {
    Ref: logGroupName,
    Arn: (group) => `${arn(group, 'logs', `log-group:${logGroupName(group)}`)}:*`,
  },
  'AWS::IAM::Role': { Ref: roleName, Arn: roleArn, RoleId: (role) => `AROA${invented(role, 17)}` },
  'AWS::IAM::ManagedPolicy': { Ref: managedPolicyArn, PolicyArn: managedPolicyArn },
  'AWS::WAFv2::WebACL': {
    Ref: (webAcl) => `${webAclName(webAcl)}|${policyId(webAcl)}|${webAcl.get('Scope').string()}`,
    Arn: webAclArn,
    Id: policyId,
  },
};

/** Lambda API, FunctionName: name, or partial ARN, with a qualifier or without. */
const functionNameParts = /^(?:\d{12}:)?(?:function:)?([^:]+)(?::(?<qualifier>.+))?$/u;

/** True where all attributes of a type are known that its resources have. */
export function hasKnownAttributes(type: string): boolean {
  return type in attributes;
}

/** A value for an attribute of a resource that is no part of the chain: of the form that most services give it. */
export function inventAttribute(resource: TemplateResource, attribute: string): string {
  const name = `${resource.stack.name}-${resource.logicalId}-${invented(resource, 12)}`.toLowerCase();
  const [, service = 'unknown', kind = 'resource'] = resource.type.toLowerCase().split('::');
  switch (attribute) {
    case 'Ref':
      return name;
    case 'Arn':
      return arn(resource, service, `${kind}/${name}`);
    default:
      return `${name}.${attribute}`;
  }
}

/** The value of `Ref` (attribute `Ref`) or `Fn::GetAtt`, or undefined where the local chain does not know it. */
export function attributeOf(resource: TemplateResource, attribute: string): string | undefined {
  return attributes[resource.type]?.[attribute]?.(resource);
}

/** The id in a Function URL's host name: 32 of `[a-z0-9]`. */
export function functionUrlId(url: TemplateResource): string {
  return invented(url, 32).toLowerCase();
}

/**
 * A function's ARN without its version or alias.
 *
 * @param nameOrArn a name, or an ARN, or one without what the stack's account and region say; with or without a qualifier
 */
export function unqualified(nameOrArn: string, stack: StackScope): string {
  const [, name = ''] = functionNameParts.exec(nameOrArn) ?? [];
  return nameOrArn.startsWith('arn:') ? nameOrArn.split(':').slice(0, 7).join(':') : lambdaArn(stack, name);
}

/** A function's ARN with the version or alias that is named, if any. */
export function qualified(nameOrArn: string, stack: StackScope): string {
  const qualifier = nameOrArn.startsWith('arn:')
    ? nameOrArn.split(':')[7]
    : functionNameParts.exec(nameOrArn)?.groups?.['qualifier'];
  return [unqualified(nameOrArn, stack), ...(qualifier === undefined ? [] : [qualifier])].join(':');
}

function lambdaArn({ partition, region, accountId }: StackScope, name: string): string {
  return `arn:${partition}:lambda:${region}:${accountId}:function:${name}`;
}

function functionName(lambda: TemplateResource): string {
  const given = lambda.get('FunctionName').optionalString();
  return given ?? `${lambda.stack.name}-${lambda.logicalId}`.slice(0, 51).concat('-', invented(lambda, 12));
}

function functionArn(lambda: TemplateResource): string {
  return arn(lambda, 'lambda', `function:${functionName(lambda)}`);
}

function aliasArn(alias: TemplateResource): string {
  return `${unqualified(alias.get('FunctionName').string(), alias.stack)}:${alias.get('Name').string()}`;
}

/** Which number a version has does not matter here: there is one code. */
function versionArn(version: TemplateResource): string {
  return `${unqualified(version.get('FunctionName').string(), version.stack)}:1`;
}

function urlFunctionArn(url: TemplateResource): string {
  const target = url.get('TargetFunctionArn').string();
  const qualifier = url.get('Qualifier').optionalString();
  return qualified(qualifier === undefined ? target : `${unqualified(target, url.stack)}:${qualifier}`, url.stack);
}

function distributionId(distribution: TemplateResource): string {
  return `E${invented(distribution, 13)}`;
}

function cloudFrontFunctionArn(viewerFunction: TemplateResource): string {
  const { partition, accountId } = viewerFunction.stack;
  return `arn:${partition}:cloudfront::${accountId}:function/${viewerFunction.get('Name').string()}`;
}

function policyId(policy: TemplateResource): string {
  const hex = digest(policy).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function runtimeId(runtime: TemplateResource): string {
  return `${runtime.get('AgentRuntimeName').string()}-${invented(runtime, 10)}`;
}

/** CloudFormation names a secret after its logical id, and Secrets Manager adds six characters to its ARN. */
function secretArn(secret: TemplateResource): string {
  const random = invented(secret, 18);
  const name = secret.get('Name').optionalString() ?? `${secret.logicalId}-${random.slice(0, 12)}`;
  return arn(secret, 'secretsmanager', `secret:${name}-${random.slice(12)}`);
}

function logGroupName(group: TemplateResource): string {
  return group.get('LogGroupName').optionalString() ?? `${group.stack.name}-${group.logicalId}`;
}

function roleName(role: TemplateResource): string {
  const given = role.get('RoleName').optionalString();
  return given ?? `${role.stack.name}-${role.logicalId}`.slice(0, 51).concat('-', invented(role, 12));
}

function roleArn(role: TemplateResource): string {
  const { partition, accountId } = role.stack;
  return `arn:${partition}:iam::${accountId}:role${role.get('Path').optionalString() ?? '/'}${roleName(role)}`;
}

function managedPolicyArn(policy: TemplateResource): string {
  const { partition, accountId } = policy.stack;
  const name = policy.get('ManagedPolicyName').optionalString() ?? `${policy.stack.name}-${policy.logicalId}`;
  return `arn:${partition}:iam::${accountId}:policy${policy.get('Path').optionalString() ?? '/'}${name}`;
}

function webAclName(webAcl: TemplateResource): string {
  return webAcl.get('Name').optionalString() ?? `${webAcl.logicalId}-${invented(webAcl, 12)}`;
}

function webAclArn(webAcl: TemplateResource): string {
  const scope = webAcl.get('Scope').string() === 'CLOUDFRONT' ? 'global' : 'regional';
  return arn(webAcl, 'wafv2', `${scope}/webacl/${webAclName(webAcl)}/${policyId(webAcl)}`);
}

function userPoolId(pool: TemplateResource): string {
  return `${pool.stack.region}_${invented(pool, 9)}`;
}

function userPoolClientId(client: TemplateResource): string {
  return invented(client, 26).toLowerCase();
}

function arn(resource: TemplateResource, service: string, path: string): string {
  const { partition, region, accountId } = resource.stack;
  return `arn:${partition}:${service}:${region}:${accountId}:${path}`;
}

/** Upper-case letters and digits, always the same for the same resource. */
function invented(resource: TemplateResource, length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  return Array.from(digest(resource).subarray(0, length), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
}

function digest(resource: TemplateResource): Buffer {
  return createHash('sha256').update(`${resource.stack.name}/${resource.logicalId}`).digest();
}
