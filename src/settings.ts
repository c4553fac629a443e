import { RelayError } from './errors.ts';

/** The environment's names. The CDK construct writes them, the hosts read them, nothing else knows them. */
export const environmentNames = {
  /** ARN of the AgentCore Runtime that is invoked. The only one that must be set. */
  agentRuntimeArn: 'AGENT_RUNTIME_ARN',
  /** Endpoint name of the runtime. Default: `DEFAULT`. */
  agentRuntimeQualifier: 'AGENT_RUNTIME_QUALIFIER',
  /** Region of the runtime where it is not the relay's own. */
  agentRuntimeRegion: 'AGENT_RUNTIME_REGION',
  /** What the agent speaks, an {@link AgentProtocol}. Default: `HTTP`. */
  agentRuntimeProtocol: 'AGENT_RUNTIME_PROTOCOL',
  /** The protocols that viewers may speak, names of {@link protocolNames} with commas between. Default: all. */
  protocols: 'RELAY_PROTOCOLS',
  /** Who may call, in JSON (`AuthSettings`). Must be set, also for everybody. */
  auth: 'RELAY_AUTH',
  /** Whose conversation it is, a {@link SessionPolicy}. Default: `derived`. */
  sessions: 'RELAY_SESSIONS',
  /** Pages of other origins that may call, in JSON ({@link CorsSettings}). Default: none. */
  cors: 'RELAY_CORS',
  /** `true` passes the principal on to AgentCore as the runtime's user id. Default: `false`. */
  passUserId: 'RELAY_PASS_USER_ID',
  /** `true` scrubs the agent's own error frames where its bytes pass through. Default: `false`. */
  scrubAgentErrors: 'RELAY_SCRUB_AGENT_ERRORS',
} as const;

/**
 * How a runtime session id comes about. `derived`: from the principal and the client's id, so that nobody reaches
 * another's conversation. `as-given`: the client's own id goes to AgentCore unchanged, and whoever knows it has the conversation.
 */
export type SessionPolicy = 'derived' | 'as-given';

/** All of {@link SessionPolicy}. */
export const sessionPolicies: readonly SessionPolicy[] = ['derived', 'as-given'];

/** Which pages of other origins a browser may let call. */
export interface CorsSettings {
  /** Exact origins, such as `https://app.example.com`; `*` alone is every origin, and excludes {@link CorsSettings.credentials}. */
  readonly origins: readonly string[];
  /** Whether browsers may send what they hold for the relay themselves: Basic credentials. Default: false. */
  readonly credentials?: boolean | undefined;
  /** How long a browser may keep a preflight's answer, in seconds. Default 600, at most 86,400. */
  readonly maxAgeSeconds?: number | undefined;
}

/**
 * What an agent speaks, by AgentCore's own names (`serverProtocol` of CreateAgentRuntime). `HTTP`: it takes
 * `{"prompt":"…"}` and answers in any dialect. `AGUI`: it takes an AG-UI `RunAgentInput` and answers with AG-UI events.
 */
export type AgentProtocol = 'HTTP' | 'AGUI';

/** All of {@link AgentProtocol}. */
export const agentProtocols: readonly AgentProtocol[] = ['HTTP', 'AGUI'];

/** The package's protocols, in their order: of those on one path the first is the path's default. */
export const protocolNames = [
  'original',
  'transformed',
  'ndjson',
  'ui-message',
  'ag-ui',
  'openai-chat',
  'openai-responses',
] as const;

/** Name of one of the package's protocols. */
export type ProtocolName = (typeof protocolNames)[number];

/** Bounds of one request, each with a default that suits the deployed chain. Times are in milliseconds. */
export interface RelayLimits {
  /** Largest request body, in bytes. Default 1,048,576: what Lambda@Edge can hash. */
  readonly maxBodyBytes: number;
  /** Longest prompt, in UTF-16 units. Default 500,000. */
  readonly maxPromptLength: number;
  /** Largest single message of the agent's stream, in bytes. Default 10 MiB: AgentCore's own limit for a chunk. */
  readonly maxMessageBytes: number;
  /** Largest buffered (not streamed) answer that is translated, in bytes. Default 8 MiB. */
  readonly maxDocumentBytes: number;
  /** How long the status waits for AgentCore's headers; then it is 200 and errors are said in the stream. Default 10,000. */
  readonly graceMs: number;
  /** Silence after which a keep-alive is sent. Default 15,000. 0 sends none. */
  readonly keepAliveMs: number;
  /** Silence of the agent after which the stream ends with `agent_silent`. Default 300,000. */
  readonly idleTimeoutMs: number;
  /**
   * In a format that has no keep-alive: time without a byte for the viewer, also while the agent is at work. Below CloudFront's
   * read timeout of 120 s. Default 110,000.
   */
  readonly quietIdleTimeoutMs: number;
  /** How long before the host's own timeout the stream ends with `deadline_exceeded`; a tenth of it at most. Default 5,000. */
  readonly deadlineMarginMs: number;
  /** Answers that may be on their way at once. Default 1,000; on Lambda each process has one. */
  readonly maxStreams: number;
  /** Answers that may be on their way at once to one principal who is not anonymous. Default 20. */
  readonly maxStreamsPerPrincipal: number;
}

