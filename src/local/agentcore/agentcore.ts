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
  /** The secret of an access key id, or undefined where the key is not known. */
  secretAccessKeyOf(accessKeyId: string): string | undefined;
  /** Called once per invocation, when its first byte (or its error) leaves. */
  onInvocation(line: AgentInvocationLine): void;
  /** Called once per line that an agent's process writes. */
  onLog(line: AgentLogLine): void;
  /** Longest wait for `GET /ping`, in milliseconds. Default 120,000: AgentCore's own. */
  readonly startTimeoutMs?: number | undefined;
  /** The time in milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** A running data plane. */
export interface AgentCore {
  /** Its base URL, `http://127.0.0.1:<port>`: what `AWS_ENDPOINT_URL_BEDROCK_AGENTCORE` is set to. */
  readonly endpoint: string;
  /** Ends the server and every agent's process. Idempotent. */
  close(): Promise<void>;
}

/** Starts the data plane on a free port of 127.0.0.1. */
export function startAgentCore(settings: AgentCoreSettings): Promise<AgentCore> {
  return Promise.reject(new Error(`the agent at ${settings.agentRuntimeArn} cannot run yet`));
}
