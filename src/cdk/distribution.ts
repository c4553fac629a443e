import { Duration } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { AgentRelayProps } from './agent-relay-props.ts';
import { createBodyHash } from './body-hash.ts';
import { findBundle } from './bundles.ts';
import { createFirewall } from './firewall.ts';
import { nameGlobally } from './global-name.ts';
import { createSecurityHeaders } from './security-headers.ts';

/** The distribution in front of the relay, with what runs in it. */
export function createDistribution(
  scope: Construct,
  relay: lambda.Function,
  props: AgentRelayProps,
): cloudfront.Distribution {
  checkTls(props);
  const webAclId = findWebAcl(scope, props);
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
      minimumProtocolVersion: props.minimumTls ?? cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
    }),
    ...(webAclId !== undefined && { webAclId }),
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
      edgeLambdas: createEdgeLambdas(scope, props),
    },
  });
}

/** @throws Error where there is both a firewall and a web ACL of one's own. */
function findWebAcl(scope: Construct, { firewall, webAclArn, auth, code }: AgentRelayProps): string | undefined {
  if (webAclArn !== undefined) {
    if (firewall !== undefined && firewall !== false) {
      throw new Error('firewall and webAclArn are both set; a distribution has one web ACL');
    }
    return webAclArn;
  }
  if (firewall === false) return undefined;
  return createFirewall(scope, firewall ?? {}, {
    hasCredentials: auth.settings.kind !== 'anonymous',
    hidesAllHeaders: auth.entry !== undefined || code !== undefined,
  });
}

/** One function for both events of the origin. Where everybody may call, nobody is ever challenged. */
function createEdgeLambdas(scope: Construct, { auth }: AgentRelayProps): cloudfront.EdgeLambda[] {
  const functionVersion = createBodyHash(scope);
  return [
    { eventType: cloudfront.LambdaEdgeEventType.ORIGIN_REQUEST, functionVersion, includeBody: true },
    ...(auth.settings.kind === 'anonymous'
      ? []
      : [{ eventType: cloudfront.LambdaEdgeEventType.ORIGIN_RESPONSE, functionVersion }]),
  ];
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
    functionName: nameGlobally(scope, 'viewer'),
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

/** All of their ciphers are authenticated and forward secret ("Supported protocols and ciphers between viewers and CloudFront"). */
const safePolicies: readonly cloudfront.SecurityPolicyProtocol[] = [
  cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
  cloudfront.SecurityPolicyProtocol.TLS_V1_2_2025,
  cloudfront.SecurityPolicyProtocol.TLS_V1_3_2025,
];

/** @throws Error for a floor that is too low, or that would have no effect, and for names without a certificate. */
function checkTls({ minimumTls, certificate, domainNames = [] }: AgentRelayProps): void {
  if (domainNames.length > 0 && certificate === undefined) {
    throw new Error(
      'domainNames need a certificate that covers them: with its own CloudFront serves *.cloudfront.net only',
    );
  }
  if (minimumTls === undefined) return;
  if (!safePolicies.includes(minimumTls)) {
    throw new Error(`minimumTls is ${minimumTls}; allowed are ${safePolicies.join(', ')}`);
  }
  if (certificate === undefined) {
    throw new Error(
      'minimumTls needs a certificate of your own: with its own CloudFront accepts TLS 1.0 whatever is set',
    );
  }
}
