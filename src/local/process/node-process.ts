import { fileURLToPath } from 'node:url';
import { parentPipeDescriptor } from './child-process.ts';
import type { RunningProcess } from './child-process.ts';
import { startCommandProcess } from './command-process.ts';
import { parentPipeVariable } from './parent-pipe.ts';

/** This package's own files run as they are: `.ts` from source, `.js` when compiled. */
const moduleExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** What is run. */
export interface NodeProcessSettings {
  /** The program and its arguments. */
  readonly entryPoint: readonly string[];
  /** Node's own options, before the program. Default: none. */
  readonly nodeOptions?: readonly string[];
  /** Its working directory. */
  readonly workingDirectory: string;
  /** All that it sees of an environment, but for `PATH` and what a shell adds, such as `PWD`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Called once per line that it writes. */
  onLine(stream: 'stdout' | 'stderr', text: string): void;
}

/**
 * Runs a program with this process's own Node. It leads its own process group, so that a Ctrl-C in the terminal reaches
 * only the parent, which then ends it; and it ends when the parent is gone, also in the middle of a loop without an end.
 */
export function startNodeProcess(settings: NodeProcessSettings): RunningProcess {
  const nodeOptions = [...ownOptions(), ...(settings.nodeOptions ?? [])];
  return startCommandProcess({
    command: [process.execPath, ...nodeOptions, ...settings.entryPoint],
    workingDirectory: settings.workingDirectory,
    environment: { ...essentialEnvironment(), ...settings.environment, ...ownEnvironment() },
    onLine: (stream, text) => settings.onLine(stream, text),
  });
}

/** Path of one of this package's own modules, named without its extension, relative to `base`. */
export function ownModulePath(name: string, base: string): string {
  return fileURLToPath(ownModuleUrl(name, base));
}

function ownModuleUrl(name: string, base: string): URL {
  return new URL(`${name}${moduleExtension}`, base);
}

/** On Windows there is no shell that waits for the parent's end beside the program: the program has to hear of it itself. */
function ownOptions(): readonly string[] {
  return [
    ...(moduleExtension === '.ts' ? ['--disable-warning=ExperimentalWarning'] : []),
    ...(process.platform === 'win32' ? ['--import', ownModuleUrl('./end-with-parent', import.meta.url).href] : []),
  ];
}

function ownEnvironment(): Record<string, string> {
  return process.platform === 'win32' ? { [parentPipeVariable]: String(parentPipeDescriptor) } : {};
}

/** What any program needs of its environment to run at all. */
export function essentialEnvironment(): Record<string, string> {
  const names = ['PATH', 'SystemRoot', 'TEMP'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
