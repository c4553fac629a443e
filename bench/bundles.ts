import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';
import { lambdaBundle, requireBanner } from '../scripts/lambda-bundles.ts';
import { writeBundle } from '../scripts/split-bundle.ts';
import { bundleOriginalAlone, measureProtocolSizes } from './protocol-bundles.ts';
import type { ProtocolSize } from './protocol-bundles.ts';

/** Which function: the relay that is deployed, one that has `original` alone, or the handler that only pipes. */
export type FunctionName = 'pipe' | 'relay' | 'original-alone';

/** All that is run, built once and kept apart, so that a build on the side changes nothing of a run. */
export interface Bundles {
  /** Folder of a function, as Lambda unpacks it; its handler is `index.handler`. */
  folderOf(name: FunctionName): string;
  /** Bytes of all files of a function's bundle. */
  readonly bundleBytes: Readonly<Record<FunctionName, number>>;
  /** Bytes of the one that its start reads. */
  readonly startBytes: Readonly<Record<FunctionName, number>>;
  /** What each protocol adds to the relay's bundle. */
  readonly protocolSizes: readonly ProtocolSize[];
  /** The local Lambda's client of the Runtime API. */
  readonly bootstrap: string;
  readonly probe: string;
  readonly moduleLoad: string;
  remove(): Promise<void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const deployedRelay = join(root, 'dist/functions/relay');

/**
 * Loads Node's own modules by `require`, as the client of Lambda's own runtime does (`aws-lambda-ric` 4): an `import` of
 * `node:http` loads the whole of Node's `fetch`. Were it loaded before the function, no function's start would show it.
 */
const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : { path, namespace: 'builtin' },
    );
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

/**
 * Copies the relay's bundle and builds the rest. The programs around the functions are built too: to strip their types
 * takes a fresh process tens of milliseconds, which would hide what the functions differ in.
 *
 * @throws Error `ENOENT` where the relay has not been built.
 */
export async function prepareBundles(): Promise<Bundles> {
  const folder = await mkdtemp(join(tmpdir(), 'agentcore-relay-bench-'));
  const folderOf = (name: FunctionName): string => join(folder, name);
  const startFileOf = (name: FunctionName): string => join(folderOf(name), 'index.mjs');
  const programs = { bootstrap: 'src/local/lambda/bootstrap', probe: 'bench/probe', moduleLoad: 'bench/module-load' };
  const programFile = (name: keyof typeof programs): string => join(folder, `${name}.mjs`);

  await cp(deployedRelay, folderOf('relay'), { recursive: true });
  await writeBundle(folderOf('original-alone'), await bundleOriginalAlone());
  await build({
    ...lambdaBundle,
    banner: { js: requireBanner },
    absWorkingDir: root,
    entryPoints: ['bench/pipe-handler.ts'],
    outfile: startFileOf('pipe'),
  });
  for (const [name, entryPoint] of Object.entries(programs)) {
    await build({
      absWorkingDir: root,
      entryPoints: [`${entryPoint}.ts`],
      outfile: join(folder, `${name}.mjs`),
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: requireBanner },
      plugins: [requireBuiltins],
      logLevel: 'warning',
    });
  }
  const sizeOf = async (name: FunctionName): Promise<number> => {
    const files = await readdir(folderOf(name));
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(folderOf(name), file))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  const startSizeOf = async (name: FunctionName): Promise<number> => (await stat(startFileOf(name))).size;
  return {
    folderOf,
    bundleBytes: await forEachFunction(sizeOf),
    startBytes: await forEachFunction(startSizeOf),
    protocolSizes: await measureProtocolSizes(),
    bootstrap: programFile('bootstrap'),
    probe: programFile('probe'),
    moduleLoad: programFile('moduleLoad'),
    remove: () => rm(folder, { recursive: true }),
  };
}

async function forEachFunction<Value>(
  measure: (name: FunctionName) => Promise<Value>,
): Promise<Readonly<Record<FunctionName, Value>>> {
  return {
    pipe: await measure('pipe'),
    relay: await measure('relay'),
    'original-alone': await measure('original-alone'),
  };
}
