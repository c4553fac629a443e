import path from 'node:path';
import type { Environment } from '../settings.ts';
import { LocalChainError } from './local-chain-error.ts';
import { startCommandProcess } from './process/command-process.ts';

/** A command of the developer's that is run to its end, such as the build. */
export interface RunCommandOptions {
  /** As typed into a shell. */
  readonly command: string;
  /** How the sentence names it that says that it failed, such as `the build`. */
  readonly what: string;
  readonly workingDirectory: string;
  /** What it sees of an environment. `node` is the Node that runs this, whatever else is installed. */
  readonly environment: Environment;
  /** Ends the command, with all that it started. */
  readonly signal: AbortSignal;
  /** Called once per line that it writes. */
  onLine(text: string): void;
}

/**
 * Runs a command to its end.
 *
 * @throws LocalChainError where it fails or is ended; the signal's own reason where that came before it began
 */
export async function runCommand(options: RunCommandOptions): Promise<void> {
  const { command, what, workingDirectory, environment, signal } = options;
  signal.throwIfAborted();
  const running = startCommandProcess({
    command,
    workingDirectory,
    environment: {
      ...Object.fromEntries(
        Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
      PATH: [path.dirname(process.execPath), environment['PATH']].join(path.delimiter),
    },
    onLine: (_stream, text) => options.onLine(text),
  });
  const kill = (): void => running.kill();
  signal.addEventListener('abort', kill);
  const exit = await running.exited;
  signal.removeEventListener('abort', kill);
  if (exit.code !== 0) {
    throw new LocalChainError(`${what} failed (${exit.signal ?? `exit code ${exit.code}`}): ${command}`);
  }
}
