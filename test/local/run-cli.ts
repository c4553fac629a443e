import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

/** What a command has written, and how it has ended. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a stream gives. */
export interface Collected {
  /** What it has given so far. */
  text(): string;
  /** Resolves to the first match, when there is one. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A command that runs. */
export interface RunningCli extends AsyncDisposable {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly stdout: Collected;
  readonly stderr: Collected;
  /** Resolves to its exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts `agentcore-relay` in a folder, with an environment of its own. It is killed where a test leaves it running. */
export function startCli(
  workingDirectory: string,
  commandLine: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): RunningCli {
  const child = spawn(process.execPath, [cli, ...commandLine], {
    cwd: workingDirectory,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  return {
    child,
    stdout: collect(child.stdout),
    stderr: collect(child.stderr),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs `agentcore-relay` to its end. */
export async function runCli(workingDirectory: string, commandLine: readonly string[]): Promise<CliResult> {
  const { child, ended } = startCli(workingDirectory, commandLine);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** Whether a process runs. One that has ended and that nobody has asked for its exit code is not there any more. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/su.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    // Elsewhere than on Linux there is no such file.
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' && process.platform !== 'linux';
  }
}

function collect(stream: Readable): Collected {
  let collected = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    collected += chunk;
  });
  return {
    text: () => collected,
    until: async (pattern) => {
      for (;;) {
        const match = pattern.exec(collected);
        if (match !== null) return match;
        if (stream.readableEnded || stream.destroyed) {
          throw new Error(`${pattern.source} never came; there was:\n${collected}`);
        }
        const heard = new AbortController();
        const { signal } = heard;
        await Promise.race([once(stream, 'data', { signal }), once(stream, 'close', { signal })]);
        heard.abort();
      }
    },
  };
}
