import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Deployment } from '../../src/local/template/deployment.ts';
import { readDeployment } from '../../src/local/template/read-deployment.ts';
import { synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly, LooseResource } from './fixture-assembly.ts';

const environment = { accountId: '000000000000', region: 'us-west-2' };

let assembly: FixtureAssembly;
before(() => {
  assembly = synthesizeFixture();
});
after(() => assembly.remove());

test('reads the whole chain from a synthesized app, through the stack in us-east-1 too', () => {
  const deployment = readDeployment(assembly.directory, environment);
  const { distribution, agent, agentRuntimeArn, agentRegion } = deployment;
  const [readOnly, standard] = distribution.behaviours;
  assert.deepEqual(
    {
      agentRuntimeArn: agentRuntimeArn?.replace(/[A-Z0-9]{10}$/u, '<id>'),
      agentRegion,
      agent: {
        ...agent,
        artifact:
          agent?.artifact.kind === 'code'
            ? { ...agent.artifact, codeDirectory: nameOf(agent.artifact.codeDirectory) }
            : agent?.artifact,
        logicalId: undefined,
      },
      distribution: [distribution.accountId, distribution.arn.replace(distribution.id, '<id>')],
      readOnly: [
        readOnly?.pathPattern,
        readOnly?.allowedMethods,
        readOnly?.viewerFunction,
        readOnly?.originRequestFunction,
      ],
    },
    {
      agentRuntimeArn: 'arn:aws:bedrock-agentcore:ap-northeast-1:000000000000:runtime/fixture_agent-<id>',
      agentRegion: 'ap-northeast-1',
      agent: {
        logicalId: undefined,
        artifact: {
          kind: 'code',
          language: 'node',
          runtime: 'NODE_22',
          codeDirectory: 'asset',
          entryPoint: ['main.mjs'],
        },
        environment: { MODEL: 'offline', BEDROCK_MODEL_ID: 'anthropic.claude' },
        contract: { protocol: 'HTTP', port: 8080, path: '/invocations' },
        qualifiers: ['DEFAULT'],
        headerAllowlist: [],
        idleTimeoutMs: 300_000,
        maxLifetimeMs: 3_600_000,
      },
      distribution: ['000000000000', 'arn:aws:cloudfront::000000000000:distribution/<id>'],
      readOnly: ['/read-only/*', ['GET', 'HEAD'], undefined, undefined],
    },
  );
  const functionUrl = standard?.origin.functionUrl;
  const { origin, originRequestFunction, originResponseFunction, viewerFunction, ...policies } =
    standard ?? assert.fail('there is no default behaviour');
  assert.match(viewerFunction?.code ?? '', /function handler\(event\)/u);
  assert.deepEqual(originResponseFunction, { function: originRequestFunction?.function, includeBody: false });
  assert.deepEqual(
    {
      edge: {
        ...originRequestFunction?.function,
        logicalId: '',
        name: '',
        arn: '',
        codeDirectory: nameOf(originRequestFunction?.function.codeDirectory),
        role: undefined,
      },
      includeBody: originRequestFunction?.includeBody,
      origin: { ...origin, id: '', domainName: '', functionUrl: undefined },
      functionUrl: { ...functionUrl, urlId: '', domainName: '', function: undefined },
      relay: {
        ...functionUrl?.function,
        logicalId: '',
        name: '',
        arn: '',
        codeDirectory: nameOf(functionUrl?.function.codeDirectory),
        role: undefined,
      },
      policies,
    },
    {
      edge: {
        logicalId: '',
        name: '',
        arn: '',
        codeDirectory: 'asset',
        handler: 'index.handler',
        runtime: 'nodejs24.x',
        environment: {},
        timeoutMs: 5000,
        memorySizeMb: 128,
        architecture: 'x86_64',
        logFormat: 'Text',
        reservedConcurrency: undefined,
        role: undefined,
        region: 'us-east-1',
        accountId: '000000000000',
      },
      includeBody: true,
      origin: {
        id: '',
        domainName: '',
        path: '',
        readTimeoutMs: 1000,
        completionTimeoutMs: undefined,
        keepAliveTimeoutSeconds: 60,
        connectionAttempts: 2,
        sslProtocols: ['TLSv1.2'],
        customHeaders: { 'x-origin-note': 'from the distribution' },
        signingBehavior: 'always',
        functionUrl: undefined,
      },
      functionUrl: {
        urlId: '',
        domainName: '',
        region: 'ap-northeast-1',
        accountId: '000000000000',
        function: undefined,
        authType: 'AWS_IAM',
        invokeMode: 'RESPONSE_STREAM',
        cors: undefined,
        refusal: undefined,
      },
      relay: {
        logicalId: '',
        name: '',
        arn: '',
        codeDirectory: 'asset',
        handler: 'index.handler',
        runtime: 'nodejs24.x',
        environment: { AGENT_RUNTIME_ARN: agentRuntimeArn },
        timeoutMs: 900_000,
        memorySizeMb: 512,
        architecture: 'arm64',
        logFormat: 'Text',
        reservedConcurrency: undefined,
        role: undefined,
        region: 'ap-northeast-1',
        accountId: '000000000000',
      },
      policies: {
        pathPattern: '*',
        allowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
        originRequestPolicy: {
          headers: { kind: 'except', names: ['host'] },
          cookies: { kind: 'all', names: [] },
          queryStrings: { kind: 'all', names: [] },
        },
        responseHeadersPolicy: {
          set: [
            { name: 'X-Content-Type-Options', value: 'nosniff', override: true },
            { name: 'Strict-Transport-Security', value: 'max-age=31536000; includeSubDomains', override: true },
            { name: 'x-fixture', value: 'yes', override: false },
          ],
          remove: ['x-amzn-requestid'],
        },
      },
    },
  );
});

