import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { App, NestedStack, Stack } from 'aws-cdk-lib';
import { AgentRelay } from '../../src/cdk.ts';
import { findBundle } from '../../src/cdk/bundles.ts';
import { bodyHash } from '../../src/edge.ts';
import { listErrorKinds } from '../../src/errors.ts';
import {
  onlyResource,
  relayProps,
  resource,
  resourcesOf,
  synthesizeApp,
  synthesizeStack,
  templateOf,
} from './synthesize.ts';
import type { StackTemplate } from './synthesize.ts';

const home = synthesizeApp({});
const abroad = synthesizeApp({ CDK_DEFAULT_REGION: 'ap-northeast-1' });
const edgeStack = 'AgentcoreRelay-9DF83157-edge-ap-northeast-1';

test('needs one stack in us-east-1, and one more there from any other region', () => {
  assert.deepEqual(regionsOf(home), { AgentcoreRelay: 'us-east-1' });
  assert.deepEqual(regionsOf(abroad), { AgentcoreRelay: 'ap-northeast-1', [edgeStack]: 'us-east-1' });
});

test('takes the region of AWS_REGION where the command line has set none', () => {
  assert.equal(regionsOf(synthesizeApp({ AWS_REGION: 'eu-central-1' }))['AgentcoreRelay'], 'eu-central-1');
});

test('runs the function that signs bodies in us-east-1 and on what Lambda@Edge allows', () => {
  const { Code: code, ...properties } = onlyResource(templateOf(abroad, edgeStack), 'AWS::Lambda::Function').Properties;
  // No environment, no architecture, no layers, no VPC ("Restrictions on Lambda@Edge").
  assert.deepEqual(properties, {
    Description: 'Signs the body of requests to a Lambda Function URL, gives its challenges their name back',
    Handler: 'index.handler',
    LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: 'BodyHashLogGroup6453FC2E' } },
    MemorySize: 256,
    Role: { 'Fn::GetAtt': ['BodyHashRoleFF0E206C', 'Arn'] },
    Runtime: 'nodejs24.x',
    Timeout: 5,
  });
  const built = readFileSync(`${findBundle('body-hash').directory}/index.mjs`, 'utf8');
  assert.equal(abroad.readAsset((code as { S3Key: string }).S3Key, 'index.mjs'), built);
});

test("answers at the edge with a code and a status of the relay's own catalogue", async () => {
  const body = { inputTruncated: true, encoding: 'base64', data: 'YQ==' } as const;
  const request = { method: 'POST', headers: {}, body };
  const answer = await bodyHash({ Records: [{ cf: { config: { requestId: 'r1' }, request } }] });
  assert.ok('status' in answer);
  const { error } = JSON.parse(answer.body) as { readonly error: { readonly code: string } };
  assert.equal(listErrorKinds().find(({ code }) => code === error.code)?.status, Number(answer.status));
});

test('shows the body, and the answer of a relay that asks for credentials, to a numbered version of that function', () => {
  const version = Object.keys(templateOf(home, 'AgentcoreRelay').Resources).find((id) =>
    id.startsWith('RelayBodyHashFnCurrentVersion'),
  );
  assert.deepEqual(edgeAssociationsOf(templateOf(home, 'AgentcoreRelay')), [
    { EventType: 'origin-request', IncludeBody: true, LambdaFunctionARN: { Ref: version } },
    { EventType: 'origin-response', LambdaFunctionARN: { Ref: version } },
  ]);
  const reader = { 'Fn::GetAtt': ['RelayBodyHashArnReader3269D6DA', 'FunctionArn'] };
  assert.deepEqual(edgeAssociationsOf(templateOf(abroad, 'AgentcoreRelay')), [
    { EventType: 'origin-request', IncludeBody: true, LambdaFunctionARN: reader },
    { EventType: 'origin-response', LambdaFunctionARN: reader },
  ]);
});

test('runs nothing on the way back where nobody is asked for credentials', () => {
  const open = templateOf(synthesizeApp({}, { auth: 'anonymous' }), 'AgentcoreRelay');
  assert.deepEqual(
    (edgeAssociationsOf(open) as { readonly EventType: string }[]).map(({ EventType }) => EventType),
    ['origin-request'],
  );
});

