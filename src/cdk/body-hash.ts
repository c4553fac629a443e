import { ArnFormat, Duration, Names, RemovalPolicy, Stack, Stage } from 'aws-cdk-lib';
import { experimental } from 'aws-cdk-lib/aws-cloudfront';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { findBundle } from './bundles.ts';

/** Where Lambda@Edge functions live, whatever the region of the rest. */
const edgeRegion = 'us-east-1';

/** The Lambda@Edge function that signs bodies; in a stack of its own where the relay's is not in us-east-1. */
export function createBodyHash(scope: Construct): lambda.IVersion {
  const stack = Stack.of(scope);
  const { directory, entryFile } = findBundle('body-hash');
  // Names the relay and its region: relays of one name in several regions must not share, and delete, one stack.
  const stackId = `${Names.uniqueResourceName(scope, { maxLength: 90, separator: '-' })}-edge-${stack.region}`;
  const edgeScope = stack.region === edgeRegion ? scope : createEdgeStack(stack, stackId);
  const logGroup = new logs.LogGroup(edgeScope, 'BodyHashLogGroup', {
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new experimental.EdgeFunction(scope, 'BodyHash', {
    stackId,
    description: 'Puts the SHA-256 of the body on requests to a Lambda Function URL',
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

/** `EdgeFunction` would make it under this very id; made here, it can hold the role and the log group too. */
function createEdgeStack(stack: Stack, stackId: string): Stack {
  return new Stack(Stage.of(stack), stackId, {
    description: `The part of ${stack.stackName} that has to be in ${edgeRegion}`,
    env: { region: edgeRegion, account: stack.account },
    tags: stack.tags.tagValues(),
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
