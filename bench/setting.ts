import type { BenchAgent } from './agent.ts';
import type { Bundles } from './bundles.ts';
import { startFunction } from './function-process.ts';
import type { FunctionProcess } from './function-process.ts';
import type { Subject } from './subjects.ts';

/** What every measure runs in. */
export interface Setting {
  readonly bundles: Bundles;
  readonly agent: BenchAgent;
}

/** One function per subject. */
export type RunningFunctions = readonly { readonly subject: Subject; readonly running: FunctionProcess }[];

/** Runs an action between functions that can be asked, one process per subject, and ends them after it. */
export async function withFunctions<Result>(
  setting: Setting,
  subjects: readonly Subject[],
  action: (functions: RunningFunctions) => Promise<Result>,
): Promise<Result> {
  const functions: { subject: Subject; running: FunctionProcess }[] = [];
  try {
    for (const subject of subjects) {
      functions.push({ subject, running: await startFunction({ ...setting, subject, hasProbe: true }) });
    }
    return await action(functions);
  } finally {
    await Promise.all(functions.map(({ running }) => running.stop()));
  }
}
