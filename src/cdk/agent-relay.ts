import { Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { CfnRuntime } from 'aws-cdk-lib/aws-bedrockagentcore';
import type { IRuntimeRef } from 'aws-cdk-lib/aws-bedrockagentcore';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { agentRuntimeArnPattern, environmentNames, protocolNames } from '../settings.ts';
import type { AgentProtocol, ProtocolName } from '../settings.ts';
import { createBodyHash } from './body-hash.ts';
import { findBundle } from './bundles.ts';
import { nameGlobally } from './global-name.ts';
import { createSecurityHeaders } from './security-headers.ts';

/** What an {@link AgentRelay} is made of. */
export interface AgentRelayProps {
  /**
   * The AgentCore Runtime that answers: a construct, or the ARN of a runtime that exists, also in another region. A token
   * in place of an ARN is taken to be in the stack's own region.
   */
  readonly agent: IRuntimeRef | string;

  /**
   * The runtime's endpoint that is invoked. The relay is permitted to invoke no other.
   *
   * @default 'DEFAULT'
   */
  readonly qualifier?: string;

  /**
   * What the agent speaks: `AGUI` for a runtime of protocol AGUI.
   *
   * @default - the runtime's own where `agent` is a construct of this app, else 'HTTP'
   */
  readonly agentProtocol?: AgentProtocol;

  /**
   * The formats that viewers may ask for, each at its own path. Without `original` nobody sees the agent's own bytes.
   *
   * @default - all of them
   */
  readonly protocols?: ProtocolName[];

  /**
   * The relay's code where it is your own: a folder whose `index.mjs` exports `handler`, made by `createHandler` of
   * `agentcore-relay/lambda` with protocols, dialects or a filter of yours.
   *
   * @default - the package's own bundle
   */
  readonly code?: lambda.Code;

  /**
   * Longest time that one answer may take. Lambda allows 15 minutes and bills all of a stream's duration.
   *
   * @default Duration.minutes(15)
   */
  readonly timeout?: Duration;

  /**
   * Memory of the relay, in MiB. It needs little, whatever the length of an answer; more of it starts faster.
   *
   * @default 512
   */
  readonly memorySize?: number;

  /**
   * How long the relay's log is kept. The log holds no prompts and no answers, and goes away with the stack.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Names under which the relay is reached, covered by `certificate`. The DNS records are yours to make.
   *
   * @default - only CloudFront's own name, *.cloudfront.net
   */
  readonly domainNames?: string[];

  /**
   * Certificate for `domainNames`, from us-east-1. Only with one can old versions of TLS be refused: with its own
   * certificate CloudFront accepts TLS 1.0.
   *
   * @default - CloudFront's own certificate
   */
  readonly certificate?: ICertificate;

  /**
   * ARN of an AWS WAF web ACL of scope CLOUDFRONT.
   *
   * @default - no web ACL
   */
  readonly webAclArn?: string;
}

/**
 * The public front door of an AgentCore agent: CloudFront, a function at the edge that signs bodies, and a streaming
 * Lambda function that nobody but this distribution may call.
 */
export class AgentRelay extends Construct {
  /** Where viewers reach the agent, without a trailing slash. */
  readonly url: string;
  /** The distribution in front. */
  readonly distribution: cloudfront.Distribution;
  /** The relay itself. */
  readonly function: lambda.Function;

  /** @throws Error for an ARN that is not a runtime's, for no protocol or an unknown one, and where the bundles were not built. */
  constructor(scope: Construct, id: string, props: AgentRelayProps) {
    super(scope, id);
    this.function = createRelayFunction(this, props);
    this.distribution = createDistribution(this, this.function, props);
    this.url = `https://${props.domainNames?.[0] ?? this.distribution.distributionDomainName}`;
  }
}

function createRelayFunction(scope: Construct, props: AgentRelayProps): lambda.Function {
  const { arn, region } = locateAgent(scope, props.agent);
  const agentProtocol = props.agentProtocol ?? findProtocol(props.agent);
  const logGroup = new logs.LogGroup(scope, 'LogGroup', {
    retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // A role of our own: the one that the CDK would make may write to every log group of the account.
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: ['bedrock-agentcore:InvokeAgentRuntime'],
      // IAM checks both for one call. The L2's own grant says `<arn>/*`, which is every endpoint.
      resources: [arn, `${arn}/runtime-endpoint/${props.qualifier ?? 'DEFAULT'}`],
    }),
  );
  return new lambda.Function(scope, 'Function', {
    description: 'Relays requests to an AgentCore agent and streams its answers',
    code: props.code ?? lambda.Code.fromAsset(findBundle('relay').directory),
    handler: 'index.handler',
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: props.memorySize ?? 512,
    timeout: props.timeout ?? Duration.minutes(15),
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environment: {
      [environmentNames.agentRuntimeArn]: arn,
      ...(props.qualifier !== undefined && { [environmentNames.agentRuntimeQualifier]: props.qualifier }),
      ...(region !== Stack.of(scope).region && { [environmentNames.agentRuntimeRegion]: region }),
      ...(agentProtocol !== 'HTTP' && { [environmentNames.agentRuntimeProtocol]: agentProtocol }),
      ...(props.protocols !== undefined && { [environmentNames.protocols]: joinProtocols(props.protocols) }),
    },
  });
}