test('names the permission that is missing, is for somebody else, or is for another distribution', () => {
  const refusalWhere = (action: string, edit: (resource: LooseResource) => LooseResource | undefined) =>
    refusalOf(
      readEdited((resource) =>
        resource.Type === 'AWS::Lambda::Permission' && resource.Properties['Action'] === action
          ? edit(resource)
          : resource,
      ),
    );
  for (const action of ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction']) {
    const refusal = `no AWS::Lambda::Permission gives ${action} to cloudfront.amazonaws.com with this distribution as its SourceArn`;
    const another = 'arn:aws:cloudfront::000000000000:distribution/EOTHER';
    assert.equal(
      refusalWhere(action, () => undefined),
      refusal,
    );
    assert.equal(
      refusalWhere(action, (permission) => withProperty(permission, 'Principal', 's3.amazonaws.com')),
      refusal,
    );
    assert.equal(
      refusalWhere(action, (permission) => withProperty(permission, 'SourceArn', another)),
      refusal,
    );
    assert.equal(
      refusalWhere(action, (permission) =>
        withProperty(permission, 'SourceArn', 'arn:aws:cloudfront::000000000000:distribution/*'),
      ),
      undefined,
    );
  }
});

test('says in a sentence what the template lacks, or has and the local chain does not run', () => {
  const faults: readonly [type: string, property: string, value: unknown, RegExp][] = [
    [
      'AWS::CloudFront::Distribution',
      '',
      undefined,
      /no stack of ".+" has a resource of type AWS::CloudFront::Distribution/u,
    ],
    [
      'AWS::Lambda::Url',
      'InvokeMode',
      'STREAM',
      /^resource RelayFunctionUrl\w+ \(AWS::Lambda::Url\) of stack Front: property InvokeMode is "STREAM"; it must be RESPONSE_STREAM or BUFFERED$/u,
    ],
    ['AWS::Lambda::Url', 'AuthType', undefined, /property AuthType is missing; it must be AWS_IAM or NONE$/u],
    [
      'AWS::Lambda::Function',
      'Handler',
      undefined,
      /\(AWS::Lambda::Function\) of stack .+: property Handler is missing$/u,
    ],
    [
      'AWS::Lambda::Function',
      'Runtime',
      'python3.13',
      /property Runtime is "python3.13"; the local chain runs Node.js functions only$/u,
    ],
    [
      'AWS::Lambda::Function',
      'Architectures',
      ['arm64'],
      /leads to BodyHash\w+, which has the architecture arm64, not x86_64: Lambda@Edge would not take it$/u,
    ],
    [
      'AWS::Lambda::Function',
      'Code',
      { S3Key: 'gone.zip' },
      /is deployed from "gone.zip", which is no asset of this assembly$/u,
    ],
    [
      'AWS::SSM::Parameter',
      '',
      undefined,
      /no stack in us-east-1 has the SSM parameter "\/cdk\/EdgeFunctionArn\/ap-northeast-1\/Front\/BodyHash"/u,
    ],
    [
      'AWS::CloudFront::Function',
      'FunctionCode',
      'x'.repeat(10_241),
      /property FunctionCode has 10241 bytes; CloudFront takes at most 10240$/u,
    ],
  ];
  for (const [type, property, value, message] of faults) {
    assert.throws(
      () =>
        readEdited((resource) => {
          if (resource.Type !== type) {
            return resource;
          }
          return property === '' ? undefined : withProperty(resource, property, value);
        }),
      { name: 'LocalChainError', message },
    );
  }
});

