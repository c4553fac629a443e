import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { splitBundle } from './split-bundle.ts';
import type { BundleFile } from './split-bundle.ts';

/** How a function becomes what Lambda loads, under Node.js 24; the caller sets `entryPoints` and `outfile`. */
export const lambdaBundle: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

/** What a function begins with that signs: `aws4` is CommonJS and requires Node's own modules. */
export const requireBanner = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/** How the Lambda@Edge functions become one file; the caller sets `outfile`. */
export const originEventsBundle: BuildOptions = { ...lambdaBundle, entryPoints: ['src/edge/origin-events.ts'] };

/** Bundles the relay: `index.mjs`, which is read at the start, and a file for each module that it loads by `import()`. */
export async function bundleRelay(plugins: Plugin[] = []): Promise<readonly BundleFile[]> {
  const absWorkingDir = fileURLToPath(new URL('..', import.meta.url));
  const files = await splitBundle({ ...lambdaBundle, absWorkingDir, entryPoint: 'src/functions/relay.ts', plugins });
  return files.map(({ name, text }) => ({ name, text: name === 'index.mjs' ? requireBanner + text : text }));
}
