import type { Comparison, Verdict } from './comparison.ts';
import type { MemoryResult } from './memory.ts';
import type { ProtocolSize } from './protocol-bundles.ts';

/** Where and of what the figures are. */
export interface Provenance {
  /** Day, in UTC. */
  readonly date: string;
  /** Commit of the tree, and whether files were changed since. */
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  readonly cpuCount: number;
  readonly system: string;
  /** Load of the machine in the minute before, per processor: over a third, others were at work. */
  readonly loadBefore: number;
  readonly durationSeconds: number;
}

/** The size of a bundle, in bytes. */
export interface BundleSize {
  readonly name: string;
  readonly bytes: number;
  /** Largest size, in bytes; undefined where there is no budget. */
  readonly limit: number | undefined;
  readonly verdict: Verdict;
}

/** All that one run found out. */
export interface BenchResults {
  readonly provenance: Provenance;
  readonly bundles: readonly BundleSize[];
  readonly protocols: readonly ProtocolSize[];
  readonly coldStart: readonly Comparison[];
  /** The relay beside one with `original` alone. */
  readonly unusedProtocols: readonly Comparison[];
  readonly firstByte: readonly Comparison[];
  readonly cpuPerEvent: readonly Comparison[];
  readonly memory: readonly MemoryResult[];
}

/** How many budgets there are, and how many are not kept. The handler that only pipes has none to keep. */
export function countVerdicts(results: BenchResults): { readonly within: number; readonly over: number } {
  const verdicts = [
    ...results.bundles.map(({ verdict }) => verdict),
    ...[...results.coldStart, ...results.unusedProtocols, ...results.firstByte, ...results.cpuPerEvent].map(({ verdict }) => verdict),
    ...results.memory
      .filter(({ subject }) => subject !== 'pipe')
      .flatMap(({ heldVerdict, aheadVerdict }) => [heldVerdict, aheadVerdict]),
  ];
  const count = (wanted: Verdict): number => verdicts.filter((verdict) => verdict === wanted).length;
  return { within: count('within'), over: count('over') };
}
