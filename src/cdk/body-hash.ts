import { ArnFormat, Duration, RemovalPolicy, Stack, Stage, Token } from 'aws-cdk-lib';
import { experimental } from 'aws-cdk-lib/aws-cloudfront';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { findBundle } from './bundles.ts';
import { nameGlobally } from './global-name.ts';

/** Where Lambda@Edge functions live, whatever the region of the rest. */
const edgeRegion = 'us-east-1';

/**
 * The Lambda@Edge function that signs bodies; in a stack of its own where the relay's is not in us-east-1.
 *
 * @throws Error where the stack has no explicit region, so that nobody can say which of the two it is.
 */
export function createBodyHash(scope: Construct): lambda.IVersion {
  const stack = Stack.of(scope);
  if (Token.isUnresolved(stack.region)) {
    throw new Error(
      `the stack "${stack.stackName}" has no region; a relay needs one, such as env: { region: 'eu-central-1' }`,
    );
  }
  const { directory, entryFile } = findBundle('body-hash');
  const stackId = nameGlobally(scope, 'edge');
  const edgeScope = stack.region === edgeRegion ? scope : createEdgeStack(stack, stackId);
  const logGroup = new logs.LogGroup(edgeScope, 'BodyHashLogGroup', {
    retention: logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new experimental.EdgeFunction(scope, 'BodyHash', {
    stackId,
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
