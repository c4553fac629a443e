/**
 * The gate. `check`: formatting, lint, types, unused code, unit tests. `all`: these, the build, the package's own
 * correctness and every test; where `CI` is set it first installs what some tests need besides, all at once. Ends with
 * `N passed, N failed, N skipped`.
 */
import './require-node.ts';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { clients, copilotKit, installCommand } from '../test/clients/client-packages.ts';

interface Step {
  readonly name: string;
  /** One of package.json's scripts. */
  readonly script: string;
}

const checks: readonly Step[] = [
  { name: 'formatting', script: 'lint:format' },
  { name: 'types', script: 'lint:types' },
  { name: 'unused code, exports and dependencies', script: 'lint:unused' },
];

const installs: readonly Step[] = [
  { name: 'install of the real clients', script: 'clients:install' },
  ...(process.platform === 'linux'
    ? [{ name: "build of Lambda's runtime client", script: 'lambda-runtime:install' }]
    : []),
  ...(spawnSync('python3', ['--version']).status === 0
    ? [{ name: 'install of the Python packages', script: 'python:install' }]
    : []),
];

const lint: Step = { name: 'lint, with types and layers', script: 'lint:code' };

const lintWithoutClients: Step = {
  name: 'lint, with types and layers, without the tests with real clients',
  script: 'lint:code-without-clients',
};

const clientTypes: Step = { name: 'types of the tests with real clients', script: 'lint:client-types' };

const build: Step = { name: 'build', script: 'build:library' };

const packaging: Step = { name: 'package correctness', script: 'lint:package' };

const unitTests = ['src/**/*.test.ts', 'agent/**/*.test.ts'];
const allTests = [...unitTests, 'test/**/*.test.ts'];

const counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];

async function runStep({ name, script }: Step): Promise<boolean> {
  const startedAt = performance.now();
  const npm = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [status] = (await once(npm, 'close')) as [number | null];
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (status === 0) {
    counts.passed += 1;
    process.stdout.write(`✔ ${name} (${seconds} s)\n`);
    return true;
  }
  counts.failed += 1;
  failures.push(name);
  process.stdout.write(`✖ ${name} (${seconds} s): npm run ${script}\n${output}\n`);
  return false;
}

function skipStep({ name }: Step, reason: string): void {
  counts.skipped += 1;
  process.stdout.write(`﹣ ${name} (skipped: ${reason})\n`);
}

async function runTests(patterns: readonly string[]): Promise<void> {
  const files = globSync(patterns, { exclude: ['**/node_modules/**'] }).sort();
  const stream = run({ files, concurrency: Math.min(2, availableParallelism()), timeout: 300_000 });
  stream.on('test:pass', ({ name, details, skip }) => {
    if (isFile(name)) return;
    if (skip !== undefined) counts.skipped += 1;
    else if (details.type !== 'suite') counts.passed += 1;
  });
  stream.on('test:fail', ({ name, file, details }) => {
    if (details.type === 'suite') return;
    counts.failed += 1;
    failures.push(`${name} (${file ?? ''})`);
  });
  for await (const text of stream.compose(spec)) process.stdout.write(String(text));
}

/** A file without tests of its own is reported as a test with its path for a name. */
function isFile(name: string): boolean {
  return name.endsWith('.test.ts');
}

const isAll = process.argv[2] === 'all';
if (isAll && (process.env['CI'] ?? '') !== '') await Promise.all(installs.map(runStep));
const areClientsInstalled = clients.isInstalled() && copilotKit.isInstalled();
// Their types come from their packages, and without them each is an error type to the lint.
for (const step of [...checks, areClientsInstalled ? lint : lintWithoutClients]) await runStep(step);
if (areClientsInstalled) await runStep(clientTypes);
else skipStep(clientTypes, `the clients are not installed; run ${installCommand}`);
// Everything beyond the unit tests runs what the build leaves.
const isBuilt = isAll && (await runStep(build));
if (isBuilt) await runStep(packaging);
await runTests(isBuilt ? allTests : unitTests);

for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;
