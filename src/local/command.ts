import { UsageError } from '../command-line.ts';
import type { Environment } from '../settings.ts';
import { localUsage, readLocalArguments } from './arguments.ts';
import { LocalChainError } from './local-chain-error.ts';
import { startLocalRun } from './local-run.ts';
import type { LocalRun } from './local-run.ts';
import { createJsonReporter, createTextReporter } from './reporter.ts';
import type { Output, Reporter } from './reporter.ts';

/** Longest wait for everything to end after a Ctrl-C, in milliseconds. */
const closeTimeoutMs = 2000;

const output: Output = {
  print: (text) => void process.stdout.write(text),
  explain: (text) => void process.stderr.write(text),
};

/**
 * Runs `agentcore-relay local` until it is interrupted and resolves to the exit code: 0 after an interrupt, 1 where the
 * chain cannot start, 2 where the command line is wrong. It says what is wrong in a sentence on stderr.
 */
export async function runLocalCommand(commandLine: readonly string[], environment: Environment): Promise<number> {
  const interrupted = hearInterrupts();
  // A command line that cannot be read may have said who reads the answer.
  const reporter = commandLine.includes('--json') ? createJsonReporter(output) : createTextReporter(output);
  try {
    const options = readLocalArguments(commandLine);
    if (options.help) {
      output.print(localUsage);
      return 0;
    }
    const run = await startLocalRun(options, environment, reporter);
    await interrupted();
    await close(run, reporter);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      reporter.refused(error.message, 'usage');
      return 2;
    }
    if (error instanceof LocalChainError) {
      reporter.refused(error.message, 'chain');
      return 1;
    }
    throw error;
  }
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

async function close(run: LocalRun, reporter: Reporter): Promise<void> {
  reporter.stopping();
  // Whatever is still there is killed with this process.
  const tooLate = setTimeout(() => {
    reporter.stopped();
    process.exit(0);
  }, closeTimeoutMs);
  await run.close();
  clearTimeout(tooLate);
  reporter.stopped();
}