/** The defaults of {@link RelayLimits}. */
export const defaultLimits: RelayLimits = {
  maxBodyBytes: 1_048_576,
  maxPromptLength: 500_000,
  maxMessageBytes: 10 * 1024 * 1024,
  maxDocumentBytes: 8 * 1024 * 1024,
  graceMs: 10_000,
  keepAliveMs: 15_000,
  idleTimeoutMs: 300_000,
  quietIdleTimeoutMs: 110_000,
  deadlineMarginMs: 5_000,
  maxStreams: 1_000,
  maxStreamsPerPrincipal: 20,
};

/** Where and as whom the relay invokes the agent. */
export interface AgentRuntimeSettings {
  /** ARN of the runtime. */
  readonly agentRuntimeArn: string;
  /** Endpoint name of the runtime. */
  readonly qualifier: string;
  /** Region that is called and signed for. */
  readonly region: string;
  /** Base URL of the data plane, without a trailing slash. */
  readonly endpoint: string;
}

/** A set of environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `arn:<partition>:bedrock-agentcore:<region>:<account>:runtime/<id>` (service reference, AgentCore). */
export const agentRuntimeArnPattern: RegExp =
  /^arn:(aws[a-z-]*):bedrock-agentcore:([a-z0-9-]+):\d{12}:runtime\/[A-Za-z0-9_-]+$/u;

/**
 * Reads the agent's address from the environment, as the AWS SDKs do: `AWS_ENDPOINT_URL_BEDROCK_AGENTCORE` before
 * `AWS_ENDPOINT_URL` before the region's own endpoint.
 *
 * @throws RelayError `internal_error` whose message names the variable that is missing or wrong.
 */
export function readAgentRuntimeSettings(environment: Environment): AgentRuntimeSettings {
  const agentRuntimeArn = environment[environmentNames.agentRuntimeArn] ?? '';
  const parts = agentRuntimeArnPattern.exec(agentRuntimeArn);
  if (parts === null) {
    throw new RelayError('internal_error', {
      cause: `${environmentNames.agentRuntimeArn} is ${agentRuntimeArn === '' ? 'not set' : `"${agentRuntimeArn}"`}; it must be the ARN of an AgentCore Runtime, arn:aws:bedrock-agentcore:<region>:<account>:runtime/<id>`,
    });
  }
  const [, partition, arnRegion = ''] = parts;
  const region =
    environment[environmentNames.agentRuntimeRegion] ??
    environment['AWS_REGION'] ??
    environment['AWS_DEFAULT_REGION'] ??
    arnRegion;
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const endpoint =
    environment['AWS_ENDPOINT_URL_BEDROCK_AGENTCORE'] ??
    environment['AWS_ENDPOINT_URL'] ??
    `https://bedrock-agentcore.${region}.${suffix}`;
  return {
    agentRuntimeArn,
    qualifier: environment[environmentNames.agentRuntimeQualifier] ?? 'DEFAULT',
    region,
    endpoint: endpoint.replace(/\/+$/u, ''),
  };
}

/**
 * Reads from the environment what the agent speaks.
 *
 * @throws RelayError `internal_error` whose cause names the variable and what is allowed.
 */
export function readAgentProtocol(environment: Environment): AgentProtocol {
  const variable = environmentNames.agentRuntimeProtocol;
  return findName(environment[variable] ?? 'HTTP', agentProtocols, variable);
}

/**
 * Reads from the environment which protocols viewers may speak.
 *
 * @throws RelayError `internal_error` whose cause names the variable and what is allowed.
 */
export function readProtocolNames(environment: Environment): readonly ProtocolName[] {
  const variable = environmentNames.protocols;
  const names = environment[variable] ?? '';
  return names === '' ? protocolNames : names.split(',').map((name) => findName(name.trim(), protocolNames, variable));
}

/**
 * Reads from the environment how runtime session ids come about.
 *
 * @throws RelayError `internal_error` whose cause names the variable and what is allowed.
 */
export function readSessionPolicy(environment: Environment): SessionPolicy {
  const variable = environmentNames.sessions;
  return findName(environment[variable] ?? 'derived', sessionPolicies, variable);
}

/**
 * Reads a variable that is `true` or `false`; not set it is false.
 *
 * @throws RelayError `internal_error` whose cause names the variable and what is allowed.
 */
export function readFlag(environment: Environment, variable: string): boolean {
  return findName(environment[variable] ?? 'false', ['true', 'false'], variable) === 'true';
}

function findName<Name extends string>(name: string, known: readonly Name[], variable: string): Name {
  const found = known.find((candidate) => candidate === name);
  if (found === undefined) {
    throw new RelayError('internal_error', { cause: `${variable} has "${name}"; allowed are ${known.join(', ')}` });
  }
  return found;
}
