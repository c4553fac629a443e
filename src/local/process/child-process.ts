import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createLineSplitter } from './line-splitter.ts';

/** Position of the parent's pipe among the child's descriptors: the first after stdin, stdout and stderr. */
export const parentPipeDescriptor = 3;

/** What is run. */
export interface ChildProcessSettings {
  /** The program. */
  readonly file: string;
  readonly arguments: readonly string[];
  /** Its working directory. */
  readonly workingDirectory: string;
  /** All that it sees of an environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called once per line that it writes. */
  onLine(stream: 'stdout' | 'stderr', text: string): void;
}

/** How a process ended. */
export interface ProcessExit {
  /** Its exit code, or null where a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it, or null. */
  readonly signal: string | null;
}

/** A running process. */
export interface RunningProcess {
  /** Its id, or undefined where it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when it has ended and its last line has been handed out. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Asks it to end (SIGTERM). */
  interrupt(): void;
  /** Ends it and what it started, at once (SIGKILL). */
  kill(): void;
}

const running = new Set<ChildProcess>();

/**
 * Runs a program that leads its own process group, so that a Ctrl-C in the terminal reaches only the parent, which then
 * ends it. What it is to do when the parent is gone it learns from {@link parentPipeDescriptor}, whose end closes then.
 */
export function startChildProcess(settings: ChildProcessSettings): RunningProcess {
  const child = spawn(settings.file, settings.arguments, {
    cwd: settings.workingDirectory,
    env: settings.environment,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  track(child);
  hearLines(child, settings);
  return {
    pid: child.pid,
    exited: exitOf(child, settings),
    interrupt: () => signalRunning(child, 'SIGTERM'),
    kill: () => signalRunning(child, 'SIGKILL'),
  };
}

function hearLines(child: ChildProcess, settings: ChildProcessSettings): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const splitter = createLineSplitter((text) => settings.onLine(name, text));
    child[name]?.on('data', (bytes: Buffer) => splitter.push(bytes));
    child[name]?.on('end', () => splitter.end());
  }
}

function exitOf(child: ChildProcess, settings: ChildProcessSettings): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      settings.onLine('stderr', `the process could not be started: ${error.message}`);
      resolve({ code: 1, signal: null });
    });
    // The pipe's end may be reset while the process is being killed; its exit says all there is to say.
    child.stdio[parentPipeDescriptor]?.on('error', () => undefined);
    // What the process has started would hold its pipes open, and outlive it.
    child.on('exit', () => signalGroup(child, 'SIGKILL'));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
}

function track(child: ChildProcess): void {
  if (running.size === 0) {
    process.on('exit', killAll);
  }
  running.add(child);
  child.on('close', () => {
    running.delete(child);
    if (running.size === 0) {
      process.off('exit', killAll);
    }
  });
}

function killAll(): void {
  for (const child of running) {
    signalRunning(child, 'SIGKILL');
  }
}

/** A group's id may be given anew once its leader is gone: nothing is sent to it then. */
function signalRunning(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.exitCode === null && child.signalCode === null) {
    signalGroup(child, signal);
  }
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    if (process.platform === 'win32') {
      child.kill(signal);
    } else {
      process.kill(-child.pid, signal);
    }
  } catch {
    // Nothing of the group is left.
  }
}
