/** What a template has and is not run here is said at the start, by resource and property. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Notice } from '../../src/local/template/deployment.ts';
import { editChainTemplate } from './chain-template.ts';
import type { EditedTemplate, TemplateEdit } from './chain-template.ts';

let chain: EditedTemplate;
before(async () => {
  chain = await editChainTemplate({ WithAgent: 'yes' });
});
after(() => chain.remove());

const config = 'DistributionConfig';
const origin = `${config}.Origins.0`;
const behaviour = `${config}.DefaultCacheBehavior`;
const webAcl = 'arn:aws:wafv2:us-east-1:000000000000:global/webacl/firewall/1';
const layer = 'arn:aws:lambda:us-east-1:1:layer:l:1';
const nothingKept = 'here nothing is kept or compressed, and every request reaches the origin';

/** An edit, and what is said of it: the path of the property where it is another one, and the words. */
const rows: readonly (readonly [edit: TemplateEdit, said: readonly [property: string, text: string]])[] = [
  [
    ['Distribution', `${config}.WebACLId`, webAcl],
    [`${config}.WebACLId`, 'is not run here: no request is counted or blocked by the web ACL'],
  ],
  [
    ['Distribution', `${config}.Enabled`, false],
    [`${config}.Enabled`, 'is false: on AWS the distribution answers nobody'],
  ],
  [
    ['Distribution', `${config}.Staging`, true],
    [`${config}.Staging`, 'is true: on AWS only requests that a continuous deployment policy chooses come here'],
  ],
  [
    ['Distribution', `${config}.ContinuousDeploymentPolicyId`, 'policy'],
    [
      `${config}.ContinuousDeploymentPolicyId`,
      'is not run here: on AWS a part of the requests goes to the staging distribution',
    ],
  ],
  [
    [
      'Distribution',
      `${config}.CustomErrorResponses`,
      [{ ErrorCode: 403, ResponsePagePath: '/index.html', ResponseCode: 200 }],
    ],
    [
      `${config}.CustomErrorResponses[0].ResponsePagePath`,
      'is not run here: viewers see the 403 itself, on AWS /index.html in its place',
    ],
  ],
  [
    ['Distribution', `${config}.Restrictions.GeoRestriction`, { RestrictionType: 'whitelist', Locations: ['JP'] }],
    [`${config}.Restrictions.GeoRestriction.RestrictionType`, 'is not run here: viewers of every country are served'],
  ],
  [
    ['Distribution', `${config}.ViewerMtlsConfig`, { Mode: 'required' }],
    [`${config}.ViewerMtlsConfig`, 'is not run here: there is no TLS, and viewers need no certificate'],
  ],
  [
    ['Distribution', `${behaviour}.TrustedKeyGroups`, ['group']],
    [
      `${behaviour}.TrustedKeyGroups`,
      'is not run here: CloudFront answers 403 to viewers without a signed URL or cookie',
    ],
  ],
  [
    ['Distribution', `${behaviour}.FieldLevelEncryptionId`, 'id'],
    [`${behaviour}.FieldLevelEncryptionId`, 'is not run here: the fields reach the function as the viewer wrote them'],
  ],
  [
    ['Distribution', `${behaviour}.GrpcConfig.Enabled`, true],
    [`${behaviour}.GrpcConfig.Enabled`, 'is not run here: the local chain speaks HTTP/1.1'],
  ],
  [
    ['Distribution', `${behaviour}.CachePolicyId`, '658327ea-f89d-4fab-a63d-7e88639e58f6'],
    [`${behaviour}.CachePolicyId`, `is CachingOptimized, under which CloudFront keeps answers: ${nothingKept}`],
  ],
  [
    ['Distribution', `${behaviour}.OriginRequestPolicyId`, '33f36d7e-f396-46d9-90e0-52428a34d9dc'],
    [
      `${behaviour}.OriginRequestPolicyId`,
      'is AllViewerAndCloudFrontHeaders-2022-06: here no header is CloudFront-Viewer-…',
    ],
  ],
  [
    ['Distribution', `${config}.CacheBehaviors.0.MaxTTL`, 60],
    [
      `${config}.CacheBehaviors[0].ForwardedValues`,
      `is set without a MaxTTL of 0, so that CloudFront keeps answers: ${nothingKept}`,
    ],
  ],
  [
    ['Distribution', `${origin}.OriginShield`, { Enabled: true, OriginShieldRegion: 'us-east-1' }],
    [`${config}.Origins[0].OriginShield.Enabled`, 'is not run here: requests go to the origin without the extra hop'],
  ],
  [
    ['Distribution', `${origin}.CustomOriginConfig.OriginProtocolPolicy`, 'http-only'],
    [
      `${config}.Origins[0].CustomOriginConfig.OriginProtocolPolicy`,
      'is http-only, and Function URLs speak HTTPS: on AWS the origin does not answer',
    ],
  ],
  [
    ['Keys', 'CachePolicyConfig.MaxTTL', 60],
    [`${behaviour}.CachePolicyId`, `is the policy Keys, under which CloudFront keeps answers: ${nothingKept}`],
  ],
  [
    [
      'Forwarding',
      'OriginRequestPolicyConfig.HeadersConfig',
      { HeaderBehavior: 'allViewerAndWhitelistCloudFront', Headers: ['CloudFront-Viewer-Country'] },
    ],
    [
      'OriginRequestPolicyConfig.HeadersConfig.Headers',
      'has CloudFront-Viewer-Country, which CloudFront makes of the viewer: here nobody makes them',
    ],
  ],
  [
    ['Headers', 'ResponseHeadersPolicyConfig.ServerTimingHeadersConfig.Enabled', true],
    ['ResponseHeadersPolicyConfig.ServerTimingHeadersConfig.Enabled', 'is not run here: no answer has Server-Timing'],
  ],
  [
    ['ViewerRequest', 'AutoPublish', false],
    ['AutoPublish', 'is not true: on AWS the function is not LIVE, and no distribution takes it'],
  ],
  [
    ['ViewerRequest', 'FunctionConfig.Runtime', 'cloudfront-js-1.0'],
    [
      'FunctionConfig.Runtime',
      'is cloudfront-js-1.0; it runs here as cloudfront-js-2.0, which takes more of JavaScript',
    ],
  ],
  [
    ['ViewerRequest', 'FunctionConfig.KeyValueStoreAssociations', [{ KeyValueStoreARN: 'arn' }]],
    ['FunctionConfig.KeyValueStoreAssociations', 'is not run here: a function that reads a key value store fails'],
  ],
  [
    ['Function', 'VpcConfig', { SubnetIds: ['subnet-1'] }],
    ['VpcConfig', "is not run here: the function reaches what this machine's network reaches"],
  ],
  [
    ['Function', 'Layers', [layer]],
    ['Layers', 'is not there for the function: what it takes from a layer is missing'],
  ],
  [
    ['Function', 'FileSystemConfigs', [{ Arn: 'arn', LocalMountPath: '/mnt/a' }]],
    ['FileSystemConfigs', "is not mounted here: the function sees this machine's files"],
  ],
  [
    ['Function', 'Runtime', 'nodejs20.x'],
    ['Runtime', `is nodejs20.x; the function runs on Node.js ${process.versions.node.split('.')[0]} here`],
  ],
  [
    ['Function', 'Environment.Variables.SECRET', '{{resolve:secretsmanager:key}}'],
    [
      'Environment.Variables.SECRET',
      'has {{resolve:secretsmanager:key}}, which only a deployment resolves: here it is this text',
    ],
  ],
  [
    ['Agent', 'NetworkConfiguration.NetworkMode', 'VPC'],
    ['NetworkConfiguration.NetworkMode', "is VPC; the agent runs in this machine's network"],
  ],
  [
    ['Agent', 'FilesystemConfigurations', [{ SessionStorage: { MountPath: '/mnt/a' } }]],
    ['FilesystemConfigurations', 'is not mounted: the agent sees the file system of this machine'],
  ],
  [
    ['Agent', 'AuthorizerConfiguration', { CustomJWTAuthorizer: { DiscoveryUrl: 'https://a' } }],
    [
      'AuthorizerConfiguration',
      'is not run here: on AWS the runtime takes tokens of its issuer and no signed requests, such as those of a role',
    ],
  ],
];

