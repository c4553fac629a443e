/**
 * A small CDK app with every resource of the chain, and functions of a few lines: what the local chain's own tests run.
 *
 * `node test/local/fixture-app.ts` writes its assembly to `CDK_OUTDIR`. `FIXTURE_EDGE` names a folder with other functions
 * at the edge than its own.
 */
import { fileURLToPath } from 'node:url';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as agentcore from 'aws-cdk-lib/aws-bedrockagentcore';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import * as lambda from 'aws-cdk-lib/aws-lambda';

const code = (name: string): string => fileURLToPath(new URL(`fixture-functions/${name}`, import.meta.url));
const edgeCode = (name: string): string =>
  process.env['FIXTURE_EDGE'] === undefined ? code(name) : `${process.env['FIXTURE_EDGE']}/${name}`;

const app = new App();
const stack = new Stack(app, 'Front', { env: { region: 'ap-northeast-1' } });

const runtime = new agentcore.Runtime(stack, 'Agent', {
  runtimeName: 'fixture_agent',
  agentRuntimeArtifact: agentcore.AgentRuntimeArtifact.fromCodeAsset({
    path: code('agent'),
    runtime: agentcore.AgentCoreRuntime.NODE_22,
    entrypoint: ['main.mjs'],
  }),
  environmentVariables: { MODEL: 'offline', BEDROCK_MODEL_ID: 'anthropic.claude' },
  lifecycleConfiguration: { idleRuntimeSessionTimeout: Duration.minutes(5), maxLifetime: Duration.hours(1) },
});

const relay = new lambda.Function(stack, 'Relay', {
  runtime: lambda.Runtime.NODEJS_24_X,
  architecture: lambda.Architecture.ARM_64,
  code: lambda.Code.fromAsset(code('relay')),
  handler: 'index.handler',
  timeout: Duration.minutes(15),
  memorySize: 512,
  environment: { AGENT_RUNTIME_ARN: runtime.agentRuntimeArn },
});

const bodyHash = new cloudfront.experimental.EdgeFunction(stack, 'BodyHash', {
  runtime: lambda.Runtime.NODEJS_24_X,
  code: lambda.Code.fromAsset(edgeCode('body-hash')),
  handler: 'index.handler',
  timeout: Duration.seconds(5),
});

const viewerRequest = new cloudfront.Function(stack, 'ViewerRequest', {
  code: cloudfront.FunctionCode.fromFile({ filePath: edgeCode('viewer-request/index.js') }),
  runtime: cloudfront.FunctionRuntime.JS_2_0,
});

const url = relay.addFunctionUrl({
  authType: lambda.FunctionUrlAuthType.AWS_IAM,
  invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
});

const distribution = new cloudfront.Distribution(stack, 'Distribution', {
  defaultBehavior: {
    origin: FunctionUrlOrigin.withOriginAccessControl(url, {
      readTimeout: Duration.seconds(1),
      connectionAttempts: 2,
      keepaliveTimeout: Duration.seconds(60),
      customHeaders: { 'x-origin-note': 'from the distribution' },
    }),
    allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
    cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
    originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    responseHeadersPolicy: new cloudfront.ResponseHeadersPolicy(stack, 'Headers', {
      securityHeadersBehavior: {
        contentTypeOptions: { override: true },
        strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: true, override: true },
      },
      customHeadersBehavior: { customHeaders: [{ header: 'x-fixture', value: 'yes', override: false }] },
      removeHeaders: ['x-amzn-trace-id'],
    }),
    functionAssociations: [{ eventType: cloudfront.FunctionEventType.VIEWER_REQUEST, function: viewerRequest }],
    edgeLambdas: [
      {
        eventType: cloudfront.LambdaEdgeEventType.ORIGIN_REQUEST,
        functionVersion: bodyHash.currentVersion,
        includeBody: true,
      },
      { eventType: cloudfront.LambdaEdgeEventType.ORIGIN_RESPONSE, functionVersion: bodyHash.currentVersion },
    ],
    compress: false,
  },
});
distribution.addBehavior('/read-only/*', FunctionUrlOrigin.withOriginAccessControl(url), {
  allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD,
  cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
});

app.synth();
