import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Deployment } from '../../src/local/template/deployment.ts';
import { readDeployment } from '../../src/local/template/read-deployment.ts';
import { chainTemplate, editChainTemplate } from './chain-template.ts';
import type { TemplateEdit } from './chain-template.ts';
import { synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly, LooseResource } from './fixture-assembly.ts';

const environment = { accountId: '000000000000', region: 'us-west-2' };

let assembly: FixtureAssembly;
before(() => {
  assembly = synthesizeFixture();
});
after(() => assembly.remove());

test('reads the whole chain from a synthesized app, through the stack in us-east-1 too', async () => {
  const deployment = await readDeployment(assembly.directory, environment);
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
  const { origin, originRequestFunction, originResponseFunction, viewerFunction, ...others } =
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
      others,
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
        logLevel: undefined,
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
        logLevel: undefined,
        reservedConcurrency: undefined,
        role: undefined,
        region: 'ap-northeast-1',
        accountId: '000000000000',
      },
      others: {
        pathPattern: '*',
        viewerResponseFunction: undefined,
        viewerRequestEdgeFunction: undefined,
        viewerResponseEdgeFunction: undefined,
        allowedMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
        originRequestPolicy: {
          headers: { kind: 'except', names: ['host'] },
          cookies: { kind: 'all', names: [] },
          queryStrings: { kind: 'all', names: [] },
        },
        responseHeadersPolicy: {
          cors: undefined,
          set: [
            { name: 'X-Content-Type-Options', value: 'nosniff', override: true },
            { name: 'Strict-Transport-Security', value: 'max-age=31536000; includeSubDomains', override: true },
            { name: 'x-fixture', value: 'yes', override: false },
          ],
          remove: ['x-amzn-trace-id'],
        },
      },
    },
  );
});

test('names the permission that is missing, is for somebody else, or is for another distribution', async () => {
  const refusalWhere = async (action: string, edit: (resource: LooseResource) => LooseResource | undefined) =>
    refusalOf(
      await readEdited((resource) =>
        resource.Type === 'AWS::Lambda::Permission' && resource.Properties['Action'] === action
          ? edit(resource)
          : resource,
      ),
    );
  for (const action of ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction']) {
    const refusal = `no AWS::Lambda::Permission gives ${action} to cloudfront.amazonaws.com with this distribution as its SourceArn`;
    const another = 'arn:aws:cloudfront::000000000000:distribution/EOTHER';
    const any = 'arn:aws:cloudfront::000000000000:distribution/*';
    const withOther = (name: string, value: unknown) => refusalWhere(action, (one) => withProperty(one, name, value));
    assert.deepEqual(
      {
        gone: await refusalWhere(action, () => undefined),
        forBuckets: await withOther('Principal', 's3.amazonaws.com'),
        forAnother: await withOther('SourceArn', another),
        forAny: await withOther('SourceArn', any),
      },
      { gone: refusal, forBuckets: refusal, forAnother: refusal, forAny: undefined },
    );
  }
});

test('lets everybody in by both permissions where the URL has AuthType NONE, and nobody where one is for somebody', async () => {
  const readOpen = async (name: string, value: unknown): Promise<string | undefined> =>
    refusalOf(
      await readEdited((resource) => {
        switch (resource.Type) {
          case 'AWS::Lambda::Url':
            return withProperty(resource, 'AuthType', 'NONE');
          case 'AWS::Lambda::Permission': {
            const { SourceArn: _sourceArn, ...others } = resource.Properties;
            const open = { ...others, Principal: '*', FunctionUrlAuthType: undefined };
            return withProperty({ ...resource, Properties: open }, name, value);
          }
          default:
            return resource;
        }
      }),
    );
  const refusal = 'no AWS::Lambda::Permission gives lambda:InvokeFunctionUrl to everybody, Principal "*"';
  assert.deepEqual(
    {
      everybody: await readOpen('FunctionUrlAuthType', undefined),
      ofThisType: await readOpen('FunctionUrlAuthType', 'NONE'),
      ofAnother: await readOpen('FunctionUrlAuthType', 'AWS_IAM'),
      forCloudFront: await readOpen('Principal', 'cloudfront.amazonaws.com'),
      forAnAccount: await readOpen('SourceAccount', '000000000000'),
      allActions: await readOpen('Action', 'lambda:*'),
      anotherAction: await readOpen('Action', 'lambda:GetFunction'),
    },
    {
      everybody: undefined,
      ofThisType: undefined,
      ofAnother: refusal,
      forCloudFront: refusal,
      forAnAccount: refusal,
      allActions: undefined,
      anotherAction: refusal,
    },
  );
});

