/**
 * The policies of AWS's own that roles of such chains have (AWS managed policy reference), each with those of its statements
 * that are about services which the local chain runs. By path and name, without `arn:aws:iam::aws:policy/`.
 */
export const managedPolicies: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['service-role/AWSLambdaBasicExecutionRole', []],
  ['service-role/AWSLambdaVPCAccessExecutionRole', []],
  ['AWSXRayDaemonWriteAccess', []],
  ['AWSXrayWriteOnlyAccess', []],
  ['CloudWatchLambdaInsightsExecutionRolePolicy', []],
  ['CloudWatchLambdaApplicationSignalsExecutionRolePolicy', []],
  ['BedrockAgentCoreFullAccess', [allow('bedrock-agentcore:*', 'arn:*:bedrock-agentcore:*:*:*')]],
  ['SecretsManagerReadWrite', [allow('secretsmanager:*')]],
  ['AdministratorAccess', [allow('*')]],
  ['PowerUserAccess', [{ Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' }]],
]);

function allow(action: string, resource = '*'): unknown {
  return { Effect: 'Allow', Action: action, Resource: resource };
}
