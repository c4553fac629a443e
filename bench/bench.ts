import { startAgent } from './agent.ts';
import { budgets } from './budgets.ts';
import { prepareBundles } from './bundles.ts';
import type { Bundles } from './bundles.ts';
import { measureColdStart } from './cold-start.ts';
import { judge } from './comparison.ts';
import { measureCpuPerEvent } from './cpu-per-event.ts';
import type { CpuPerEventSettings } from './cpu-per-event.ts';
import { measureFirstByte } from './first-byte.ts';
import { measureMemory } from './memory.ts';
import type { MemorySettings } from './memory.ts';
import type { BenchResults, BundleSize } from './results.ts';

/** How much is measured. */
export interface BenchSize {
  readonly coldStartRounds: number;
  readonly firstByteRounds: number;
  readonly cpuPerEvent: CpuPerEventSettings;
  readonly memory: MemorySettings;
}

/**
 * Takes all measures one after the other; within each, the relay and the handler that only pipes take turns.
 *
 * @throws Error where the relay is not built, or a function dies or answers wrongly.
 */
export async function runBench(
  size: BenchSize,
  onStep: (step: string) => void,
): Promise<Omit<BenchResults, 'provenance'>> {
  const bundles = await prepareBundles();
  try {
    const agent = await startAgent();
    try {
      const setting = { bundles, agent };
      onStep('cold start');
      const starts = await measureColdStart(setting, size.coldStartRounds);
      onStep('time to first byte');
      const firstByte = await measureFirstByte(setting, size.firstByteRounds);
      onStep('processor time per event');
      const cpuPerEvent = await measureCpuPerEvent(setting, size.cpuPerEvent);
      onStep('memory');
      const memory = await measureMemory(setting, size.memory);
      return {
        bundles: describeBundles(bundles),
        protocols: bundles.protocolSizes,
        ...starts,
        firstByte,
        cpuPerEvent,
        memory,
      };
    } finally {
      await agent.stop();
    }
  } finally {
    await bundles.remove();
  }
}

function describeBundles({ bundleBytes, startBytes }: Bundles): readonly BundleSize[] {
  return [
    describe('relay, all files', bundleBytes.relay, budgets.relayBundleBytes),
    describe('relay, what its start reads', startBytes.relay, budgets.relayStartBytes),
    describe('relay with `original` alone', bundleBytes['original-alone']),
    describe('handler that only pipes', bundleBytes.pipe),
  ];
}

function describe(name: string, bytes: number, limit?: number): BundleSize {
  return { name, bytes, limit, verdict: judge(bytes, limit) };
}
