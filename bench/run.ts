/**
 * `npm run bench`: measures the relay that is deployed beside a handler that only pipes, and writes `bench/results.md` and
 * `bench/results.json`. `--quick` runs everything for a moment, prints it and writes nothing.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runBench } from './bench.ts';
import type { BenchSize } from './bench.ts';
import { renderReport } from './report.ts';
import { countVerdicts } from './results.ts';
import type { BenchResults, Provenance } from './results.ts';

const full: BenchSize = {
  coldStartRounds: 80,
  firstByteRounds: 300,
  cpuPerEvent: { trials: 4, roundsPerTrial: 6, scale: 1 },
  memory: { shortBytes: 1_000_000, longBytes: 200_000_000, bytesPerSecond: 8_000_000 },
};

const quick: BenchSize = {
  coldStartRounds: 5,
  firstByteRounds: 50,
  cpuPerEvent: { trials: 1, roundsPerTrial: 2, scale: 0.25 },
  memory: { shortBytes: 1_000_000, longBytes: 40_000_000, bytesPerSecond: 8_000_000 },
};

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const loadBefore = (loadavg()[0] ?? 0) / cpus().length;
const startedAt = performance.now();
const measured = await runBench(values.quick ? quick : full, (step) => process.stderr.write(`${step} …\n`));
const results: BenchResults = {
  provenance: describeRun((performance.now() - startedAt) / 1000),
  ...measured,
};
const report = renderReport(results);
process.stdout.write(`${report}\n`);
if (!values.quick) {
  writeFileSync(pathOf('results.md'), report);
  writeFileSync(pathOf('results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
}
if (countVerdicts(results).over > 0) process.exitCode = 1;

function describeRun(durationSeconds: number): Provenance {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: describeCommit(),
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    system: `${type()} ${release()}`,
    loadBefore,
    durationSeconds,
  };
}

function describeCommit(): string {
  const git = (...words: readonly string[]): string =>
    execFileSync('git', words, { cwd: pathOf('..'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'bench/*.ts', 'scripts', 'package-lock.json');
    return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : ' with uncommitted changes');
  } catch {
    return 'unknown';
  }
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