for (const [edit, [property, text]] of rows) {
  test(`says that ${property} of ${edit[0]} ${text.split(/[:;,]/u, 1)[0]}`, async () => {
    const { notices } = await chain.read([edit]);
    const resource = property.startsWith(config) ? 'Distribution' : edit[0];
    assert.deepEqual(notices.map(withoutStack), [[resource, property, text]]);
  });
}

test('says of a property that no table names that it is not known, wherever it stands', async () => {
  const places: readonly (readonly [resource: string, path: string])[] = [
    ['Distribution', config],
    ['Distribution', behaviour],
    ['Distribution', `${config}.Origins.0.CustomOriginConfig`],
    ['Distribution', 'Top'],
    ['Function', 'LoggingConfig'],
    ['BodyHashVersion', 'Top'],
    ['Url', 'Cors'],
    ['Invoke', 'Top'],
    ['ViewerRequest', 'FunctionConfig'],
    ['AccessControl', 'OriginAccessControlConfig'],
    ['Keys', 'CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin'],
    ['Forwarding', 'OriginRequestPolicyConfig'],
    ['Headers', 'ResponseHeadersPolicyConfig.SecurityHeadersConfig.FrameOptions'],
    ['Role', 'Top'],
    ['Agent', 'LifecycleConfiguration'],
  ];
  for (const [resource, place] of places) {
    const path = place === 'Top' ? 'Unheard' : `${place}.Unheard`;
    const { notices } = await chain.read([[resource, path, { Of: 1 }]]);
    assert.deepEqual(notices.map(withoutStack), [
      [resource, path.replaceAll(/\.(\d+)/gu, '[$1]'), 'is not known to the local chain'],
    ]);
  }
});

