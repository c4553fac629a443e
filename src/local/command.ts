import { UsageError } from '../command-line.ts';
import { LocalChainError } from './local-chain-error.ts';
import { localUsage, readLocalArguments } from './arguments.ts';
import type { LocalArguments } from './arguments.ts';
import { describeChain, describeEmptySecrets, describeLog, describeRequest } from './console.ts';
import { requireFreePort } from './listen.ts';
import { startLocalChain } from './local-chain.ts';
import type { LocalChain } from './local-chain.ts';
import { synthesize } from './synthesize.ts';
import { environmentNames } from '../settings.ts';

/** Variables of the developer's own that the agent is given, where they are set. */
const modelVariables = ['OPENAI_BASE_URL', 'OPENAI_MODEL', 'OPENAI_API_KEY', 'OFFLINE_MODEL_DELAY_MS'];

/** What the agent needs besides for a model on Bedrock: the developer's own credentials. */
const awsVariables = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'HOME',
];

/** Longest wait for everything to end after a Ctrl-C, in milliseconds. */
const closeTimeoutMs = 2000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs `agentcore-relay local` until it is interrupted and resolves to the exit code: 0 after an interrupt, 1 where the
 * chain cannot start, 2 where the command line is wrong. It says what is wrong in a sentence on stderr.
 */
export async function runLocalCommand(commandLine: readonly string[], environment: Environment): Promise<number> {
  const interrupted = hearInterrupts();
  try {
    const options = readLocalArguments(commandLine);
    if (options.help) {
      process.stdout.write(localUsage);
      return 0;
    }
    const chain = await start(options, environment);
    process.stdout.write(describeChain(chain));
    process.stderr.write(describeEmptySecrets(chain.secrets));
    await interrupted();
    await close(chain);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`agentcore-relay local: ${error.message}\nagentcore-relay local --help says more\n`);
      return 2;
    }
    if (error instanceof LocalChainError) {
      process.stderr.write(`agentcore-relay local: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

/**
 * The agent's environment over the template's. The model that the template names would be called on AWS, with
 * credentials that are not here: it stays only where the developer asks for one.
 */
export function agentEnvironmentOf(environment: Environment): Environment {
  const bedrockModelId = environment['BEDROCK_MODEL_ID'];
  const names = bedrockModelId === undefined ? modelVariables : [...modelVariables, ...awsVariables];
  return {
    ...Object.fromEntries(
      names.filter((name) => environment[name] !== undefined).map((name) => [name, environment[name]]),
    ),
    BEDROCK_MODEL_ID: bedrockModelId,
  };
}

async function start(options: LocalArguments, environment: Environment): Promise<LocalChain> {
  const { synth, context, port, assemblyDirectory, agent, agentProtocol, keysFile, usersFile } = options;
  if (synth) {
    await requireFreePort(port);
    await synthesize({
      projectDirectory: '.',
      assemblyDirectory,
      context,
      environment,
      onStart: (command) => process.stderr.write(`synthesizing the CDK app: ${command}\n`),
    });
  }
  return startLocalChain({
    assembly: assemblyDirectory,
    port,
    agent,
    keysFile,
    usersFile,
    region: environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
    agentEnvironment: agentEnvironmentOf(environment),
    relayEnvironment: agentProtocol === undefined ? {} : { [environmentNames.agentRuntimeProtocol]: agentProtocol },
    onRequest: (line) => process.stdout.write(describeRequest(line)),
    onLog: (line) => process.stdout.write(describeLog(line)),
  });
}

/** The first interrupt ends the chain; one before it runs, and a second one, end the process at once. */
function hearInterrupts(): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isRunning = false;
  const onSignal = (): void => {
    if (!isRunning) {
      process.exit(130);
    }
    isRunning = false;
    resolve();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  // As in `… | head`: whoever took the output has gone, and with it the one who could have ended this.
  process.stdout.once('error', onSignal);
  process.stdout.on('error', () => undefined);
  return () => {
    isRunning = true;
    return promise;
  };
}

async function close(chain: LocalChain): Promise<void> {
  process.stderr.write('\nstopping\n');
  // Whatever is still there is killed with this process.
  const tooLate = setTimeout(() => process.exit(0), closeTimeoutMs);
  await chain.close();
  clearTimeout(tooLate);
}
