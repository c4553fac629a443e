import { readFile } from 'node:fs/promises';
import type { BuildOptions, Plugin } from 'esbuild';

/** CloudFront Functions are plain scripts: they may not export, and CloudFront looks for a function named `handler`. */
const plainScript: Plugin = {
  name: 'plain-script',
  setup(build) {
    build.onLoad({ filter: /viewer-request\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: source.replace('export function handler(', 'function handler('), loader: 'ts' };
    });
  },
};

/**
 * How `dist/functions/viewer-request/index.js` is made; the caller sets `outfile`.
 *
 * Beyond ES 5.1 the runtime knows these and little else ("JavaScript runtime 2.0 features for CloudFront Functions"):
 * what esbuild can neither keep nor write in their terms fails the build. Not minified, to be read in the console.
 */
export const viewerRequestBundle: BuildOptions = {
  entryPoints: ['src/edge/viewer-request.ts'],
  bundle: false,
  platform: 'neutral',
  target: 'es5',
  supported: { 'const-and-let': true, arrow: true, 'template-literal': true },
  logLevel: 'warning',
  plugins: [plainScript],
};
