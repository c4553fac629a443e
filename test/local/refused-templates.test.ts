/** What AWS refuses at the deployment is refused at the start: each with the page that says so. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { LocalChainError } from '../../src/local/local-chain-error.ts';
import { readDeployment } from '../../src/local/template/read-deployment.ts';
import { editChainTemplate } from './chain-template.ts';
import type { EditedTemplate, TemplateEdit } from './chain-template.ts';

let chain: EditedTemplate;
before(async () => {
  chain = await editChainTemplate({ WithAgent: 'yes' });
});
after(() => chain.remove());

interface Refusal {
  readonly what: string;
  readonly edits: readonly TemplateEdit[];
  /** What the sentence says after the resource. */
  readonly message: RegExp;
}

const origin = 'DistributionConfig.Origins.0';
const custom = `${origin}.CustomOriginConfig`;
const behaviour = 'DistributionConfig.DefaultCacheBehavior';
const version = { 'Fn::GetAtt': 'BodyHashVersion.FunctionArn' };

/** By the AWS page that the refusal is on. */
const refusals: Readonly<Record<string, readonly Refusal[]>> = {
  'CloudFront, Restrictions on Lambda@Edge': [
    edge(
      'an alias',
      [
        [
          'Distribution',
          `${behaviour}.LambdaFunctionAssociations.0.LambdaFunctionARN`,
          { 'Fn::GetAtt': 'BodyHash.Arn' },
        ],
      ],
      /LambdaFunctionARN is "arn:aws:lambda:.+"; Lambda@Edge needs a numbered version$/u,
    ),
    edge(
      'arm64',
      [['BodyHash', 'Architectures', ['arm64']]],
      /property Architectures is arm64, not x86_64; Lambda@Edge would not take the function$/u,
    ),
    edge(
      'a VPC',
      [['BodyHash', 'VpcConfig', { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] }]],
      /property VpcConfig.SubnetIds is set; Lambda@Edge would not take the function$/u,
    ),
    edge(
      'layers',
      [['BodyHash', 'Layers', ['arn:aws:lambda:us-east-1:1:layer:l:1']]],
      /property Layers is set; Lambda@Edge would not/u,
    ),
    edge(
      'a dead letter queue',
      [['BodyHash', 'DeadLetterConfig.TargetArn', 'arn:aws:sqs:us-east-1:1:q']],
      /property DeadLetterConfig.TargetArn is set; Lambda@Edge would not/u,
    ),
    edge(
      'X-Ray',
      [['BodyHash', 'TracingConfig.Mode', 'Active']],
      /property TracingConfig.Mode is Active; Lambda@Edge would not/u,
    ),
    edge(
      'a larger /tmp',
      [['BodyHash', 'EphemeralStorage.Size', 513]],
      /property EphemeralStorage.Size is over 512 MB; Lambda@Edge would not/u,
    ),
    edge(
      'an archive with a key of the customer',
      [['BodyHash', 'Code', { ZipFile: '', SourceKMSKeyArn: 'arn:aws:kms:us-east-1:1:key/k' }]],
      /property Code.SourceKMSKeyArn is set; Lambda@Edge would not/u,
    ),
    edge(
      'environment variables',
      [['BodyHash', 'Environment.Variables', { MODE: 'x' }]],
      /property Environment.Variables is set; Lambda@Edge would not/u,
    ),
    edge(
      'a runtime that is not updated by itself',
      [['BodyHash', 'RuntimeManagementConfig.UpdateRuntimeOn', 'FunctionUpdate']],
      /property RuntimeManagementConfig.UpdateRuntimeOn is FunctionUpdate; Lambda@Edge takes Auto only$/u,
    ),
    edge(
      'a version with a runtime that is not updated by itself',
      [['BodyHashVersion', 'RuntimePolicy.UpdateRuntimeOn', 'Manual']],
      /property RuntimePolicy.UpdateRuntimeOn is Manual; Lambda@Edge takes Auto only$/u,
    ),
    edge(
      'provisioned concurrency',
      [['BodyHashVersion', 'ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions', 1]],
      /property ProvisionedConcurrencyConfig is set; Lambda@Edge would not take the version$/u,
    ),
    edge(
      'a role that edgelambda.amazonaws.com may not assume',
      [['Role', 'AssumeRolePolicyDocument.Statement.0.Principal.Service', 'lambda.amazonaws.com']],
      /property Role is chain-Role-\w+, which edgelambda.amazonaws.com may not assume/u,
    ),
  ],
  'CloudFront, Quotas on Lambda@Edge': [
    edge(
      '31 seconds',
      [['BodyHash', 'Timeout', 31]],
      /property Timeout is 31, over 30 seconds; Lambda@Edge would not/u,
    ),
  ],
  'CloudFront, Restrictions on all edge functions': [
    {
      what: 'a CloudFront Function and Lambda@Edge at the viewer',
      edits: [['Distribution', `${behaviour}.LambdaFunctionAssociations.0.EventType`, 'viewer-response']],
      message:
        /LambdaFunctionAssociations\[0\].EventType is "viewer-response", and the behaviour has a CloudFront Function/u,
    },
    {
      what: 'two functions at one event',
      edits: [
        [
          'Distribution',
          `${behaviour}.LambdaFunctionAssociations.1`,
          { EventType: 'origin-request', LambdaFunctionARN: version },
        ],
      ],
      message:
        /LambdaFunctionAssociations\[1\].EventType is "origin-request" for a second time; CloudFront takes one function per event$/u,
    },
  ],
  'CloudFront API, LambdaFunctionAssociation': [
    {
      what: 'the body in a response',
      edits: [['Distribution', `${behaviour}.LambdaFunctionAssociations.0.EventType`, 'origin-response']],
      message: /LambdaFunctionAssociations\[0\].IncludeBody is true; CloudFront takes it for request events only$/u,
    },
    {
      what: 'an event that there is not',
      edits: [['Distribution', `${behaviour}.LambdaFunctionAssociations.0.EventType`, 'origin-error']],
      message:
        /EventType is "origin-error"; it must be viewer-request or origin-request or origin-response or viewer-response$/u,
    },
  ],
  'CloudFront API, FunctionAssociation': [
    {
      what: 'a CloudFront Function at the origin',
      edits: [['Distribution', `${behaviour}.FunctionAssociations.0.EventType`, 'origin-request']],
      message:
        /FunctionAssociations\[0\].EventType is "origin-request"; it must be viewer-request or viewer-response$/u,
    },
  ],
  'CloudFront, Quotas on CloudFront Functions': [
    {
      what: 'a CloudFront Function of more than 10 KB',
      edits: [['ViewerRequest', 'FunctionCode', 'x'.repeat(10_241)]],
      message: /property FunctionCode has 10241 bytes; CloudFront takes at most 10240$/u,
    },
  ],
  'CloudFront, Quotas': [
    {
      what: '76 behaviours',
      edits: [
        [
          'Distribution',
          'DistributionConfig.CacheBehaviors',
          Array.from({ length: 76 }, () => ({ TargetOriginId: 'function' })),
        ],
      ],
      message: /property DistributionConfig.CacheBehaviors has 76 behaviours; CloudFront takes 75$/u,
    },
    {
      what: "a header's value of 1,784 characters",
      edits: [['Distribution', `${origin}.OriginCustomHeaders.0.HeaderValue`, 'x'.repeat(1784)]],
      message: /OriginCustomHeaders\[0\].HeaderValue has 1784 characters; CloudFront takes 1783$/u,
    },
    {
      what: "a header's name of 257 characters",
      edits: [['Distribution', `${origin}.OriginCustomHeaders.0.HeaderName`, 'x'.repeat(257)]],
      message: /OriginCustomHeaders\[0\].HeaderName has 257 characters; CloudFront takes 256$/u,
    },
    {
      what: 'headers of more than 10,240 characters',
      edits: [
        [
          'Distribution',
          `${origin}.OriginCustomHeaders`,
          Array.from({ length: 6 }, (_, index) => ({ HeaderName: `x-${index}`, HeaderValue: 'x'.repeat(1783) })),
        ],
      ],
      message: /OriginCustomHeaders has 10716 characters in all; CloudFront takes 10240$/u,
    },
  ],
  'CloudFront, Add custom headers to origin requests': [
    'X-Amz-Meta',
    'x-edge-location',
    'Host',
    'Cookie',
    'via',
    'X-Real-Ip',
    'Cache-Control',
    'Range',
  ].map((name) => ({
    what: `the header ${name}`,
    edits: [['Distribution', `${origin}.OriginCustomHeaders.0.HeaderName`, name]],
    message: new RegExp(`HeaderName is "${name}", a header that CloudFront adds to no origin request$`, 'u'),
  })),
  'CloudFront API, CustomOriginConfig': [0, 121, 1.5].flatMap((seconds) =>
    ['OriginReadTimeout', 'OriginKeepaliveTimeout'].map((name): Refusal => ({
      what: `an ${name} of ${seconds}`,
      edits: [['Distribution', `${custom}.${name}`, seconds]],
      message: new RegExp(
        `CustomOriginConfig.${name} is ${seconds}; CloudFront takes whole numbers from 1 to 120$`,
        'u',
      ),
    })),
  ),
  'CloudFront API, Origin': [
    {
      what: 'more than three attempts',
      edits: [['Distribution', `${origin}.ConnectionAttempts`, 4]],
      message: /ConnectionAttempts is 4; CloudFront takes whole numbers from 1 to 3$/u,
    },
    {
      what: 'no attempt',
      edits: [['Distribution', `${origin}.ConnectionAttempts`, 0]],
      message: /ConnectionAttempts is 0; CloudFront takes whole numbers from 1 to 3$/u,
    },
    {
      what: 'eleven seconds to connect',
      edits: [['Distribution', `${origin}.ConnectionTimeout`, 11]],
      message: /ConnectionTimeout is 11; CloudFront takes whole numbers from 1 to 10$/u,
    },
    {
      what: 'a completion timeout below the read timeout',
      edits: [['Distribution', `${origin}.ResponseCompletionTimeout`, 9]],
      message: /ResponseCompletionTimeout is 9; CloudFront takes none below OriginReadTimeout, 10$/u,
    },
    {
      what: 'a completion timeout below the default of the read timeout',
      edits: [
        ['Distribution', `${custom}.OriginReadTimeout`, undefined],
        ['Distribution', `${origin}.ResponseCompletionTimeout`, 29],
      ],
      message: /ResponseCompletionTimeout is 29; CloudFront takes none below OriginReadTimeout, 30$/u,
    },
    {
      what: 'an origin path that ends with a slash',
      edits: [['Distribution', `${origin}.OriginPath`, '/v1/']],
      message: /OriginPath is "\/v1\/"; CloudFront takes a path that begins with a slash and does not end with one$/u,
    },
  ],
  'CloudFront API, OriginAccessControlConfig': [
    {
      what: 'an access control for buckets',
      edits: [['AccessControl', 'OriginAccessControlConfig.OriginAccessControlOriginType', 's3']],
      message: /OriginAccessControlOriginType is "s3"; a Function URL needs "lambda"$/u,
    },
    {
      what: 'a signing behaviour that there is not',
      edits: [['AccessControl', 'OriginAccessControlConfig.SigningBehavior', 'sometimes']],
      message: /SigningBehavior is "sometimes"; it must be always or never or no-override$/u,
    },
    {
      what: 'a signing protocol that there is not',
      edits: [['AccessControl', 'OriginAccessControlConfig.SigningProtocol', 'sigv2']],
      message: /SigningProtocol is "sigv2"; it must be sigv4$/u,
    },
  ],
  'CloudFront API, AllowedMethods': [
    {
      what: 'GET and POST alone',
      edits: [['Distribution', `${behaviour}.AllowedMethods`, ['GET', 'POST']]],
      message:
        /AllowedMethods is GET, POST; CloudFront takes GET, HEAD; or GET, HEAD, OPTIONS; or GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE$/u,
    },
  ],
  'CloudFront API, DefaultCacheBehavior': [
    {
      what: 'a behaviour without a cache policy',
      edits: [['Distribution', `${behaviour}.CachePolicyId`, undefined]],
      message: /CachePolicyId is missing; CloudFront demands a cache policy, or ForwardedValues$/u,
    },
    {
      what: 'a behaviour for an origin that there is not',
      edits: [['Distribution', 'DistributionConfig.CacheBehaviors.0.TargetOriginId', 'nowhere']],
      message: /CacheBehaviors\[0\].TargetOriginId is "nowhere", and the distribution has no such origin$/u,
    },
  ],
  'CloudFront, Requirements for using alternate domain names': [
    {
      what: 'other names without a certificate',
      edits: [['Distribution', 'DistributionConfig.Aliases', ['chat.example.com']]],
      message: /Aliases is set without a ViewerCertificate for these names; CloudFront demands one$/u,
    },
    {
      what: 'a certificate of another region',
      edits: [
        [
          'Distribution',
          'DistributionConfig.ViewerCertificate.AcmCertificateArn',
          'arn:aws:acm:eu-west-1:000000000000:certificate/c',
        ],
      ],
      message: /AcmCertificateArn is a certificate of eu-west-1; CloudFront takes those of us-east-1$/u,
    },
  ],
  'AWS WAF, How AWS WAF works with Amazon CloudFront': [
    {
      what: 'a web ACL of a region',
      edits: [
        ['Distribution', 'DistributionConfig.WebACLId', 'arn:aws:wafv2:us-east-1:000000000000:regional/webacl/a/b'],
      ],
      message:
        /WebACLId is "arn:.+regional.+"; CloudFront takes web ACLs of scope CLOUDFRONT, which are in us-east-1$/u,
    },
  ],
  'CloudFormation, AWS::CloudFront::Distribution': [
    {
      what: 'an origin in its oldest form',
      edits: [
        [
          'Distribution',
          'DistributionConfig.CustomOrigin',
          { DNSName: 'a', OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] },
        ],
      ],
      message: /CustomOrigin is a form of an origin that CloudFront no longer has; it must be one of Origins$/u,
    },
  ],
  'Lambda API, FunctionUrlConfig': [
    {
      what: 'an AuthType that there is not',
      edits: [['Url', 'AuthType', 'JWT']],
      message: /property AuthType is "JWT"; it must be AWS_IAM or NONE$/u,
    },
    {
      what: 'an InvokeMode that there is not',
      edits: [['Url', 'InvokeMode', 'STREAM']],
      message: /property InvokeMode is "STREAM"; it must be RESPONSE_STREAM or BUFFERED$/u,
    },
  ],
  'Lambda API, Cors': [
    {
      what: 'OPTIONS among the methods',
      edits: [['Url', 'Cors.AllowMethods', ['OPTIONS']]],
      message:
        /property Cors.AllowMethods\[0\] is "OPTIONS"; it must be GET or PUT or HEAD or POST or PATCH or DELETE or \*$/u,
    },
    {
      what: 'a MaxAge of more than a day',
      edits: [['Url', 'Cors.MaxAge', 86_401]],
      message: /property Cors.MaxAge is 86401; Lambda takes whole numbers from 0 to 86400$/u,
    },
  ],
  'Lambda quotas': [
    ...[0, 901].map((seconds): Refusal => ({
      what: `a timeout of ${seconds} seconds`,
      edits: [['Function', 'Timeout', seconds]],
      message: new RegExp(`property Timeout is ${seconds}; Lambda takes whole numbers from 1 to 900$`, 'u'),
    })),
    ...[127, 10_241].map((megabytes): Refusal => ({
      what: `a memory of ${megabytes} MB`,
      edits: [['Function', 'MemorySize', megabytes]],
      message: new RegExp(`property MemorySize is ${megabytes}; Lambda takes whole numbers from 128 to 10240$`, 'u'),
    })),
    {
      what: 'a /tmp of 511 MB',
      edits: [['Function', 'EphemeralStorage.Size', 511]],
      message: /property EphemeralStorage.Size is 511; Lambda takes whole numbers from 512 to 10240$/u,
    },
    {
      what: 'variables of more than 4 KB',
      edits: [['Function', 'Environment.Variables', { LONG: 'x'.repeat(4093) }]],
      message: /property Environment.Variables has 4097 bytes in all; Lambda takes 4096$/u,
    },
  ],
  'Lambda API, PutFunctionConcurrency': [
    {
      what: 'a reserved concurrency below zero',
      edits: [['Function', 'ReservedConcurrentExecutions', -1]],
      message: /property ReservedConcurrentExecutions is -1; Lambda takes whole numbers 0 or more$/u,
    },
  ],
  'Lambda, Defined runtime environment variables': [
    {
      what: 'a reserved variable',
      edits: [['Function', 'Environment.Variables.AWS_REGION', 'eu-west-1']],
      message: /property Environment.Variables.AWS_REGION is set; Lambda reserves this name for itself$/u,
    },
  ],
  'Lambda, Defining function permissions with an execution role': [
    {
      what: 'a role that lambda.amazonaws.com may not assume',
      edits: [['Role', 'AssumeRolePolicyDocument.Statement.0.Principal.Service', 'ecs.amazonaws.com']],
      message: /property Role is chain-Role-\w+, which lambda.amazonaws.com may not assume: Lambda would not take it$/u,
    },
  ],
  'Lambda, Improving startup performance with Lambda SnapStart': [
    {
      what: 'SnapStart',
      edits: [['Function', 'SnapStart.ApplyOn', 'PublishedVersions']],
      message: /property SnapStart.ApplyOn is PublishedVersions, which Lambda does not take for Node.js$/u,
    },
  ],
  'AgentCore API, LifecycleConfiguration': [
    {
      what: 'an idle timeout of 59 seconds',
      edits: [['Agent', 'LifecycleConfiguration.IdleRuntimeSessionTimeout', 59]],
      message: /IdleRuntimeSessionTimeout is 59; AgentCore takes whole numbers from 60 to 28800$/u,
    },
    {
      what: 'a lifetime of more than eight hours',
      edits: [['Agent', 'LifecycleConfiguration.MaxLifetime', 28_801]],
      message: /MaxLifetime is 28801; AgentCore takes whole numbers from 60 to 28800$/u,
    },
  ],
  'what only the local chain does not run': [
    {
      what: 'a function in Python',
      edits: [['Function', 'Runtime', 'python3.13']],
      message: /property Runtime is "python3.13"; the local chain runs Node.js functions only$/u,
    },
    {
      what: 'a function that is a container image',
      edits: [['Function', 'PackageType', 'Image']],
      message: /property PackageType is Image; the local chain runs no container images$/u,
    },
    {
      what: 'an archive in place of a folder',
      edits: [['Function', 'Code', import.meta.filename.replace('test.ts', 'zip')]],
      message: /property Code is ".+zip", and there is nothing at .+zip$/u,
    },
    {
      what: 'a policy that is not known',
      edits: [['Distribution', `${behaviour}.OriginRequestPolicyId`, 'unknown']],
      message: /OriginRequestPolicyId is "unknown", an origin request policy that the local chain does not know$/u,
    },
    {
      what: 'a function without a handler',
      edits: [['Function', 'Handler', undefined]],
      message: /property Handler is missing$/u,
    },
    {
      what: 'a function that nobody deploys',
      edits: [['Url', 'TargetFunctionArn', 'elsewhere']],
      message:
        /property TargetFunctionArn is the function arn:aws:lambda:us-east-1:000000000000:function:elsewhere, which no stack deploys$/u,
    },
    {
      what: 'a distribution without a Function URL behind it',
      edits: [['Distribution', `${origin}.DomainName`, 'example.com']],
      message:
        /^no behaviour of resource Distribution .+ leads to an origin that is a Function URL of this assembly: there is nothing to run$/u,
    },
    {
      what: 'no distribution at all',
      edits: [
        ['Distribution', '', undefined],
        ['Invoke', '', undefined],
        ['InvokeUrl', '', undefined],
      ],
      message: /^no stack of ".+" has a resource of type AWS::CloudFront::Distribution: there is nothing to serve$/u,
    },
  ],
};

