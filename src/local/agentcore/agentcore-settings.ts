import type { ServiceCaller } from '../iam/service-caller.ts';
import type { RequestScope } from '../request-scope.ts';
import type { ContainerContract } from '../container-contract.ts';

/** Credentials that sign a request to AWS. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** How long a session's process lives. */
export interface SessionLifecycle {
  /** Silence after which a session's process ends, in milliseconds. AgentCore's default is 900,000. */
  readonly idleTimeoutMs: number;
  /** Longest life of a session's process, in milliseconds. AgentCore's default is 28,800,000. */
  readonly maxLifetimeMs: number;
}

/** AgentCore's own, where a runtime sets nothing. */
export const defaultLifecycle: SessionLifecycle = { idleTimeoutMs: 900_000, maxLifetimeMs: 28_800_000 };

/** Where the agent is. */
export type AgentHosting =
  | (SessionLifecycle & {
      /** The agent's own bundle, one process per runtime session. */
      readonly kind: 'bundle';
      /** What runs it: this process's own Node, or `python3`. */
      readonly language: 'node' | 'python';
      /** Folder of the unpacked bundle. */
      readonly codeDirectory: string;
      /** The program and its arguments, such as `['main.mjs']`. */
      readonly entryPoint: readonly string[];
      /** The runtime's own variables. */
      readonly environment: Readonly<Record<string, string>>;
    })
  | (SessionLifecycle & {
      /** A command of the developer's, one process per runtime session; one for all where it does not listen on `PORT`. */
      readonly kind: 'command';
      /** As typed into a shell. `{port}` in it stands for the port. */
      readonly command: string;
      readonly workingDirectory: string;
      /** All that it sees of an environment, but for what says the port. */
      readonly environment: Readonly<Record<string, string>>;
    })
  | (SessionLifecycle & {
      /** An agent that already runs, in any language. */
      readonly kind: 'url';
      /** Base URL; the contract's path is put after it. */
      readonly url: string;
    })
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
  /** Empty where the process serves more than one session, or none yet. */
  readonly runtimeSessionId: string;
  readonly stream: 'stdout' | 'stderr';
  /** The line, without its line break. */
  readonly text: string;
}

/** What ends requests and answers. Sizes are in bytes, times in milliseconds. */
export interface AgentCoreLimits {
  /** Largest payload. Default 100,000,000. */
  readonly maxPayloadBytes: number;
  /** Largest answer. Default 100,000,000. */
  readonly maxResponseBytes: number;
  /** Largest message of a streamed answer. Default 10,000,000. */
  readonly maxChunkBytes: number;
  /** Longest time for an answer that is not streamed. Default 900,000. */
  readonly requestTimeoutMs: number;
  /** Longest time for an answer that is streamed. Default 3,600,000. */
  readonly streamTimeoutMs: number;
}

/** "Quotas for Amazon Bedrock AgentCore", "Invocation limits"; the payload's, too, in the service model. */
export const defaultLimits: AgentCoreLimits = {
  maxPayloadBytes: 100_000_000,
  maxResponseBytes: 100_000_000,
  maxChunkBytes: 10_000_000,
  requestTimeoutMs: 900_000,
  streamTimeoutMs: 3_600_000,
};

/** A local AgentCore data plane. */
export interface AgentCoreSettings {
  /** The only runtime that exists here. */
  readonly agentRuntimeArn: string;
  /** Region that requests must be signed for. */
  readonly region: string;
  readonly hosting: AgentHosting;
  /** How the agent is spoken to, and how errors are worded. Default: AgentCore's `HTTP`. */
  readonly contract?: ContainerContract | undefined;
  /** Names of the runtime's endpoints. Default: any, because `DEFAULT` is not the only one that a template may have. */
  readonly qualifiers?: readonly string[] | undefined;
  /** Headers that the runtime's request header allowlist names: passed to the agent. Default none. */
  readonly headerAllowlist?: readonly string[] | undefined;
  /** Who has an access key id, and what they may do; undefined where nobody has it. */
  callerOf(accessKeyId: string): ServiceCaller | undefined;
  /** The viewer's request that an invocation belongs to, by its `X-Amzn-Trace-Id`. Default: none is known. */
  scopeOf?: ((traceId: string) => RequestScope | undefined) | undefined;
  /** Called once per invocation, when its first byte (or its error) leaves. */
  onInvocation(line: AgentInvocationLine): void;
  /** Called once per line that an agent's process writes. */
  onLog(line: AgentLogLine): void;
  /** Called with what the developer is to know of sessions and limits, a sentence each. Default: nobody is told. */
  onNote?: ((text: string) => void) | undefined;
  /** Longest wait for `GET /ping`, in milliseconds. Default 120,000: AgentCore's own. */
  readonly startTimeoutMs?: number | undefined;
  /** What ends requests and answers. Default: AgentCore's own {@link AgentCoreLimits}. */
  readonly limits?: Partial<AgentCoreLimits> | undefined;
  /** The time in milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}
