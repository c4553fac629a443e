import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

/** The part of esbuild that is used here; it is not a dependency of this package. */
export interface Bundler {
  buildSync(options: Readonly<Record<string, unknown>>): {
    readonly outputFiles: readonly { readonly text: string }[];
    readonly metafile: { readonly outputs: Readonly<Record<string, { readonly exports: readonly string[] }>> };
  };
}

/** What of another file a module names: in `import … from '…'`, `export … from '…'`, `import('…')` and `require('…')`. */
const otherModule = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])(?!node:)(?<name>[^'"\n]+)\1/u;

/**
 * Makes the text of one module of the user's module and all that it imports.
 *
 * @param find - Finds esbuild. Default: as the entry sees it, or else the folder where the app runs.
 * @throws Error where the entry does not exist or has no `identify`, and where esbuild is needed and not there.
 */
export function bundleIdentity(entry: string, find: (entry: string) => Bundler | undefined = findBundler): string {
  if (!existsSync(entry)) throw new Error(`the handler of auth, ${resolve(entry)}, does not exist`);
  const bundler = find(entry);
  if (bundler === undefined) return readAlone(entry);
  const { outputFiles, metafile } = bundler.buildSync({
    entryPoints: [resolve(entry)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    metafile: true,
    logLevel: 'silent',
    // What is CommonJS requires Node's own modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  const names = Object.values(metafile.outputs).flatMap(({ exports }) => exports);
  if (!names.includes('identify')) {
    const got = names.length === 0 ? 'nothing' : names.join(', ');
    throw new Error(`the handler of auth, ${entry}, exports ${got}; it must export a function "identify"`);
  }
  return outputFiles.map(({ text }) => text).join('');
}

/** Looks for esbuild where the user's module would find it, then where the app runs. */
function findBundler(entry: string): Bundler | undefined {
  for (const from of [resolve(entry), join(process.cwd(), 'package.json')]) {
    const require = createRequire(from);
    try {
      require.resolve('esbuild');
    } catch {
      continue;
    }
    return require('esbuild') as Bundler;
  }
  return undefined;
}

/** A module in JavaScript that imports nothing but Node's own is deployed as it is. */
function readAlone(entry: string): string {
  const install = 'run "npm install -D esbuild"';
  if (!entry.endsWith('.mjs')) {
    throw new Error(`the handler of auth, ${entry}, has to be bundled, and esbuild is not installed; ${install}`);
  }
  const text = readFileSync(entry, 'utf8');
  const name = otherModule.exec(text)?.groups?.['name'];
  if (name !== undefined) {
    throw new Error(
      `the handler of auth, ${entry}, imports "${name}" and has to be bundled, and esbuild is not installed; ${install}`,
    );
  }
  return text;
}
