import type { BuildOptions } from 'esbuild';

const lambdaBundle = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;

/** How the relay becomes the one file that Lambda loads, under Node.js 24; the caller sets `outfile`. */
export const relayBundle: BuildOptions = {
  ...lambdaBundle,
  entryPoints: ['src/functions/relay.ts'],
  // `aws4` is CommonJS and requires Node's own modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
};

/** How the Lambda@Edge function becomes one file, under Node.js 24; the caller sets `outfile`. */
export const originEventsBundle: BuildOptions = { ...lambdaBundle, entryPoints: ['src/edge/origin-events.ts'] };