test('says nothing of a resource that requests do not meet, and of what is set to what it is anyway', async () => {
  const { notices } = await chain.read(
    [
      ['Distribution', `${config}.WebACLId`, ''],
      ['Distribution', `${config}.Restrictions.GeoRestriction.RestrictionType`, 'none'],
      ['Distribution', `${config}.Staging`, 'false'],
      ['Distribution', `${behaviour}.TrustedKeyGroups`, []],
      ['Distribution', `${config}.Logging`, { Bucket: 'logs', Prefix: 'cdn/' }],
      ['Function', 'VpcConfig', { Ref: 'AWS::NoValue' }],
    ],
    (template) => {
      template.Resources['Elsewhere'] = {
        Type: 'AWS::Lambda::Function',
        Properties: { Runtime: 'python3.13', VpcConfig: { SubnetIds: ['subnet-1'] }, Unheard: true },
      };
    },
  );
  assert.deepEqual(notices, []);
});

test("names a native module of a function's or an agent's bundle that does not fit what it is deployed to", async (t) => {
  const bundle = mkdtempSync(path.join(tmpdir(), 'native-'));
  t.after(() => rmSync(bundle, { recursive: true }));
  writeFileSync(path.join(bundle, 'addon.node'), Buffer.from(`cffaedfe${'00'.repeat(16)}`, 'hex'));
  const { notices } = await chain.read([['Function', 'Code', bundle]]);
  assert.deepEqual(notices.map(withoutStack)[0], [
    'Function',
    'Code',
    'holds addon.node, a native module for darwin: it cannot be loaded where it is deployed, on linux x86_64',
  ]);
  const ofAgent = await chain.read([['Agent', 'AgentRuntimeArtifact.CodeConfiguration.Code', bundle]]);
  assert.match(ofAgent.notices[0]?.text ?? '', /^holds addon\.node, a native module for darwin: /u);
});

test('names the resource that a variable is of and that nobody runs here', async () => {
  const { distribution, notices } = await chain.read(
    [['Function', 'Environment.Variables.TABLE', { Ref: 'Table' }]],
    (template) => {
      template.Resources['Table'] = { Type: 'AWS::DynamoDB::Table', Properties: {} };
    },
  );
  assert.deepEqual(notices.map(withoutStack), [
    [
      'Function',
      'Environment.Variables.TABLE',
      'names resource Table (AWS::DynamoDB::Table) of stack chain, which is not run here',
    ],
  ]);
  assert.match(
    distribution.behaviours[0]?.origin.functionUrl?.function.environment['TABLE'] ?? '',
    /^chain-table-\w{12}$/u,
  );
});

test('serves the other behaviours where an origin is no Function URL, and follows an origin group to its first origin', async () => {
  const { distribution, notices } = await chain.read([
    ['Distribution', `${config}.Origins.1`, { Id: 'bucket', DomainName: 'site.s3.amazonaws.com', S3OriginConfig: {} }],
    ['Distribution', `${config}.CacheBehaviors.0.TargetOriginId`, 'bucket'],
    [
      'Distribution',
      `${config}.OriginGroups`,
      {
        Quantity: 1,
        Items: [{ Id: 'group', Members: { Quantity: 2, Items: [{ OriginId: 'function' }, { OriginId: 'bucket' }] } }],
      },
    ],
    ['Distribution', `${behaviour}.TargetOriginId`, 'group'],
  ]);
  assert.deepEqual(
    distribution.behaviours.map(({ pathPattern, origin: { id, functionUrl } }) => [
      pathPattern,
      id,
      functionUrl === undefined,
    ]),
    [
      ['/old/*', 'bucket', true],
      ['*', 'function', false],
    ],
  );
  assert.deepEqual(notices.map(withoutStack), [
    [
      'Distribution',
      `${config}.Origins[1].DomainName`,
      'is "site.s3.amazonaws.com", no Function URL of this assembly: it is not reached from here, and viewers get 502',
    ],
    [
      'Distribution',
      `${behaviour}.TargetOriginId`,
      'is the origin group "group", of which only "function" is asked here: there is no failover',
    ],
  ]);
});

test('serves the one of several distributions that leads to a function, and not the one that is staging for it', async () => {
  const other = {
    Enabled: true,
    Origins: [{ Id: 'a', DomainName: 'example.com' }],
    DefaultCacheBehavior: { TargetOriginId: 'a' },
  };
  const withOthers = (distributionConfig: (served: unknown) => object) =>
    chain.read([], (template) => {
      const served = template.Resources['Distribution']?.Properties['DistributionConfig'];
      template.Resources['Other'] = {
        Type: 'AWS::CloudFront::Distribution',
        Properties: { DistributionConfig: distributionConfig(served) },
      };
    });
  for (const ofOther of [() => other, (served: unknown) => ({ ...(served as object), Staging: true })]) {
    const { distribution, notices } = await withOthers(ofOther);
    assert.deepEqual([distribution.logicalId, notices], ['Distribution', []]);
  }
  await assert.rejects(
    withOthers((served) => served as object),
    /^LocalChainError: the local chain serves one distribution with a Function URL behind it, and the assembly has .+Distribution .+, .+Other /u,
  );
});

function withoutStack({ resource, property, text }: Notice): readonly string[] {
  return [/^resource (\w+) /u.exec(resource)?.[1] ?? resource, property, text];
}
