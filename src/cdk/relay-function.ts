import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { RelayErrorCode } from '../errors.ts';
import { environmentNames, protocolNames, sessionPolicies } from '../settings.ts';
import { findAgentProtocol, locateAgent } from './agent-location.ts';
import { lockAgent } from './agent-lock.ts';
import type { AgentRelayProps } from './agent-relay-props.ts';
import { createRelayCode } from './relay-code.ts';
import type { RelaySecret } from './relay-auth.ts';
import { readCors } from './relay-cors.ts';

/** The relay itself, with its role, its log and all that it reads from its environment. */
export function createRelayFunction(scope: Construct, props: AgentRelayProps): lambda.Function {
  const { auth } = props as Partial<AgentRelayProps>;
  if (auth === undefined) {
    throw new Error('auth is missing: say who may call, such as RelayAuth.anonymous() for everybody');
  }
  const logGroup = new logs.LogGroup(scope, 'LogGroup', {
    retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  countRefusedCallers(logGroup);
  const role = createRole(scope, props, logGroup);
  const relay = new lambda.Function(scope, 'Function', {
    description: 'Relays requests to an AgentCore agent and streams its answers',
    code: createRelayCode(props.code, auth.entry),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: props.memorySize ?? 512,
    timeout: props.timeout ?? Duration.minutes(15),
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environment: createEnvironment(scope, props),
  });
  if (props.lockAgent === true) lockAgent(scope, props, { relay, role, actions: listInvocations(props) });
  return relay;
}

/** What the relay does to the agent. */
function listInvocations({ passUserId }: AgentRelayProps): string[] {
  return [
    'bedrock-agentcore:InvokeAgentRuntime',
    // What AgentCore asks for where the call names a user.
    ...(passUserId === true ? ['bedrock-agentcore:InvokeAgentRuntimeForUser'] : []),
  ];
}

/** A role of our own: the one that the CDK would make may write to every log group of the account. */
function createRole(scope: Construct, props: AgentRelayProps, logGroup: logs.LogGroup): iam.Role {
  const { arn } = locateAgent(scope, props.agent);
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: listInvocations(props),
      // IAM checks both for one call. The L2's own grant says `<arn>/*`, which is every endpoint.
      resources: [arn, `${arn}/runtime-endpoint/${props.qualifier ?? 'DEFAULT'}`],
    }),
  );
  for (const secret of props.auth.secrets) allowReading(role, secret);
  return role;
}

/** Less than the L2's own grant, which permits to describe the secret too, and changes the policy of its key. */
function allowReading(role: iam.Role, secret: RelaySecret): void {
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'],
      // The ARN of a secret that is known by its name only lacks the six characters that AWS puts at its end.
      resources: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
    }),
  );
  const { encryptionKey } = secret;
  if (encryptionKey === undefined) return;
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['kms:Decrypt'],
      resources: [encryptionKey.keyArn],
      // The key may be that of other things, too. It is in the region of its secret.
      conditions: {
        StringEquals: { 'kms:ViaService': `secretsmanager.${encryptionKey.env.region}.amazonaws.com` },
      },
    }),
  );
}

function createEnvironment(scope: Construct, props: AgentRelayProps): Record<string, string> {
  const { qualifier, protocols, auth, sessions, cors, passUserId, scrubAgentErrors } = props;
  const stack = Stack.of(scope);
  const { arn, region } = locateAgent(scope, props.agent);
  const agentProtocol = props.agentProtocol ?? findAgentProtocol(props.agent);
  return {
    [environmentNames.agentRuntimeArn]: arn,
    ...(qualifier !== undefined && { [environmentNames.agentRuntimeQualifier]: qualifier }),
    ...(region !== stack.region && { [environmentNames.agentRuntimeRegion]: region }),
    ...(agentProtocol !== 'HTTP' && { [environmentNames.agentRuntimeProtocol]: agentProtocol }),
    ...(protocols !== undefined && {
      [environmentNames.protocols]: requireKnown('protocols', protocols, protocolNames).join(','),
    }),
    // Tokens in it become a Fn::Join, with what CloudFormation puts there still within a JSON string.
    [environmentNames.auth]: stack.toJsonString(auth.settings),
    ...(sessions !== undefined && {
      [environmentNames.sessions]: requireKnown('sessions', [sessions], sessionPolicies).join(),
    }),
    ...(cors !== undefined && { [environmentNames.cors]: stack.toJsonString(readCors(cors)) }),
    ...(passUserId === true && { [environmentNames.passUserId]: 'true' }),
    ...(scrubAgentErrors === true && { [environmentNames.scrubAgentErrors]: 'true' }),
  };
}

/** @throws Error where there is none, or one that is not known: not every app is type-checked. */
function requireKnown<Name extends string>(
  option: string,
  names: readonly Name[],
  known: readonly Name[],
): readonly Name[] {
  const unknown = names.find((name) => !known.includes(name));
  if (names.length === 0 || unknown !== undefined) {
    const got = unknown === undefined ? 'is empty' : `has "${unknown}"`;
    throw new Error(`${option} ${got}; allowed are ${known.join(', ')}`);
  }
  return names;
}

/** What a caller is told who may not do what they asked for. */
const refusals: readonly RelayErrorCode[] = [
  'unauthenticated',
  'invalid_credentials',
  'forbidden',
  'origin_not_allowed',
];

/** One metric for all refusals, over all relays of a region: a rise is somebody who tries keys, or a key that has expired. */
function countRefusedCallers(logGroup: logs.LogGroup): void {
  logGroup.addMetricFilter('RefusedCallers', {
    metricNamespace: 'AgentcoreRelay',
    metricName: 'RefusedCallers',
    // Lambda's JSON puts what the relay logs, an object, into "message".
    filterPattern: logs.FilterPattern.any(
      ...refusals.map((code) => logs.FilterPattern.stringValue('$.message.errorCode', '=', code)),
    ),
  });
}
