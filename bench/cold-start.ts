import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { budgets } from './budgets.ts';
import type { Comparison } from './comparison.ts';
import { startFunction } from './function-process.ts';
import type { Subject } from './function-process.ts';
import { createSamples, orderOfRound } from './samples.ts';
import type { Setting } from './setting.ts';

const subjects = ['pipe', 'original', 'transformed'] as const satisfies readonly Subject[];

/** Starts a fresh process per subject and round and runs one invocation in it. */
export async function measureColdStart(setting: Setting, rounds: number): Promise<readonly Comparison[]> {
  const firstBytes = createSamples();
  const inits = createSamples();
  const loads = createSamples();
  for (let round = 0; round < rounds; round++) {
    for (const subject of orderOfRound(subjects, round)) {
      const startedAt = performance.now();
      const running = await startFunction({ ...setting, subject, hasProbe: false });
      try {
        const { firstByteAt } = await running.invoke({
          id: `cold-${subject}-${round}`,
          eventBytes: 200,
          eventCount: 20,
          delivery: 'bulk',
        });
        firstBytes.add(subject, firstByteAt - startedAt);
        inits.add(subject, running.initMs);
      } finally {
        await running.stop();
      }
    }
    // The relay's module is the same for all of its formats.
    for (const subject of orderOfRound(['pipe', 'original'] as const, round)) {
      loads.add(subject, await loadModule(setting, subject));
    }
  }
  return [
    ...(['original', 'transformed'] as const).map((subject) =>
      firstBytes.compare({
        name: 'process start to first byte',
        subject,
        unit: 'ms',
        relation: 'ratio',
        limit: budgets.coldStartRatio,
      }),
    ),
    inits.compare({ name: 'process start to first poll', subject: 'original', unit: 'ms', relation: 'ratio' }),
    loads.compare({ name: 'module load alone', subject: 'original', unit: 'ms', relation: 'difference' }),
  ];
}

async function loadModule({ bundles }: Setting, subject: 'pipe' | 'original'): Promise<number> {
  const folder = bundles.folderOf(subject === 'pipe' ? 'pipe' : 'relay');
  const { stdout } = await promisify(execFile)(process.execPath, [bundles.moduleLoad, join(folder, 'index.mjs')], {
    env: {
      AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/bench-0123456789',
      AWS_REGION: 'us-east-1',
    },
  });
  return Number(stdout);
}
