/** The Python packages that real agents are made of: where they are, whether they are there, and how they come there. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const folder = join(root, 'node_modules/.cache/python-agents');
/** Written last: the environment holds what the requirements name, for the Python that is here. */
const stamp = join(folder, 'installed');

/** Folder of the agents. */
export const agentsFolder: string = fileURLToPath(new URL('agents', import.meta.url));

/** The interpreter that has the packages. */
export const python: string = join(folder, 'bin/python');

/** What the agents' environment has besides: their bytecode goes where the packages are, and nowhere into this folder. */
export const pythonEnvironment: Readonly<Record<string, string>> = {
  PYTHONPYCACHEPREFIX: join(folder, 'bytecode'),
};

const installCommand = 'npm run python:install';
const pythonVersion = readPythonVersion();

/** For the `skip` option of `node:test`: why the agents cannot be run here; false where they can, or where `CI` is set. */
export const skipReason: string | false = explainSkip();

/** Installs the packages from their wheels; what is there already is left as it is. */
export function installPythonPackages(): void {
  if (isInstalled()) {
    return;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // An environment without a pip of its own is made in no time; the one outside installs into it.
  run('python3', ['-m', 'venv', '--without-pip', folder]);
  const options = ['--quiet', '--only-binary', ':all:', '--no-compile', '--disable-pip-version-check'];
  run('python3', ['-m', 'pip', '--python', python, 'install', ...options, '--requirement', requirements]);
  writeFileSync(stamp, fingerprint());
}

function isInstalled(): boolean {
  try {
    return readFileSync(stamp, 'utf8') === fingerprint();
  } catch {
    return false;
  }
}

function fingerprint(): string {
  return createHash('sha256')
    .update(`${pythonVersion ?? ''}\n${readFileSync(requirements, 'utf8')}`)
    .digest('hex');
}

function explainSkip(): string | false {
  if (pythonVersion === undefined) {
    return 'skipped: there is no python3, 3.10 or newer, on the path';
  }
  return isInstalled() || (process.env['CI'] ?? '') !== ''
    ? false
    : `skipped: the Python packages are not installed, or not as test/python/requirements.txt has them; run ${installCommand}`;
}

/** Such as `3.12.4`; undefined where there is none, or an older one than the packages take. */
function readPythonVersion(): string | undefined {
  const { stdout } = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  const [, version, minor] = /^Python (3\.(\d+)\.\S+)/u.exec(stdout ?? '') ?? [];
  return Number(minor) >= 10 ? version : undefined;
}

function run(file: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(file, words, { encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`${[file, ...words].join(' ')} failed: ${stderr}`);
  }
}
