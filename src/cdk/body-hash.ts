import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { experimental } from 'aws-cdk-lib/aws-cloudfront';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { findBundle } from './bundles.ts';
import { findEdgeScope, nameEdgeStack } from './edge-scope.ts';

/**
 * The Lambda@Edge function that signs bodies; in a stack of its own where the relay's is not in us-east-1.
 *
 * @throws Error where the stack has no explicit region.
 */
export function createBodyHash(scope: Construct): lambda.IVersion {
  const { directory, entryFile } = findBundle('body-hash');
  const edgeScope = findEdgeScope(scope);
  const logGroup = new logs.LogGroup(edgeScope, 'BodyHashLogGroup', {
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new experimental.EdgeFunction(scope, 'BodyHash', {
    stackId: nameEdgeStack(scope),
    description: 'Signs the body of requests to a Lambda Function URL, gives its challenges their name back',
    code: lambda.Code.fromAsset(directory),
    handler: entryFile.replace('.mjs', '.handler'),
    runtime: lambda.Runtime.NODEJS_24_X,
    memorySize: 256,
    timeout: Duration.seconds(5),
    role: createRole(edgeScope, logGroup),
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
  });
}

/** Lambda@Edge runs, and logs, in the region nearest to the viewer; there it makes the log group itself. */
function createRole(edgeScope: Construct, logGroup: logs.LogGroup): iam.Role {
  const role = new iam.Role(edgeScope, 'BodyHashRole', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
  const everywhere = Stack.of(edgeScope).formatArn({
    service: 'logs',
    region: '*',
    resource: 'log-group',
    resourceName: `${logGroup.logGroupName}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [everywhere],
    }),
  );
  return role;
}
