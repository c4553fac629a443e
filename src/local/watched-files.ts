import path from 'node:path';

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
export function sourcesOf(projectDirectory: string, assembly: string, others: readonly string[]): WatchedFiles {
  const folder = path.resolve(projectDirectory);
  const made = path.resolve(assembly);
  const excluded = new Set([made, ...others.map((file) => path.resolve(file))]);
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
        !absolute.startsWith(`${made}.watch-`)
      );
    },
  };
}

/** An assembly that others make, or a template: of an assembly its JSON, since its assets are named after their contents. */
export function filesOfAssembly(assembly: string): WatchedFiles {
  const resolved = path.resolve(assembly);
  const base = path.basename(resolved);
  return {
    // Whoever makes it anew may remove it first: it is seen from above.
    folder: path.dirname(resolved),
    what: describe(resolved),
    counts: (relativePath) =>
      relativePath === base ||
      (relativePath.startsWith(`${base}/`) && /^[^/]+(?:\/assembly-[^/]*)*(?:\/[^/]+\.json)?$/u.test(relativePath)),
  };
}

function describe(file: string): string {
  return path.relative(process.cwd(), file) || '.';
}
