import type { ContainerContract } from '../container-contract.ts';

import type { AttachedPolicy } from '../iam/decide.ts';
import type { Policy } from '../iam/policy.ts';

/** A Lambda function as the template deploys it. */
export interface DeployedFunction {
  /** The resource's logical id, for what the developer reads. */
  readonly logicalId: string;
  readonly name: string;
  /** ARN without version or alias. */
  readonly arn: string;
  /** Folder of the unpacked asset. */
  readonly codeDirectory: string;
  readonly handler: string;
  /** Such as `nodejs24.x`. */
  readonly runtime: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memorySizeMb: number;
  /** `arm64` or `x86_64`. */
  readonly architecture: string;
  /** How `console` writes. */
  readonly logFormat: 'Text' | 'JSON';
  /** Least severe level that `console` writes, such as `INFO`; undefined where it writes all. */
  readonly logLevel: string | undefined;
  /** How many invocations may run at once, `ReservedConcurrentExecutions`; undefined where the template reserves none. */
  readonly reservedConcurrency: number | undefined;
  /** What its credentials are those of. */
  readonly role: DeployedRole;
  readonly region: string;
  readonly accountId: string;
}

/** A role, and what it may do as far as the template says. */
export interface DeployedRole {
  readonly arn: string;
  /** Without its path. */
  readonly name: string;
  readonly accountId: string;
  /** Undefined where no stack deploys the role: nobody here knows what it may do. */
  readonly policies: readonly AttachedPolicy[] | undefined;
  /** What limits its policies; undefined where nothing does. */
  readonly boundary: AttachedPolicy | undefined;
  /** Who may assume it; undefined where no stack deploys the role. */
  readonly trust: Policy | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** A policy of the agent's runtime, of one of its endpoints, or of a secret. */
export interface DeployedResourcePolicy {
  readonly resourceArn: string;
  readonly policy: AttachedPolicy;
}

/** Which pages of other origins may call, and what they may read: of a Function URL, or of a response headers policy. */
export interface CorsRules {
  readonly allowCredentials: boolean;
  /** Names in lower case; `*` is any. */
  readonly allowHeaders: readonly string[];
  /** Such as `GET`; `*` is any. */
  readonly allowMethods: readonly string[];
  /** Such as `https://app.example.com`; `*` is any. */
  readonly allowOrigins: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** How long a browser may keep a preflight's answer, 0 to 86,400; undefined where the template does not say. */
  readonly maxAgeSeconds: number | undefined;
}

/** A Function URL. */
export interface DeployedFunctionUrl {
  /** The first label of its host name. */
  readonly urlId: string;
  readonly domainName: string;
  readonly region: string;
  readonly accountId: string;
  readonly function: DeployedFunction;
  /** `AWS_IAM` takes signed requests only; `NONE` takes everybody's whom the function's policy lets in. */
  readonly authType: 'AWS_IAM' | 'NONE';
  /** `BUFFERED` sends nothing before the function is done. */
  readonly invokeMode: 'RESPONSE_STREAM' | 'BUFFERED';
  /** Undefined where the URL answers no page of another origin by itself. */
  readonly cors: CorsRules | undefined;
  /** Why CloudFront may not invoke it: what is missing in the function's policy; undefined where it may. */
  readonly refusal: string | undefined;
}

/** What stands behind CloudFront. */
export interface DeployedOrigin {
  readonly id: string;
  readonly domainName: string;
  /** Put before the path; empty where there is none. */
  readonly path: string;
  /** Longest wait for the first byte and for each next one, in milliseconds. */
  readonly readTimeoutMs: number;
  /** Longest time for the whole answer, in milliseconds; undefined where the template sets none. */
  readonly completionTimeoutMs: number | undefined;
  readonly keepAliveTimeoutSeconds: number;
  /** How often CloudFront tries a GET or HEAD that gets no answer; other methods are never repeated. */
  readonly connectionAttempts: number;
  readonly sslProtocols: readonly string[];
  readonly customHeaders: Readonly<Record<string, string>>;
  /** `always`, `never` or `no-override`; undefined where the origin has no origin access control. */
  readonly signingBehavior: string | undefined;
  /** Undefined where the origin is none of this assembly's Function URLs: it is not reached from here, and viewers get 502. */
  readonly functionUrl: DeployedFunctionUrl | undefined;
}

/** Which names of a kind (headers, cookies, query strings) an origin request policy lets through. */
export interface PolicyFilter {
  readonly kind: 'none' | 'all' | 'only' | 'except';
  /** For `only` and `except`; header names in lower case. */
  readonly names: readonly string[];
}

/** What of the viewer's request reaches the origin. */
export interface OriginRequestPolicy {
  readonly headers: PolicyFilter;
  readonly cookies: PolicyFilter;
  readonly queryStrings: PolicyFilter;
}

/** What CloudFront adds to and takes from every response. */
export interface ResponseHeadersPolicy {
  readonly set: readonly { readonly name: string; readonly value: string; readonly override: boolean }[];
  /** Names in lower case. */
  readonly remove: readonly string[];
  /** Headers for pages of other origins, over the origin's own where they override; undefined where it has none. */
  readonly cors?: (CorsRules & { readonly override: boolean }) | undefined;
}

/** A CloudFront Function at one of the viewer's events. */
export interface DeployedViewerFunction {
  readonly name: string;
  readonly code: string;
}

/** A Lambda@Edge function at one of the four events. */
export interface DeployedEdgeFunction {
  readonly function: DeployedFunction;
  /** Whether it sees the viewer's body; never at a response. */
  readonly includeBody: boolean;
}

/** One cache behaviour. */
export interface DeployedBehaviour {
  /** `*` for the default. */
  readonly pathPattern: string;
  readonly allowedMethods: readonly string[];
  readonly origin: DeployedOrigin;
  /** At viewer-request. A behaviour has CloudFront Functions or Lambda@Edge at the viewer's events, not both. */
  readonly viewerFunction: DeployedViewerFunction | undefined;
  /** At viewer-response. */
  readonly viewerResponseFunction: DeployedViewerFunction | undefined;
  /** At viewer-request, on Lambda. */
  readonly viewerRequestEdgeFunction: DeployedEdgeFunction | undefined;
  /** At viewer-response, on Lambda. */
  readonly viewerResponseEdgeFunction: DeployedEdgeFunction | undefined;
  readonly originRequestFunction: DeployedEdgeFunction | undefined;
  readonly originResponseFunction: DeployedEdgeFunction | undefined;
  readonly originRequestPolicy: OriginRequestPolicy;
  readonly responseHeadersPolicy: ResponseHeadersPolicy;
}

/** The CloudFront distribution. */
export interface DeployedDistribution {
  readonly logicalId: string;
  readonly id: string;
  readonly arn: string;
  readonly domainName: string;
  /** What a request for `/` is one for at the origin, such as `index.html`; undefined where it is one for `/`. */
  readonly defaultRootObject?: string | undefined;
  /** Its other names, such as `chat.example.com` or `*.example.com`. */
  readonly aliases: readonly string[];
  readonly accountId: string;
  /** In the order of precedence; the default is the last. */
  readonly behaviours: readonly DeployedBehaviour[];
}

/** What starts an agent that the template deploys. */
export type AgentArtifact =
  | {
      /** A bundle of code. */
      readonly kind: 'code';
      readonly language: 'node' | 'python';
      /** Such as `NODE_22`. */
      readonly runtime: string;
      readonly codeDirectory: string;
      readonly entryPoint: readonly string[];
    }
  | {
      /** Something that cannot be run here; another agent may still stand in for it. */
      readonly kind: 'refused';
      /** A sentence that names the resource and the property, and says what can be done. */
      readonly reason: string;
    };

/** An agent that the template deploys. */
export interface DeployedAgent {
  readonly logicalId: string;
  readonly artifact: AgentArtifact;
  readonly environment: Readonly<Record<string, string>>;
  readonly contract: ContainerContract;
  /** Names of its endpoints, `DEFAULT` first. */
  readonly qualifiers: readonly string[];
  /** Headers that reach the agent besides AgentCore's own, in lower case. */
  readonly headerAllowlist: readonly string[];
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
}

/** What is in a secret: hashes of keys, or of passwords. */
export type SecretKind = 'api-keys' | 'basic';

/** A secret that says who may call. */
export interface DeployedSecret {
  readonly kind: SecretKind;
  readonly arn: string;
  /** Undefined where no stack of the assembly deploys it. */
  readonly logicalId: string | undefined;
  /** What the template puts into it; undefined where that is nothing. */
  readonly value: string | undefined;
}

/** Who may call, as far as it is known without the relay. */
export interface DeployedAuth {
  /** The kinds of authentication, such as `api-keys`; none where the relay's environment says nothing of it. */
  readonly kinds: readonly string[];
  readonly secrets: readonly DeployedSecret[];
}

/** Something of the template that is not run here, though nothing stops. */
export interface Notice {
  /** How a sentence names the resource. */
  readonly resource: string;
  /** Path of the property, such as `DistributionConfig.WebACLId`. */
  readonly property: string;
  /** What it means here, in words that follow the property's name. */
  readonly text: string;
}

/** What the templates deploy, as far as a request meets it. */
export interface Deployment {
  readonly distribution: DeployedDistribution;
  readonly auth: DeployedAuth;
  /** The runtime that the functions invoke; undefined where the environment of none names one: there is no agent. */
  readonly agentRuntimeArn: string | undefined;
  /** The region of that runtime. */
  readonly agentRegion: string | undefined;
  /** Names of the functions' environment variables that hold the runtime's ARN, such as `AGENT_RUNTIME_ARN`. */
  readonly agentRuntimeVariables: readonly string[];
  /** Undefined where the functions invoke a runtime that another assembly deployed, or none. */
  readonly agent: DeployedAgent | undefined;
  /** Policies of what the functions ask for. */
  readonly resourcePolicies: readonly DeployedResourcePolicy[];
  /** What is not run here. */
  readonly notices: readonly Notice[];
}
