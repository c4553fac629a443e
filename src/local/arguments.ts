import { UsageError, readCommandLine, refuseOperands } from '../command-line.ts';
import type { KnownOptions } from '../command-line.ts';
import type { LocalAgent } from './agent-hosting.ts';
import { regionOf } from './agent-hosting.ts';
import { serverProtocols } from './container-contract.ts';
import type { ServerProtocol } from './container-contract.ts';
import { createFaultPlan } from './faults/fault-plan.ts';
import { describeFaults } from './faults/read-faults.ts';
import { LocalChainError } from './local-chain-error.ts';

/** What `agentcore-relay local` is told. */
export interface LocalArguments {
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** Folder of the cloud assembly, or a template. */
  readonly assembly: string;
  /** True where the CDK app is to be synthesized into that folder first. */
  readonly synth: boolean;
  /** Values of the templates' parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What is run before each synthesis, as typed into a shell. */
  readonly build: string | undefined;
  /** Told to that app, over its own `cdk.json`. */
  readonly context: Readonly<Record<string, string>>;
  readonly agent: LocalAgent;
  /** What the agent speaks; undefined leaves it to the template. */
  readonly agentProtocol: ServerProtocol | undefined;
  /** The developer's file with the hashes of keys. */
  readonly keysFile: string | undefined;
  /** The developer's file with the hashes of passwords. */
  readonly usersFile: string | undefined;
  /** What goes wrong, each such as `cut-after=20`. */
  readonly faults: readonly string[];
  /** Decides which requests a fault with a rate meets. */
  readonly faultSeed: number;
  /** The HTTP Archive that is written. */
  readonly traceFile: string | undefined;
  /** True where tools read the standard output. */
  readonly json: boolean;
  /** True where what has changed is to be run without a new start. */
  readonly watch: boolean;
  /** True where only the usage is wanted. */
  readonly help: boolean;
}

/** What `--help` prints. */
export const localUsage: string = `Usage: agentcore-relay local [options]

Runs on this machine what the CDK app deploys: CloudFront, its functions, the relay, AgentCore and the agent.

Options:
  --port <number>      port on 127.0.0.1; 0 takes a free one (default 8787)
  --assembly <path>    the cloud assembly, as cdk synth leaves it, or a template (default cdk.out)
  --parameter <n>=<v>  a value for a parameter of the template; may be given several times, the last of a name counts
  --synth              synthesize the CDK app of ./cdk.json into that folder first
  -c <key>=<value>     with --synth: context for that app; may be given several times, the last of a key counts
  --build <command>    with --synth: run this before it, such as "npm run build"
  --watch              with --synth: build and synthesize again when a source of the app changes; without it: read
                       the assembly again when that changes. The port stays, what the agent's sessions remember goes
  --keys <file>        who has a key, as "agentcore-relay key create" writes it, in place of the template's secret
  --users <file>       who has a password, as "agentcore-relay user create" writes it, in place of the template's secret
  --agent <command>    use an agent in any language, started by this command, such as "python main.py"
  --agent-url <url>    use an agent that already runs, in any language: POST <url>/invocations
  --agent-arn <arn>    use a deployed AgentCore Runtime, with your own AWS credentials
  --profile <name>     with --agent-arn: the AWS profile
  --region <name>      with --agent-arn: the region (default the ARN's)
  --agent-protocol <p> what the agent speaks: ${serverProtocols.slice(0, -1).join(', ')} or ${serverProtocols.at(-1)} (default: as the template says)
  --fault <fault>      let this go wrong, see below; may be given several times
  --fault-seed <n>     decides which requests a fault with a rate meets: the same seed, the same requests (default 1)
  --trace <file>       write an HTTP Archive (HAR) with every hop's times, sizes and headers; credentials are masked
  --json               write one JSON object a line, for tools
  --help               print this

Faults:
${describeFaults().replace(/^(?=.)/gmu, '  ')}
Environment of the agent that the template deploys:
  OPENAI_BASE_URL, OPENAI_MODEL, OPENAI_API_KEY   a model behind any OpenAI-compatible endpoint
  BEDROCK_MODEL_ID                                a model on Bedrock, with your own AWS credentials
  without these it uses its offline model
`;

