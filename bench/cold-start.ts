import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { budgets } from './budgets.ts';
import { anonymous, startFunction } from './function-process.ts';
import type { BenchResults } from './results.ts';
import { createSamples, orderOfRound } from './samples.ts';
import type { Setting } from './setting.ts';
import type { Subject } from './subjects.ts';

const subjects = [
  'pipe',
  'original',
  'transformed',
  'ui-message',
  'original-alone',
] as const satisfies readonly Subject[];

/** Whose modules differ: the relay's own is the same for all of its formats. */
const loaded = ['pipe', 'original', 'original-alone'] as const satisfies readonly Subject[];

/** Starts a fresh process per subject and round and runs one invocation in it. */
export async function measureColdStart(
  setting: Setting,
  rounds: number,
): Promise<Pick<BenchResults, 'coldStart' | 'unusedProtocols'>> {
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
    for (const subject of orderOfRound(loaded, round)) {
      loads.add(subject, await loadModule(setting, subject));
    }
  }
  const start = { name: 'process start to first byte', unit: 'ms', relation: 'ratio' } as const;
  const load = { name: 'module load alone', unit: 'ms', relation: 'difference' } as const;
  const beside = { subject: 'original', base: 'original-alone' } as const;
  return {
    coldStart: [
      ...(['original', 'transformed'] as const).map((subject) =>
        firstBytes.compare({ ...start, subject, limit: budgets.coldStartRatio }),
      ),
      firstBytes.compare({ ...start, subject: 'ui-message', limit: budgets.loadedProtocolRatio }),
      inits.compare({ name: 'process start to first poll', subject: 'original', unit: 'ms', relation: 'ratio' }),
      loads.compare({ ...load, subject: 'original' }),
    ],
    unusedProtocols: [
      firstBytes.compare({ ...start, ...beside, limit: budgets.unusedProtocolsRatio }),
      loads.compare({ ...load, ...beside, limit: budgets.unusedProtocolsLoadMs }),
    ],
  };
}

async function loadModule({ bundles }: Setting, subject: (typeof loaded)[number]): Promise<number> {
  const folder = bundles.folderOf(subject === 'original' ? 'relay' : subject);
  const { stdout } = await promisify(execFile)(process.execPath, [bundles.moduleLoad, join(folder, 'index.mjs')], {
    env: {
      AGENT_RUNTIME_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/bench-0123456789',
      AWS_REGION: 'us-east-1',
      RELAY_AUTH: anonymous,
    },
  });
  return Number(stdout);
}
