import { readFile } from 'node:fs/promises';
import type { BuildOptions, Plugin } from 'esbuild';

const hiddenRequire = 'const require = createRequire(import.meta.url);';

/**
 * `bedrock-agentcore` 0.4 loads two Fastify plugins by a `require` of its own making, which esbuild cannot follow: the
 * bundle would look for them beside itself. Without that line they are found when the bundle is built.
 */
const findFastifyPlugins: Plugin = {
  name: 'find-fastify-plugins',
  setup(build) {
    build.onLoad({ filter: /[\\/]bedrock-agentcore[\\/]dist[\\/]src[\\/]runtime[\\/]app\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (!source.includes(hiddenRequire)) {
        return { errors: [{ text: `bedrock-agentcore has changed: "${hiddenRequire}" is no longer in ${path}` }] };
      }
      return { contents: source.replace(hiddenRequire, ''), loader: 'js' };
    });
  },
};

/** How the demo agent becomes the one file that AgentCore's managed runtime starts, under Node.js 22. */
export const agentBundle: BuildOptions = {
  entryPoints: ['agent/main.ts'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [findFastifyPlugins],
  // The CommonJS packages in the bundle require Node's own modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
};
