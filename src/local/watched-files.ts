import { statSync } from 'node:fs';
import path from 'node:path';
import { isMadeForCode } from './template/code-directory.ts';
import type { Deployment } from './template/deployment.ts';

/** A folder, and what in it counts. */
export interface WatchedFiles {
  readonly folder: string;
  /** How a sentence names what is watched. */
  readonly what: string;
  /** Whether a file there counts, or a folder is entered. Paths are relative, with `/` between their names. */
  counts(relativePath: string): boolean;
}

/** What an app, its tools and its agent write, or others wrote: no sources. */
const madeFolders: ReadonlySet<string> = new Set(['node_modules', 'dist', 'cdk.out', '__pycache__', 'venv']);

/** Logs, and what editors leave behind. */
const madeFiles = /(?:~|\.(?:log|swp|swx|tmp|pyc|har))$/u;

/**
 * The sources of a CDK app: all of its folder but dependencies, what is made of the sources, names that begin with a dot,
 * logs, and the files that are named.
 */
export function sourcesOf(
  projectDirectory: string,
  assembly: string | undefined,
  others: readonly string[],
): WatchedFiles {
  const folder = path.resolve(projectDirectory);
  const made = assembly === undefined ? [] : [path.resolve(assembly)];
  const excluded = new Set([...made, ...others.map((file) => path.resolve(file))]);
  return {
    folder,
    what: describe(folder),
    counts: (relativePath) => {
      const name = path.posix.basename(relativePath);
      const absolute = path.resolve(folder, relativePath);
      return (
        !name.startsWith('.') &&
        !madeFolders.has(name) &&
        !madeFiles.test(name) &&
        !excluded.has(absolute) &&
        !made.some((own) => absolute.startsWith(`${own}.watch-`))
      );
    },
  };
}

/**
 * An assembly that others make: its JSON, since its assets are named after their contents. Of a template written by hand:
 * what lies about it, and the code that it deploys from elsewhere.
 */
export function filesOfAssembly(
  assembly: string,
  deployment: Deployment,
  others: readonly string[],
): readonly WatchedFiles[] {
  const resolved = path.resolve(assembly);
  const folder = path.dirname(resolved);
  if (statSync(resolved, { throwIfNoEntry: false })?.isFile() !== true) {
    return [manifestsOf(resolved)];
  }
  const around: WatchedFiles = sourcesOf(folder, undefined, others);
  const elsewhere = codeDirectoriesOf(deployment).filter(
    (directory) => !isMadeForCode(directory) && !isWatched(around, directory),
  );
  return [around, ...elsewhere.map(codeIn)];
}

function manifestsOf(assembly: string): WatchedFiles {
  const base = path.basename(assembly);
  return {
    // Whoever makes it anew may remove it first: it is seen from above.
    folder: path.dirname(assembly),
    what: describe(assembly),
    counts: (relativePath) =>
      relativePath === base ||
      (relativePath.startsWith(`${base}/`) && /^[^/]+(?:\/assembly-[^/]*)*(?:\/[^/]+\.json)?$/u.test(relativePath)),
  };
}

function codeDirectoriesOf({ distribution, agent }: Deployment): readonly string[] {
  const directories = distribution.behaviours.flatMap(({ origin, originRequestFunction, originResponseFunction }) => [
    origin.functionUrl?.function.codeDirectory,
    originRequestFunction?.function.codeDirectory,
    originResponseFunction?.function.codeDirectory,
  ]);
  const ofAgent = agent?.artifact.kind === 'code' ? agent.artifact.codeDirectory : undefined;
  return [...new Set([...directories, ofAgent].filter((directory) => directory !== undefined))];
}

function isWatched({ folder, counts }: WatchedFiles, directory: string): boolean {
  const relative = path.relative(folder, directory).split(path.sep);
  return relative[0] !== '..' && relative.every((_name, at) => counts(relative.slice(0, at + 1).join('/')));
}

function codeIn(folder: string): WatchedFiles {
  return {
    folder,
    what: describe(folder),
    counts: (relativePath) => {
      const name = path.posix.basename(relativePath);
      return !name.startsWith('.') && name !== 'node_modules' && name !== '__pycache__' && !madeFiles.test(name);
    },
  };
}

function describe(file: string): string {
  return path.relative(process.cwd(), file) || 'this folder';
}