function locateAgent(scope: Construct, agent: IRuntimeRef | string): { readonly arn: string; readonly region: string } {
  const [arn, region] =
    typeof agent === 'string' ? [agent, Stack.of(scope).region] : [agent.runtimeRef.agentRuntimeArn, agent.env.region];
  if (Token.isUnresolved(arn)) {
    return { arn, region };
  }
  // The CDK takes what is imported to be in the stack's region; the ARN knows better.
  const statedRegion = agentRuntimeArnPattern.exec(arn)?.[2];
  if (statedRegion === undefined) {
    throw new Error(
      `agent is "${arn}"; it must be a runtime, or the ARN of one, arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>`,
    );
  }
  return { arn, region: statedRegion };
}

/** A runtime of this app says it in its template, by a token; of any other, nothing is known. */
function findProtocol(agent: IRuntimeRef | string): AgentProtocol {
  const resource = typeof agent === 'string' ? undefined : agent.node.defaultChild;
  if (!(resource instanceof CfnRuntime)) return 'HTTP';
  return Stack.of(resource).resolve(resource.protocolConfiguration) === 'AGUI' ? 'AGUI' : 'HTTP';
}

/** @throws Error where there is none, or one that is not known: not every app is type-checked. */
function joinProtocols(names: readonly ProtocolName[]): string {
  const unknown = names.find((name) => !protocolNames.includes(name));
  if (names.length === 0 || unknown !== undefined) {
    const got = unknown === undefined ? 'is empty' : `has "${unknown}"`;
    throw new Error(`protocols ${got}; allowed are ${protocolNames.join(', ')}`);
  }
  return names.join(',');
}

function createDistribution(scope: Construct, relay: lambda.Function, props: AgentRelayProps): cloudfront.Distribution {
  const functionUrl = relay.addFunctionUrl({
    authType: lambda.FunctionUrlAuthType.AWS_IAM,
    invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
  });
  return new cloudfront.Distribution(scope, 'Distribution', {
    comment: 'The front door of an AgentCore agent',
    httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
    ...(props.domainNames !== undefined && { domainNames: props.domainNames }),
    ...(props.certificate !== undefined && {
      certificate: props.certificate,
      minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
    }),
    ...(props.webAclArn !== undefined && { webAclId: props.webAclArn }),
    errorResponses: neverCachedErrors,
    defaultBehavior: {
      origin: createOrigin(scope, functionUrl),
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
      // All but Host, which the signature for the Function URL covers. That cookies are among them is what keeps
      // CloudFront from collapsing simultaneous GETs into one ("Request and response behavior for custom origins").
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      responseHeadersPolicy: createSecurityHeaders(scope),
      compress: false,
      functionAssociations: [
        { eventType: cloudfront.FunctionEventType.VIEWER_REQUEST, function: createViewerRequest(scope) },
      ],
      edgeLambdas: [
        {
          eventType: cloudfront.LambdaEdgeEventType.ORIGIN_REQUEST,
          functionVersion: createBodyHash(scope),
          includeBody: true,
        },
      ],
    },
  });
}

/** Signed for by CloudFront, with the two permissions that Lambda has asked for since October 2025. */
function createOrigin(scope: Construct, functionUrl: lambda.FunctionUrl): cloudfront.IOrigin {
  return FunctionUrlOrigin.withOriginAccessControl(functionUrl, {
    originAccessControl: new cloudfront.FunctionUrlOriginAccessControl(scope, 'AccessControl', {
      originAccessControlName: nameGlobally(scope, 'access'),
      signing: cloudfront.Signing.SIGV4_ALWAYS,
    }),
    // Also the longest silence within an answer, and the most that an account has without asking for more.
    readTimeout: Duration.seconds(120),
    // Saves the next request a TLS handshake; below the minute after which servers commonly hang up themselves.
    keepaliveTimeout: Duration.seconds(30),
    // More than one would also repeat a GET that got no answer in time, and run the agent again
    // (`ConnectionAttempts` of `Origin`, CloudFront API Reference).
    connectionAttempts: 1,
    connectionTimeout: Duration.seconds(10),
  });
}

function createViewerRequest(scope: Construct): cloudfront.Function {
  const { directory, entryFile } = findBundle('viewer-request');
  return new cloudfront.Function(scope, 'ViewerRequest', {
    comment: "Moves the viewer's credentials to where the relay can read them",
    runtime: cloudfront.FunctionRuntime.JS_2_0,
    code: cloudfront.FunctionCode.fromFile({ filePath: `${directory}/${entryFile}` }),
  });
}

/**
 * CloudFront keeps the errors of GETs for 10 seconds, whatever the cache policy and `no-store` say, under a key without
 * the query: one caller's error would answer everybody's prompts ("Control how long CloudFront caches errors").
 */
const neverCachedErrors: cloudfront.ErrorResponse[] = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504].map(
  (httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) }),
);
