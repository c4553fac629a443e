/** Leaves in `dist/functions/` exactly what is deployed. `--library` also compiles the package's own modules. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { agentBundle } from './agent-bundle.ts';
import { originEventsBundle, relayBundle } from './lambda-bundles.ts';
import { viewerRequestBundle } from './viewer-request-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const bundles: Readonly<Record<string, BuildOptions>> = {
  'dist/functions/relay/index.mjs': relayBundle,
  'dist/functions/body-hash/index.mjs': originEventsBundle,
  'dist/functions/viewer-request/index.js': viewerRequestBundle,
  'dist/functions/agent/main.mjs': agentBundle,
};

const isLibrary = process.argv.includes('--library');

// A module that is gone must not stay in the package.
await rm(isLibrary ? `${root}dist` : `${root}dist/functions`, { recursive: true, force: true });
await mkdir(`${root}dist/functions`, { recursive: true });
await Promise.all(
  Object.entries(bundles).map(async ([outfile, options]) => {
    await build({ absWorkingDir: root, ...options, outfile });
    const { size } = await stat(`${root}${outfile}`);
    process.stdout.write(`built ${outfile} (${(size / 1000).toFixed(1)} kB)\n`);
  }),
);

if (isLibrary) {
  const compiled = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  process.exitCode = compiled.status ?? 1;
}
