import type { RequestScope } from '../request-scope.ts';

/** Credentials that sign a request to AWS. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Where the agent is. */
export type AgentHosting =
  | {
      /** The agent's own bundle, one process per runtime session. */
      readonly kind: 'bundle';
      /** Folder of the unpacked bundle. */
      readonly codeDirectory: string;
      /** What Node runs, such as `['main.mjs']`. */
      readonly entryPoint: readonly string[];
      /** The runtime's own variables. */
      readonly environment: Readonly<Record<string, string>>;
      /** Silence after which a session's process ends, in milliseconds. AgentCore's default is 900,000. */
      readonly idleTimeoutMs: number;
      /** Longest life of a session's process, in milliseconds. AgentCore's default is 28,800,000. */
      readonly maxLifetimeMs: number;
    }
  | {
      /** An agent that already runs, in any language. */
      readonly kind: 'url';
      /** Base URL; the agent answers `POST <url>/invocations`. */
      readonly url: string;
    }
  | {
      /** A runtime on AWS: the request is signed again with the developer's own credentials and passed through. */
      readonly kind: 'deployed';
      /** ARN of the deployed runtime. */
      readonly agentRuntimeArn: string;
      /** Region of the deployed runtime. */
      readonly region: string;
      /** Asked for once per request. */
      readonly credentials: () => Promise<AwsCredentials>;
      /** Base URL of the data plane. Default: the region's own. */
      readonly endpoint?: string | undefined;
    };

/** One invocation, for the log. */
export interface AgentInvocationLine {
  /** `X-Amzn-Trace-Id` of the request; empty where it had none. */
  readonly traceId: string;
  readonly runtimeSessionId: string;
  readonly status: number;
  /** How long the session's process took to become healthy, where this invocation waited for it. */
  readonly coldStartMs: number | undefined;
  /** From the request's arrival to the first byte of the answer's body. */
  readonly firstByteMs: number;
}

/** One line that an agent's process wrote. */
export interface AgentLogLine {
  readonly runtimeSessionId: string;
  readonly stream: 'stdout' | 'stderr';
  /** The line, without its line break. */
  readonly text: string;
}

/** A local AgentCore data plane. */
export interface AgentCoreSettings {
  /** The only runtime that exists here. */
  readonly agentRuntimeArn: string;
  /** Region that requests must be signed for. */
  readonly region: string;
  readonly hosting: AgentHosting;
  /** Names of the runtime's endpoints. Default: any, because `DEFAULT` is not the only one that a template may have. */
  readonly qualifiers?: readonly string[] | undefined;
  /** Headers that the runtime's request header allowlist names: passed to the agent. Default none. */
  readonly headerAllowlist?: readonly string[] | undefined;
  /** Access key ids that may invoke; others with a known secret get AccessDeniedException. Default: all. */
  readonly allowedPrincipals?: readonly string[] | undefined;
  /** The secret of an access key id, or undefined where the key is not known. */
  secretAccessKeyOf(accessKeyId: string): string | undefined;
  /** The viewer's request that an invocation belongs to, by its `X-Amzn-Trace-Id`. Default: none is known. */
  scopeOf?: ((traceId: string) => RequestScope | undefined) | undefined;
  /** Called once per invocation, when its first byte (or its error) leaves. */
  onInvocation(line: AgentInvocationLine): void;
  /** Called once per line that an agent's process writes. */
  onLog(line: AgentLogLine): void;
  /** Longest wait for `GET /ping`, in milliseconds. Default 120,000: AgentCore's own. */
  readonly startTimeoutMs?: number | undefined;
  /** The time in milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}
