import { startChildProcess } from './child-process.ts';
import type { ChildProcessSettings, RunningProcess } from './child-process.ts';

/** A command line as typed into a shell, or a program with its arguments. */
export type Command = string | readonly [program: string, ...programArguments: string[]];

/** What is run. */
export interface CommandProcessSettings extends Omit<ChildProcessSettings, 'file' | 'arguments'> {
  readonly command: Command;
}

/**
 * Waits in the background for the end of the parent's pipe (descriptor 3), which closes with the parent's life, and ends the
 * whole group then; meanwhile the shell becomes the command, which does not see that descriptor. SIGTERM is the command's.
 */
const guard = `(trap '' TERM; read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$@" 3<&-`;

/**
 * The shell that runs a typed command outlives it: with the group's leader the rest of the group is ended, and SIGTERM leaves
 * the command its time to end by itself. Nothing of the command line that comes after it is begun then.
 */
const outlive = "trap 'exit 143' TERM";

/** Runs a command of any language. It ends when the parent is gone, even by SIGKILL, with all that it started in its group. */
export function startCommandProcess({ command, ...settings }: CommandProcessSettings): RunningProcess {
  const isText = typeof command === 'string';
  if (process.platform === 'win32') {
    const [file, ...rest] = isText ? [process.env['ComSpec'] ?? 'cmd.exe', '/d', '/s', '/c', command] : command;
    return startChildProcess({ ...settings, file, arguments: rest });
  }
  const words = isText ? ['/bin/sh', '-c', `${outlive}\n${command}`] : command;
  return startChildProcess({ ...settings, file: '/bin/sh', arguments: ['-c', guard, 'sh', ...words] });
}
