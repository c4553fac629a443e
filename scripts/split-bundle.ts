import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, parse, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions, BuildResult, Plugin } from 'esbuild';

/** One file of a bundle. */
export interface BundleFile {
  /** `index.mjs` is what is read at the start; every other one has the name of the module that is loaded by `import()`. */
  readonly name: string;
  readonly text: string;
}

/** How a function is split. */
export interface SplitOptions extends BuildOptions {
  /** Absolute path. */
  readonly absWorkingDir: string;
  /** The function's module, which exports its handler; relative to {@link SplitOptions.absWorkingDir}. */
  readonly entryPoint: string;
}

type Built = BuildResult<{ readonly write: false; readonly metafile: true }>;

/** What esbuild calls the entry point that comes from no file. */
const stub = 'stdin.mjs';
/** Of the modules that stand for those that are loaded by `import()`. */
const lazyNamespace = 'split-bundle-lazy';

/**
 * Bundles a function so that its start reads one file with what the start needs, and each module that it loads by `import()`
 * is one more file, with all that this one needs besides.
 *
 * esbuild's own splitting makes a chunk for every set of modules that share something. A request would open seven files, and
 * each costs about a millisecond. So each module that is loaded is bundled apart: what two of them share is in both, which
 * is right for code that keeps no state. What has state, or a class that is asked for by `instanceof`, must be needed by
 * the entry point, too, or come from a package: that is there once. esbuild is then told that each of them needs all of what
 * the start reads, so that this is one chunk. The entry point, which would be one more file that says where the rest is,
 * becomes one with it.
 *
 * @throws Error where the start itself imports what is to be loaded later.
 */
export async function splitBundle({
  entryPoint,
  plugins = [],
  ...options
}: SplitOptions): Promise<readonly BundleFile[]> {
  const splitting = {
    ...options,
    splitting: true,
    outdir: join(options.absWorkingDir, 'split'),
    outExtension: { '.js': '.mjs' },
    metafile: true,
    write: false,
  } as const;
  const parts = readParts(await build({ ...splitting, entryPoints: { index: entryPoint }, plugins }));
  return joinEntry(
    await build({
      ...splitting,
      stdin: { contents: `export * from './${entryPoint}';`, resolveDir: options.absWorkingDir },
      plugins: [...plugins, bundleApart(options.absWorkingDir, entryPoint, parts)],
      // An import that does nothing is there for what esbuild concludes from it.
      logOverride: { ...options.logOverride, 'ignored-bare-import': 'silent' },
    }),
  );
}

/** Writes a bundle into a folder, which is made where there is none. */
export async function writeBundle(folder: string, files: readonly BundleFile[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(files.map(({ name, text }) => writeFile(join(folder, name), text)));
}

/** What a function is made of, as paths from the working directory. */
interface Parts {
  /** What the start needs. */
  readonly start: ReadonlySet<string>;
  /** What is loaded by `import()`. */
  readonly lazy: readonly string[];
}

function readParts({ metafile: { outputs } }: Built): Parts {
  const start = new Set<string>();
  const visit = (path: string | undefined): void => {
    const output = path === undefined ? undefined : outputs[path];
    if (output === undefined) return;
    for (const input of Object.keys(output.inputs)) start.add(input);
    for (const imported of output.imports) if (imported.kind === 'import-statement') visit(imported.path);
  };
  visit(Object.keys(outputs).find((path) => basename(path) === 'index.mjs'));
  const lazy = Object.entries(outputs)
    .filter(([path, { entryPoint }]) => entryPoint !== undefined && basename(path) !== 'index.mjs')
    .map(([, { entryPoint = '' }]) => entryPoint)
    .filter((entryPoint) => !entryPoint.startsWith('node_modules/'));
  const early = lazy.find((path) => start.has(path));
  if (early !== undefined) throw new Error(`${early} is loaded by import(), but the start of the function imports it`);
  return { start, lazy };
}

/** Gives each module that is loaded by `import()` modules of its own for all that the start does not need. */
function bundleApart(root: string, entryPoint: string, { start, lazy }: Parts): Plugin {
  const namespaceOf = (path: string): string => `${lazyNamespace}-${path}`;
  return {
    name: 'bundle-apart',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path: specifier, kind, namespace, resolveDir }) => {
        const path = relative(root, resolve(resolveDir, specifier));
        if (kind === 'dynamic-import' && lazy.includes(path)) return { path, namespace: lazyNamespace };
        if (!namespace.startsWith(lazyNamespace)) return undefined;
        if (start.has(path)) return { path: join(root, path), sideEffects: false };
        return { path, namespace: namespace === lazyNamespace ? namespaceOf(path) : namespace, sideEffects: false };
      });
      build.onLoad({ filter: /.*/, namespace: lazyNamespace }, ({ path }) => ({
        contents: `import './${entryPoint}';\nexport * from './${path}';`,
        resolveDir: root,
      }));
      for (const path of lazy) {
        build.onLoad({ filter: /.*/, namespace: namespaceOf(path) }, async ({ path: module }) => ({
          contents: await readFile(join(root, module), 'utf8'),
          loader: 'ts',
          resolveDir: dirname(join(root, module)),
        }));
      }
    },
  };
}

