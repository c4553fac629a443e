import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { NestedStack } from 'aws-cdk-lib/core';

/**
 * Synthesizes an app that knows nothing of this package: a function that streams behind CloudFront, the CDK's defaults
 * everywhere, the function in a nested stack, and no agent.
 */
export function synthesizeForeignApp(outdir: string): void {
  const app = new App({ outdir });
  const stack = new Stack(app, 'Foreign');
  const table = new dynamodb.TableV2(stack, 'Table', {
    partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
  });
  const backend = new NestedStack(stack, 'Backend');
  const streaming = new lambda.Function(backend, 'Streaming', {
    runtime: lambda.Runtime.NODEJS_24_X,
    code: lambda.Code.fromAsset(fileURLToPath(new URL('fixture-templates/streaming', import.meta.url))),
    handler: 'index.handler',
    environment: { GREETING: 'from afar', STAGE: 'foreign', TABLE: table.tableName },
  });
  const url = streaming.addFunctionUrl({
    authType: lambda.FunctionUrlAuthType.AWS_IAM,
    invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
  });
  new cloudfront.Distribution(stack, 'Distribution', {
    defaultBehavior: {
      origin: FunctionUrlOrigin.withOriginAccessControl(url),
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    },
  });
  app.synth();
}