test('says which association of a function CloudFront would not take, or the local chain does not run', () => {
  const faults: readonly [list: string, edit: (associations: LooseAssociation[]) => LooseAssociation[], RegExp][] = [
    [
      'LambdaFunctionAssociations',
      ([request, response]) => [{ ...request, EventType: 'viewer-request' }, { ...response }],
      /LambdaFunctionAssociations\[0\].EventType is "viewer-request"; the local chain runs origin-request and origin-response here$/u,
    ],
    [
      'LambdaFunctionAssociations',
      ([request]) => [{ ...request }, { ...request }],
      /LambdaFunctionAssociations\[1\].EventType is "origin-request" for a second time; CloudFront takes one function per event$/u,
    ],
    [
      'LambdaFunctionAssociations',
      ([request, response]) => [{ ...request }, { ...response, IncludeBody: true }],
      /LambdaFunctionAssociations\[1\].IncludeBody is true; CloudFront takes it for request events only$/u,
    ],
    [
      'FunctionAssociations',
      ([request]) => [{ ...request }, { ...request, EventType: 'viewer-response' }],
      /FunctionAssociations\[1\].EventType is "viewer-response"; the local chain runs viewer-request here$/u,
    ],
  ];
  for (const [list, edit, message] of faults) {
    assert.throws(
      () =>
        readEdited((resource) => {
          const copy = structuredClone(resource);
          const config = copy.Properties['DistributionConfig'] as { DefaultCacheBehavior: Associations } | undefined;
          if (copy.Type === 'AWS::CloudFront::Distribution' && config !== undefined) {
            config.DefaultCacheBehavior[list] = edit(config.DefaultCacheBehavior[list] ?? []);
          }
          return copy;
        }),
      { name: 'LocalChainError', message },
    );
  }
});

test('says where there is no cloud assembly at all', () => {
  assert.throws(() => readDeployment(path.join(assembly.directory, 'nowhere'), environment), {
    name: 'LocalChainError',
    message: /^there is no cloud assembly in ".+nowhere": manifest.json is missing; synthesize the CDK app first/u,
  });
});

interface LooseAssociation {
  EventType?: string;
  IncludeBody?: boolean;
}

type Associations = Record<string, LooseAssociation[] | undefined>;

function readEdited(edit: (resource: LooseResource) => LooseResource | undefined): Deployment {
  return readDeployment(assembly.copyWith(edit), environment);
}

function refusalOf({ distribution }: Deployment): string | undefined {
  return distribution.behaviours[0]?.origin.functionUrl?.refusal;
}

function withProperty(resource: LooseResource, name: string, value: unknown): LooseResource {
  return { ...resource, Properties: { ...resource.Properties, [name]: value } };
}

function nameOf(directory: string | undefined): string {
  return path.basename(directory ?? '').split('.')[0] ?? '';
}