for (const [source, rows] of Object.entries(refusals)) {
  for (const { what, edits, message } of rows) {
    test(`refuses ${what} (${source})`, async () => {
      await assert.rejects(chain.read(edits), { name: 'LocalChainError', message });
    });
  }
}

test('takes the same template without an edit, so that each edit is what is refused', async () => {
  const { distribution, notices } = await chain.read([]);
  assert.deepEqual([distribution.behaviours.length, notices], [2, []]);
});

test('refuses Lambda@Edge outside of us-east-1 (CloudFront, Restrictions on Lambda@Edge)', async () => {
  await assert.rejects(readDeployment(chain.write([]), { accountId: '000000000000', region: 'eu-west-1' }), {
    name: 'LocalChainError',
    message: /LambdaFunctionARN leads to resource BodyHash .+ in eu-west-1; Lambda@Edge takes functions of us-east-1$/u,
  });
});

test('reads or refuses whatever stands at any place of a template, with a sentence', async () => {
  const template = JSON.parse(readFileSync(chain.write([]), 'utf8')) as unknown;
  const references = ['Distribution', 'Function', 'Nowhere'].map((name) => ({ Ref: name }));
  const intrinsics = ['Fn::If', 'Fn::Join', 'Fn::Select', 'Fn::GetAtt', 'Fn::FindInMap', 'Fn::Split', 'Condition'];
  const values = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(...references),
    fc
      .record({ name: fc.constantFrom(...intrinsics), argument: fc.jsonValue() })
      .map(({ name, argument }) => ({ [name]: argument })),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...placesOf(template)), values, async (place, value) => {
      const put = (edited: unknown): void => {
        const parent = place.slice(0, -1).reduce<unknown>((node, name) => (node as Tree)[name], edited);
        (parent as Tree)[place.at(-1) ?? ''] = value;
      };
      await chain.read([], put).catch((error: unknown) => assert.ok(error instanceof LocalChainError, String(error)));
    }),
    { numRuns: 300 },
  );
});

type Tree = Record<string, unknown>;

function placesOf(node: unknown, place: readonly string[] = []): readonly (readonly string[])[] {
  const names = typeof node === 'object' && node !== null ? Object.keys(node) : [];
  const within = names.flatMap((name) => placesOf((node as Tree)[name], [...place, name]));
  return place.length === 0 ? within : [place, ...within];
}

function edge(feature: string, edits: readonly TemplateEdit[], message: RegExp): Refusal {
  return { what: `Lambda@Edge with ${feature}`, edits, message };
}
