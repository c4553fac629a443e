/** Leaves in `dist/functions/` exactly what is deployed. `--library` also compiles the package's own modules. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { agentBundle } from './agent-bundle.ts';
import { bundleRelay, originEventsBundle } from './lambda-bundles.ts';
import { writeBundle } from './split-bundle.ts';
import { viewerRequestBundle } from './viewer-request-bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const relayFolder = 'dist/functions/relay';
/** What becomes one file each. */
const bundles: Readonly<Record<string, BuildOptions>> = {
  'dist/functions/body-hash/index.mjs': originEventsBundle,
  'dist/functions/viewer-request/index.js': viewerRequestBundle,
  'dist/functions/agent/main.mjs': agentBundle,
};

const isLibrary = process.argv.includes('--library');

// A module that is gone must not stay in the package.
await rm(isLibrary ? `${root}dist` : `${root}dist/functions`, { recursive: true, force: true });
await mkdir(`${root}dist/functions`, { recursive: true });
await Promise.all([
  buildRelay(),
  ...Object.entries(bundles).map(async ([outfile, options]) => {
    await build({ absWorkingDir: root, ...options, outfile });
    const { size } = await stat(`${root}${outfile}`);
    say(outfile, size);
  }),
]);

async function buildRelay(): Promise<void> {
  const files = await bundleRelay();
  await writeBundle(`${root}${relayFolder}`, files);
  for (const { name, text } of files) say(`${relayFolder}/${name}`, Buffer.byteLength(text));
}

function say(file: string, size: number): void {
  process.stdout.write(`built ${file} (${(size / 1000).toFixed(1)} kB)\n`);
}

if (isLibrary) {
  const compiled = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  process.exitCode = compiled.status ?? 1;
}