test('looks for the permissions of the alias that the URL is for', async () => {
  const chain = await editChainTemplate();
  const alias = { Ref: 'Live' };
  const read = async (edits: readonly TemplateEdit[]): Promise<string | undefined> =>
    refusalOf(
      await chain.read([['Url', 'Qualifier', 'live'], ...edits], (template) => {
        template.Resources['Live'] = {
          Type: 'AWS::Lambda::Alias',
          Properties: { FunctionName: { Ref: 'Function' }, FunctionVersion: '1', Name: 'live' },
        };
      }),
    );
  assert.deepEqual(
    {
      ofTheFunction: await read([]),
      ofTheAlias: await read([
        ['Invoke', 'FunctionName', alias],
        ['InvokeUrl', 'FunctionName', { 'Fn::Sub': '${Function}:live' }],
      ]),
    },
    {
      ofTheFunction:
        'no AWS::Lambda::Permission gives lambda:InvokeFunctionUrl to cloudfront.amazonaws.com with this distribution as its SourceArn',
      ofTheAlias: undefined,
    },
  );
  chain.remove();
});

test('reads a template by hand with its conditions, mappings and parameters, and an agent under any name', async () => {
  const chain = await editChainTemplate({ Stage: 'live', WithAgent: 'yes' });
  const { agent, agentRuntimeArn, agentRuntimeVariables, distribution, notices } = await chain.read([]);
  const url = distribution.behaviours[1]?.origin.functionUrl;
  assert.deepEqual(
    {
      agent: agent?.artifact,
      agentRuntimeVariables,
      notices,
      function: [url?.function.memorySizeMb, url?.function.timeoutMs, url?.function.reservedConcurrency],
      handler: url?.function.handler,
      environment: url?.function.environment,
      cors: url?.cors,
      old: distribution.behaviours[0]?.originRequestPolicy,
    },
    {
      agent: {
        kind: 'code',
        language: 'node',
        runtime: 'NODE_22',
        codeDirectory: path.resolve(path.dirname(chainTemplate), '../fixture-functions/agent'),
        entryPoint: ['main.mjs'],
      },
      agentRuntimeVariables: ['RUNTIME'],
      notices: [],
      function: [1024, 900_000, 100],
      handler: 'index.handler',
      environment: {
        GREETING: 'hello from chain in us-east-1',
        STAGE: 'live with an agent',
        RUNTIME: agentRuntimeArn,
      },
      cors: {
        allowCredentials: false,
        allowHeaders: [],
        allowMethods: ['GET', 'POST'],
        allowOrigins: ['https://app.example.com'],
        exposeHeaders: [],
        maxAgeSeconds: undefined,
      },
      old: {
        headers: { kind: 'only', names: ['accept'] },
        cookies: { kind: 'only', names: ['a'] },
        queryStrings: { kind: 'all', names: [] },
      },
    },
  );
  chain.remove();
});

