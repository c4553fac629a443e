import { UsageError, readCommandLine, refuseOperands } from '../command-line.ts';
import type { KnownOptions } from '../command-line.ts';
import { agentProtocols } from '../settings.ts';
import type { AgentProtocol } from '../settings.ts';
import type { LocalAgent } from './agent-hosting.ts';
import { regionOf } from './agent-hosting.ts';
import { LocalChainError } from './local-chain-error.ts';

/** What `agentcore-relay local` is told. */
export interface LocalArguments {
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** Folder of the cloud assembly. */
  readonly assemblyDirectory: string;
  /** True where the CDK app is to be synthesized into that folder first. */
  readonly synth: boolean;
  /** Told to that app, over its own `cdk.json`. */
  readonly context: Readonly<Record<string, string>>;
  readonly agent: LocalAgent;
  /** What the agent speaks; undefined leaves it to the template. */
  readonly agentProtocol: AgentProtocol | undefined;
  /** The developer's file with the hashes of keys. */
  readonly keysFile: string | undefined;
  /** The developer's file with the hashes of passwords. */
  readonly usersFile: string | undefined;
  /** True where only the usage is wanted. */
  readonly help: boolean;
}

/** What `--help` prints. */
export const localUsage = `Usage: agentcore-relay local [options]

Runs on this machine what the CDK app deploys: CloudFront, its functions, the relay, AgentCore and the agent.

Options:
  --port <number>      port on 127.0.0.1; 0 takes a free one (default 8787)
  --assembly <folder>  the cloud assembly, as cdk synth leaves it (default cdk.out)
  --synth              synthesize the CDK app of ./cdk.json into that folder first
  -c <key>=<value>     with --synth: context for that app; may be given several times, the last of a key counts
  --keys <file>        who has a key, as "agentcore-relay key create" writes it, in place of the template's secret
  --users <file>       who has a password, as "agentcore-relay user create" writes it, in place of the template's secret
  --agent-url <url>    use an agent that already runs, in any language: POST <url>/invocations
  --agent-arn <arn>    use a deployed AgentCore Runtime, with your own AWS credentials
  --profile <name>     with --agent-arn: the AWS profile
  --region <name>      with --agent-arn: the region (default the ARN's)
  --agent-protocol <p> what the agent speaks: HTTP or AGUI (default: as the template says)
  --help               print this

Environment of the agent that the template deploys:
  OPENAI_BASE_URL, OPENAI_MODEL, OPENAI_API_KEY   a model behind any OpenAI-compatible endpoint
  BEDROCK_MODEL_ID                                a model on Bedrock, with your own AWS credentials
  without these it uses its offline model
`;

const known = {
  port: 'value',
  assembly: 'value',
  synth: 'flag',
  context: 'values',
  keys: 'value',
  users: 'value',
  'agent-url': 'value',
  'agent-arn': 'value',
  profile: 'value',
  region: 'value',
  'agent-protocol': 'value',
  help: 'flag',
} as const satisfies KnownOptions;

/**
 * Reads the arguments after `local`.
 *
 * @throws UsageError with a sentence that says what is wrong and what is allowed.
 */
export function readLocalArguments(commandLine: readonly string[]): LocalArguments {
  const { operands, options, valuesOf } = readCommandLine(commandLine, known, { c: 'context' });
  refuseOperands(operands);
  const context = valuesOf('context');
  if (context.length > 0 && !options.has('synth')) {
    throw new UsageError('-c has a meaning only with --synth');
  }
  return {
    port: readPort(options.get('port') ?? '8787'),
    assemblyDirectory: options.get('assembly') ?? 'cdk.out',
    synth: options.has('synth'),
    context: Object.fromEntries(context.map(readPair)),
    agent: readAgent(options),
    agentProtocol: readProtocol(options.get('agent-protocol')),
    keysFile: options.get('keys'),
    usersFile: options.get('users'),
    help: options.has('help'),
  };
}

/** A value may have further equals signs. */
function readPair(text: string): readonly [key: string, value: string] {
  const equalsAt = text.indexOf('=');
  if (equalsAt < 1) {
    throw new UsageError(`-c is "${text}"; it must be <key>=<value>`);
  }
  return [text.slice(0, equalsAt), text.slice(equalsAt + 1)];
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/u.test(text) || port > 65_535) {
    throw new UsageError(`--port is "${text}"; it must be a number from 0 to 65535`);
  }
  return port;
}

function readProtocol(name: string | undefined): AgentProtocol | undefined {
  const protocol = agentProtocols.find((known) => known === name);
  if (name !== undefined && protocol === undefined) {
    throw new UsageError(`--agent-protocol is "${name}"; it must be one of ${agentProtocols.join(', ')}`);
  }
  return protocol;
}

function readAgent(options: ReadonlyMap<string, string>): LocalAgent {
  const url = options.get('agent-url');
  const agentRuntimeArn = options.get('agent-arn');
  if (url !== undefined && agentRuntimeArn !== undefined) {
    throw new UsageError('--agent-url and --agent-arn exclude each other: there is one agent');
  }
  for (const name of ['profile', 'region']) {
    if (options.has(name) && agentRuntimeArn === undefined) {
      throw new UsageError(`--${name} has a meaning only with --agent-arn`);
    }
  }
  if (url !== undefined) {
    if (!URL.canParse(url) || !/^https?:\/\//iu.test(url)) {
      throw new UsageError(`--agent-url is "${url}"; it must be a URL like http://localhost:8080`);
    }
    return { kind: 'url', url: url.replace(/\/+$/u, '') };
  }
  if (agentRuntimeArn === undefined) {
    return { kind: 'template' };
  }
  const region = options.get('region') ?? readRegion(agentRuntimeArn);
  readRegion(agentRuntimeArn);
  return { kind: 'deployed', agentRuntimeArn, region, profile: options.get('profile') };
}

function readRegion(agentRuntimeArn: string): string {
  try {
    return regionOf(agentRuntimeArn);
  } catch (error) {
    throw error instanceof LocalChainError ? new UsageError(`--agent-arn: ${error.message}`, { cause: error }) : error;
  }
}