/** Makes one file of the entry point and the chunk that it takes its exports from, and gives each file its module's name. */
function joinEntry({ outputFiles, metafile: { outputs } }: Built): readonly BundleFile[] {
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const names = new Map<string, string>();
  for (const [path, { entryPoint = '' }] of Object.entries(outputs)) {
    const isLazy = entryPoint.startsWith(`${lazyNamespace}:`);
    names.set(basename(path), isLazy ? `${parse(entryPoint).name}.mjs` : basename(path));
  }
  const entry = texts.get(stub) ?? '';
  const [, imported, chunk = ''] = /^import\{([^}]*)\}from"\.\/([^"]+)";export\{[^}]*\};\n$/u.exec(entry) ?? [];
  if (imported === undefined) {
    names.set(stub, 'index.mjs');
  } else {
    texts.set(chunk, exportAs(texts.get(chunk) ?? '', readClause(imported), readClause(lastClause(entry))));
    names.delete(stub);
    names.set(chunk, 'index.mjs');
  }
  if (new Set(names.values()).size !== names.size)
    throw new Error('two modules that are loaded by import() have one name');
  return Array.from(names, ([from, name]) => ({
    name,
    text: Array.from(names).reduce(
      (text, [other, otherName]) => text.replaceAll(`"./${other}"`, `"./${otherName}"`),
      texts.get(from) ?? '',
    ),
  }));
}

/**
 * Exports of a chunk what the entry point gets of it and exports again.
 *
 * @param imported - What the entry point imports of the chunk: the chunk's name, then its own.
 * @param exported - What the entry point exports: its own name, then the one that others know.
 */
function exportAs(text: string, imported: ReadonlyMap<string, string>, exported: ReadonlyMap<string, string>): string {
  const clause = lastClause(text);
  const exports = Array.from(readClause(clause), ([local, name]) => {
    const again = exported.get(imported.get(name) ?? '');
    return `${local} as ${name}${again === undefined ? '' : `,${local} as ${again}`}`;
  });
  return (
    text.slice(0, text.lastIndexOf(clause)) + exports.join(',') + text.slice(text.lastIndexOf(clause) + clause.length)
  );
}

/** What is between the braces of a module's exports, which esbuild writes at its end. */
function lastClause(text: string): string {
  const [, clause] = /export\{([^}]*)\};\n$/u.exec(text) ?? [];
  if (clause === undefined) throw new Error('esbuild has written exports in another way than is known here');
  return clause;
}

/** Reads `a as b,c` into what is left and right of each `as`. */
function readClause(clause: string): ReadonlyMap<string, string> {
  return new Map(
    clause.split(',').map((part) => {
      const [left = '', right = left] = part.split(' as ');
      return [left, right];
    }),
  );
}