const known = {
  port: 'value',
  assembly: 'value',
  parameter: 'values',
  synth: 'flag',
  context: 'values',
  build: 'value',
  watch: 'flag',
  keys: 'value',
  users: 'value',
  agent: 'value',
  'agent-url': 'value',
  'agent-arn': 'value',
  profile: 'value',
  region: 'value',
  'agent-protocol': 'value',
  fault: 'values',
  'fault-seed': 'value',
  trace: 'value',
  json: 'flag',
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
  if (options.has('build') && !options.has('synth')) {
    throw new UsageError('--build has a meaning only with --synth');
  }
  return {
    port: readPort(options.get('port') ?? '8787'),
    assembly: options.get('assembly') ?? 'cdk.out',
    synth: options.has('synth'),
    build: options.get('build'),
    context: Object.fromEntries(context.map((text) => readPair(text, '-c is', '<key>=<value>'))),
    parameters: Object.fromEntries(
      valuesOf('parameter').map((text) => readPair(text, '--parameter is', '<name>=<value>')),
    ),
    agent: readAgent(options),
    agentProtocol: readProtocol(options.get('agent-protocol')),
    keysFile: options.get('keys'),
    usersFile: options.get('users'),
    ...readFaultOptions(valuesOf('fault'), options.get('fault-seed') ?? '1'),
    traceFile: options.get('trace'),
    json: options.has('json'),
    watch: options.has('watch'),
    help: options.has('help'),
  };
}

/** A value may have further equals signs. */
function readPair(text: string, what: string, form: string): readonly [key: string, value: string] {
  const equalsAt = text.indexOf('=');
  if (equalsAt < 1) {
    throw new UsageError(`${what} "${text}"; it must be ${form}`);
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

function readFaultOptions(faults: readonly string[], seed: string): Pick<LocalArguments, 'faults' | 'faultSeed'> {
  const faultSeed = Number(seed);
  if (!/^\d+$/u.test(seed) || !Number.isSafeInteger(faultSeed)) {
    throw new UsageError(`--fault-seed is "${seed}"; it must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  asUsage('--fault', () => createFaultPlan(faults, faultSeed));
  return { faults, faultSeed };
}

function readProtocol(name: string | undefined): ServerProtocol | undefined {
  const protocol = serverProtocols.find((known) => known === name);
  if (name !== undefined && protocol === undefined) {
    throw new UsageError(`--agent-protocol is "${name}"; it must be one of ${serverProtocols.join(', ')}`);
  }
  return protocol;
}

function readAgent(options: ReadonlyMap<string, string>): LocalAgent {
  const given = ['agent', 'agent-url', 'agent-arn'].filter((name) => options.has(name)).map((name) => `--${name}`);
  if (given.length > 1) {
    throw new UsageError(`${given.join(' and ')} exclude each other: there is one agent`);
  }
  const command = options.get('agent');
  const url = options.get('agent-url');
  const agentRuntimeArn = options.get('agent-arn');
  for (const name of ['profile', 'region']) {
    if (options.has(name) && agentRuntimeArn === undefined) {
      throw new UsageError(`--${name} has a meaning only with --agent-arn`);
    }
  }
  if (command !== undefined) {
    return { kind: 'command', command };
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
  const ownRegion = asUsage('--agent-arn', () => regionOf(agentRuntimeArn));
  return {
    kind: 'deployed',
    agentRuntimeArn,
    region: options.get('region') ?? ownRegion,
    profile: options.get('profile'),
  };
}

/** What is wrong with a value is wrong with the command line. */
function asUsage<Value>(option: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw error instanceof LocalChainError ? new UsageError(`${option}: ${error.message}`, { cause: error }) : error;
  }
}
