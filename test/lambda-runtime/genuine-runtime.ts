import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The client that Lambda's own Node.js 24 runtime is built from. */
const version = '4.0.2';

const folder = fileURLToPath(new URL('../../.cache/aws-lambda-ric-4', import.meta.url));
const program = `${folder}/node_modules/aws-lambda-ric/index.mjs`;
/** Written last: the native client is built. */
const stamp = `${folder}/installed`;

/** Debian packages that its native client is built with, by a command that each brings. */
const buildTools: Readonly<Record<string, string>> = {
  autoreconf: 'autoconf',
  automake: 'automake',
  libtoolize: 'libtool',
  cmake: 'cmake',
  'g++': 'g++',
  make: 'make',
  python3: 'python3',
};

/** Path of the genuine runtime's program, or why it is not here. */
export type GenuineRuntime = { readonly program: string } | { readonly skip: string };

/**
 * Finds `aws-lambda-ric`, and builds it first where `CI` is set: its native client takes about a minute, so it is no
 * dependency of this package.
 */
export function findGenuineRuntime(): GenuineRuntime {
  if (!existsSync(stamp)) {
    if ((process.env['CI'] ?? '') === '') {
      return {
        skip: `skipped: run npm run lambda-runtime:install to build aws-lambda-ric ${version} (a minute, on Linux)`,
      };
    }
    if (process.platform !== 'linux') {
      return { skip: `skipped: aws-lambda-ric ${version} builds on Linux only` };
    }
    installGenuineRuntime();
  }
  return { program };
}

/** Builds the genuine runtime into `.cache/`; what is there already is left as it is. Of several at once one builds. */
export function installGenuineRuntime(): void {
  installBuildTools();
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "private": true, "allowScripts": { "aws-lambda-ric": true } }\n');
  const install = `npm install --no-audit --no-fund --save-exact aws-lambda-ric@${version}`;
  run('flock', ['lock', 'sh', '-c', `test -e installed || { ${install} && touch installed; }`], folder);
}

function installBuildTools(): void {
  const missing = Object.entries(buildTools)
    .filter(([command]) => spawnSync('which', [command]).status !== 0)
    .map(([, debianPackage]) => debianPackage);
  if (missing.length === 0) {
    return;
  }
  if (process.getuid?.() !== 0) {
    throw new Error(`aws-lambda-ric needs ${missing.join(', ')}; install them (apt-get install ${missing.join(' ')})`);
  }
  run('apt-get', ['update'], '/');
  run('apt-get', ['install', '--yes', '--no-install-recommends', ...missing], '/');
}

function run(command: string, values: readonly string[], directory: string): void {
  const { status, stderr, error } = spawnSync(command, values, { cwd: directory, encoding: 'utf8', timeout: 600_000 });
  if (status !== 0) {
    throw new Error(`${command} ${values.join(' ')} failed: ${error?.message ?? stderr.slice(-2000)}`);
  }
}
