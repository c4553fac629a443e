import { agentProtocols } from '../settings.ts';
import type { Environment } from '../settings.ts';
import { agentEnvironmentOf } from './agent-environment.ts';
import type { LocalArguments } from './arguments.ts';
import type { ServerProtocol } from './container-contract.ts';
import { toHarEntry } from './har.ts';
import { createHarFile } from './har-file.ts';
import { requireFreePort } from './listen.ts';
import { startLocalChain } from './local-chain.ts';
import type { LocalChain } from './local-chain.ts';
import { LocalChainError } from './local-chain-error.ts';
import { createRebuilds } from './rebuilds.ts';
import type { Reporter } from './reporter.ts';
import { runCommand } from './run-command.ts';
import { synthesize } from './synthesize.ts';
import { createTemporaryAssemblies } from './temporary-assemblies.ts';
import type { TemporaryAssemblies } from './temporary-assemblies.ts';
import type { Notice } from './template/deployment.ts';
import { watchFiles } from './watch-files.ts';
import type { FileWatch } from './watch-files.ts';
import { filesOfAssembly, sourcesOf } from './watched-files.ts';
import type { WatchedFiles } from './watched-files.ts';

/** Folder with the `cdk.json` of the app. */
const projectDirectory = '.';

/** How long nothing must have changed before a rebuild begins, in milliseconds: an editor writes several files in that time. */
const quietMs = 200;

/** A chain that runs as the command line says, with what is around it. */
export interface LocalRun {
  /** Ends everything, and removes what was only for this run. */
  close(): Promise<void>;
}

/** What a run is made with. */
interface Setting {
  readonly options: LocalArguments;
  readonly environment: Environment;
  readonly reporter: Reporter;
}

/**
 * Builds and synthesizes what is to be run, starts it, and keeps it current where that is wanted.
 *
 * @throws LocalChainError with a sentence where that is not possible; nothing is left running.
 */
export async function startLocalRun(
  options: LocalArguments,
  environment: Environment,
  reporter: Reporter,
): Promise<LocalRun> {
  const setting: Setting = { options, environment, reporter };
  const { assembly, port, synth, traceFile } = options;
  if (synth) {
    await requireFreePort(port);
  }
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closePart of closers.splice(0).toReversed()) {
      await closePart();
    }
  };
  try {
    const har = traceFile === undefined ? undefined : createHarFile(traceFile, (sentence) => reporter.failed(sentence));
    closers.push(() => har?.close());
    const temporary = createTemporaryAssemblies(assembly);
    closers.push(() => temporary.removeAll());
    if (synth) {
      await makeAssembly(setting, assembly, new AbortController().signal);
    }
    const chain = await startLocalChain({
      assembly,
      port,
      parameters: options.parameters,
      agent: options.agent,
      agentProtocol: options.agentProtocol,
      keysFile: options.keysFile,
      usersFile: options.usersFile,
      region: environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
      agentEnvironment: agentEnvironmentOf(environment),
      faults: options.faults,
      faultSeed: options.faultSeed,
      trace: har !== undefined,
      onRequest: (line) => {
        har?.add(toHarEntry(line, chain.url));
        reporter.request(line);
      },
      onLog: (line) => reporter.log(line),
      onRetired: (old) => temporary.remove(old),
    });
    closers.push(() => chain.close());
    if (options.watch) {
      closers.push(keepCurrent(setting, chain, temporary));
    }
    for (const notice of [...chain.deployment.notices, ...noticesOfProtocol(chain, options.agentProtocol)]) {
      reporter.notice(notice);
    }
    const watched = options.watch ? watchedFilesOf(options, chain).map(({ what }) => what) : [];
    reporter.ready(chain, performance.now(), watched);
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** An agent that the package's relay cannot call is hosted all the same: another caller may. */
function noticesOfProtocol(chain: LocalChain, protocol: ServerProtocol | undefined): readonly Notice[] {
  const { agentCoreEndpoint, deployment } = chain;
  const isSpoken = protocol === undefined || agentProtocols.some((known) => known === protocol);
  if (isSpoken || agentCoreEndpoint === undefined || deployment.auth.kinds.length === 0) {
    return [];
  }
  const spoken = agentProtocols.join(' and ');
  const text = `is hosted, but the relay speaks ${spoken} to agents and answers every request with an error; call AgentCore itself, at ${agentCoreEndpoint}`;
  return [{ resource: '--agent-protocol', property: protocol, text }];
}

/** Builds what the app takes for its assets, and writes the assembly. */
async function makeAssembly(
  { options, environment, reporter }: Setting,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const { build, context } = options;
  const onLine = (text: string): void => reporter.progress(text);
  if (build !== undefined) {
    reporter.progress(`building: ${build}`);
    await runCommand({
      command: build,
      what: 'the build',
      workingDirectory: projectDirectory,
      environment,
      signal,
      onLine,
    });
  }
  await synthesize({
    projectDirectory,
    assemblyDirectory: folder,
    context,
    environment,
    signal,
    onStart: (command) => reporter.progress(`synthesizing the CDK app: ${command}`),
    onLine,
  });
}

function watchedFilesOf(options: LocalArguments, { deployment }: LocalChain): readonly WatchedFiles[] {
  const { synth, assembly, keysFile, usersFile, traceFile } = options;
  // These are read when they are needed, or written here.
  const others = [keysFile, usersFile, traceFile].filter((file) => file !== undefined);
  return synth ? [sourcesOf(projectDirectory, assembly, others)] : filesOfAssembly(assembly, deployment, others);
}

/** Makes the assembly anew at each change, in a folder of its own, and runs it in place of the one that runs. */
function keepCurrent(setting: Setting, chain: LocalChain, temporary: TemporaryAssemblies): () => Promise<void> {
  const { options, reporter } = setting;
  const watches = new Map<string, FileWatch>();
  const rebuilds = createRebuilds(async (changed, signal) => {
    const begun = performance.now();
    let folder: string | undefined;
    try {
      if (options.synth) {
        folder = temporary.make();
        await makeAssembly(setting, folder, signal);
      }
      await chain.reload(folder);
    } catch (error) {
      temporary.remove(folder);
      if (!signal.aborted) {
        reporter.failed(`${describeFailure(error)}; what ran before goes on`);
      }
      return;
    }
    try {
      watchAll();
    } catch (error) {
      reporter.failed(describeFailure(error));
    }
    reporter.rebuilt(chain, changed, performance.now() - begun);
  });
  /** A template may name other code than before. */
  const watchAll = (): void => {
    for (const { folder, counts } of watchedFilesOf(options, chain)) {
      if (!watches.has(folder)) {
        const watch = watchFiles({
          folder,
          counts,
          quietMs,
          onChange: (files) => rebuilds.begin(files),
          onFault: (sentence) => reporter.failed(sentence),
        });
        watches.set(folder, watch);
      }
    }
  };
  const closeAll = async (): Promise<void> => {
    await rebuilds.close();
    for (const watch of watches.values()) {
      watch.close();
    }
  };
  watchAll();
  return closeAll;
}

function describeFailure(error: unknown): string {
  return error instanceof LocalChainError ? error.message : `a rebuild failed: ${String(error)}`;
}