test('reads what a response headers policy lets pages of other origins do, of its own or a managed one', async () => {
  const chain = await editChainTemplate();
  const corsOf = async (edit: TemplateEdit) =>
    (await chain.read([edit])).distribution.behaviours.at(-1)?.responseHeadersPolicy.cors;
  const items = (...names: readonly string[]): object => ({ Items: names });
  const own = await corsOf([
    'Headers',
    'ResponseHeadersPolicyConfig.CorsConfig',
    {
      AccessControlAllowCredentials: true,
      AccessControlAllowHeaders: items('X-Own'),
      AccessControlAllowMethods: items('ALL'),
      AccessControlAllowOrigins: items('https://app.example.com'),
      AccessControlMaxAgeSec: 600,
      OriginOverride: true,
    },
  ]);
  const managed = await corsOf([
    'Distribution',
    'DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId',
    '5cc3b908-e619-4b99-88e5-2cf7f45965bd',
  ]);
  const allMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
  assert.deepEqual(
    { own, managed },
    {
      own: {
        allowCredentials: true,
        allowHeaders: ['X-Own'],
        allowMethods: allMethods,
        allowOrigins: ['https://app.example.com'],
        exposeHeaders: [],
        maxAgeSeconds: 600,
        override: true,
      },
      managed: {
        allowCredentials: false,
        allowHeaders: [],
        allowMethods: allMethods,
        allowOrigins: ['*'],
        exposeHeaders: ['*'],
        maxAgeSeconds: undefined,
        override: false,
      },
    },
  );
  chain.remove();
});

test('reads how a function logs: all of it as text, and from INFO on as JSON where no level is named', async () => {
  const logging: unknown[] = [];
  for (const config of [{ LogFormat: 'Text', ApplicationLogLevel: 'WARN' }, { LogFormat: 'JSON' }]) {
    const { distribution } = await readEdited((resource) =>
      resource.Type === 'AWS::Lambda::Function' ? withProperty(resource, 'LoggingConfig', config) : resource,
    );
    const deployed = distribution.behaviours[0]?.origin.functionUrl?.function;
    logging.push([deployed?.logFormat, deployed?.logLevel]);
  }
  assert.deepEqual(logging, [
    ['Text', undefined],
    ['JSON', 'INFO'],
  ]);
});

test('says which asset or value of another stack the assembly lacks', async () => {
  await assert.rejects(
    readEdited((resource) =>
      resource.Type === 'AWS::Lambda::Function' ? withProperty(resource, 'Code', { S3Key: 'gone.zip' }) : resource,
    ),
    { name: 'LocalChainError', message: /is deployed from "gone.zip", which is no asset of this assembly$/u },
  );
  await assert.rejects(
    readEdited((resource) => (resource.Type === 'AWS::SSM::Parameter' ? undefined : resource)),
    {
      name: 'LocalChainError',
      message: /no stack in us-east-1 has the SSM parameter "\/cdk\/EdgeFunctionArn\/ap-northeast-1\/Front\/BodyHash"/u,
    },
  );
});

test('refuses a policy that removes what CloudFront lets no policy remove', async () => {
  for (const name of ['Via', 'X-Amzn-RequestId', 'X-Edge-Location']) {
    const edited = readEdited((resource) => {
      const copy = structuredClone(resource);
      if (copy.Type === 'AWS::CloudFront::ResponseHeadersPolicy') {
        const config = copy.Properties['ResponseHeadersPolicyConfig'] as { RemoveHeadersConfig: unknown };
        config.RemoveHeadersConfig = { Items: [{ Header: name }] };
      }
      return copy;
    });
    await assert.rejects(edited, {
      name: 'LocalChainError',
      message: new RegExp(`RemoveHeadersConfig\\..*Header is "${name}", which CloudFront lets no policy remove$`, 'u'),
    });
  }
});

test('says where there is no cloud assembly at all', async () => {
  await assert.rejects(readDeployment(path.join(assembly.directory, 'nowhere'), environment), {
    name: 'LocalChainError',
    message: /^there is no cloud assembly in ".+nowhere": manifest.json is missing; synthesize the CDK app first/u,
  });
});

function readEdited(edit: (resource: LooseResource) => LooseResource | undefined): Promise<Deployment> {
  return readDeployment(assembly.copyWith(edit), environment);
}

function refusalOf({ distribution }: Deployment): string | undefined {
  return distribution.behaviours.at(-1)?.origin.functionUrl?.refusal;
}

function withProperty(resource: LooseResource, name: string, value: unknown): LooseResource {
  return { ...resource, Properties: { ...resource.Properties, [name]: value } };
}

function nameOf(directory: string | undefined): string {
  return path.basename(directory ?? '').split('.')[0] ?? '';
}