test('lets that function write its own log, wherever it runs, and nothing else', () => {
  const template = templateOf(abroad, edgeStack);
  assert.deepEqual(onlyResource(template, 'AWS::IAM::Role').Properties, {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Action: 'sts:AssumeRole',
          Effect: 'Allow',
          Principal: { Service: ['edgelambda.amazonaws.com', 'lambda.amazonaws.com'] },
        },
      ],
      Version: '2012-10-17',
    },
  });
  assert.deepEqual(onlyResource(template, 'AWS::IAM::Policy').Properties['PolicyDocument'], {
    Statement: [
      {
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Effect: 'Allow',
        Resource: {
          'Fn::Join': [
            '',
            ['arn:aws:logs:*:', { Ref: 'AWS::AccountId' }, ':log-group:', { Ref: 'BodyHashLogGroup6453FC2E' }, ':*'],
          ],
        },
      },
    ],
    Version: '2012-10-17',
  });
  assert.deepEqual(resource(template, 'BodyHashLogGroup6453FC2E').Properties, { RetentionInDays: 30 });
});

test('names nothing that an account has only once alike in two regions', () => {
  const [here, there] = [home, abroad].map((assembly) => onlyNames(templateOf(assembly, 'AgentcoreRelay')).slice(0, 3));
  for (const name of here ?? []) assert.match(name, /us-east-1/u);
  assert.deepEqual(
    there,
    here?.map((name) => name.replace('us-east-1', 'ap-northeast-1')),
  );
});

test('takes two relays in one stack, each with a stack of its own in us-east-1', () => {
  const app = new App();
  const stack = new Stack(app, 'Two', { env: { region: 'eu-central-1' } });
  const relays = ['First', 'Second'].map((id) => new AgentRelay(stack, id, relayProps));
  const stackNames = app.synth().stacks.map(({ stackName }) => stackName);
  assert.equal(new Set(relays.map(({ url }) => url)).size, 2);
  assert.deepEqual(stackNames.toSorted(), [
    'Two',
    'Two-First-CA9D3B20-edge-eu-central-1',
    'Two-Second-D36B27E7-edge-eu-central-1',
  ]);
});

test('takes a relay in a nested stack', () => {
  const app = new App();
  const nested = new NestedStack(new Stack(app, 'Main', { env: { region: 'eu-central-1' } }), 'Nested');
  new AgentRelay(nested, 'Relay', relayProps);
  const edge = app.synth().stacks.find(({ stackName }) => stackName.endsWith('-edge-eu-central-1'));
  assert.ok(edge);
  const { Description } = edge.template as { readonly Description: unknown };
  // CloudFormation takes no function there.
  assert.equal(Description, 'The part of Main/Nested/Relay that has to be in us-east-1');
});

test('names nothing that an account has only once alike in two deployments of one app', () => {
  const names = ['production', 'staging'].map((stackName) => {
    const stack = new Stack(new App(), 'Chat', { env: { region: 'us-east-1' }, stackName });
    new AgentRelay(stack, 'Relay', relayProps);
    return onlyNames(synthesizeStack(stack));
  });
  assert.equal(new Set(names.flat()).size, 8, JSON.stringify(names));
});

test('fails at synth where the stack has no region', () => {
  assert.throws(() => new AgentRelay(new Stack(new App(), 'Anywhere'), 'Relay', relayProps), {
    message: `the stack "Anywhere" has no region; a relay needs one, such as env: { region: 'eu-central-1' }`,
  });
});

function regionsOf(assembly: typeof home): Record<string, string> {
  return Object.fromEntries(Object.entries(assembly.stacks).map(([name, { region }]) => [name, region]));
}

/** What CloudFront knows a relay's parts by, and what AWS WAF counts under where the firewall is in the same stack. */
function onlyNames(template: StackTemplate): string[] {
  const named = ['Function', 'OriginAccessControl', 'ResponseHeadersPolicy'].map((type) => {
    const properties = JSON.stringify(onlyResource(template, `AWS::CloudFront::${type}`).Properties);
    return /"Name":"([^"]+)"/u.exec(properties)?.[1] ?? assert.fail(`no name in ${properties}`);
  });
  const counted = resourcesOf(template, 'AWS::WAFv2::WebACL').map(
    ({ Properties }) => (Properties['VisibilityConfig'] as { readonly MetricName: string }).MetricName,
  );
  return [...named, ...counted];
}

function edgeAssociationsOf(template: StackTemplate): unknown {
  const config = resource(template, 'RelayDistributionF48850AF').Properties['DistributionConfig'];
  return (config as { readonly DefaultCacheBehavior: Record<string, unknown> }).DefaultCacheBehavior[
    'LambdaFunctionAssociations'
  ];
}
