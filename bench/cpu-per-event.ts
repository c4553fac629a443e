import { budgets } from './budgets.ts';
import type { Comparison } from './comparison.ts';
import type { AnswerPlan, Delivery } from './converse-frames.ts';
import type { FunctionProcess } from './function-process.ts';
import { createSamples, orderOfRound } from './samples.ts';
import type { Samples } from './samples.ts';
import { withFunctions } from './setting.ts';
import type { RunningFunctions, Setting } from './setting.ts';
import { ownFormats, relaySubjects } from './subjects.ts';
import type { RelaySubject } from './subjects.ts';

const subjects = ['pipe', ...relaySubjects] as const;

/** How long the measure takes. */
export interface CpuPerEventSettings {
  /** How often all processes are started anew: what a process's compiler settles on differs from start to start. */
  readonly trials: number;
  readonly roundsPerTrial: number;
  /** Share of each case's events that is sent; 1 for all. */
  readonly scale: number;
}

interface Case {
  readonly name: string;
  readonly eventBytes: number;
  readonly eventCount: number;
  readonly delivery: Delivery;
  /** Where there is a budget, all formats are measured; elsewhere only the relay's own, which take long enough. */
  readonly hasBudget: boolean;
}

const small = 200;
const large = 8_192;

/** Back to back has no budget: how many events are read at once differs from run to run, so the pairs are not alike. */
const cases: readonly Case[] = [
  { name: '200 bytes, paced', eventBytes: small, eventCount: 700, delivery: 'paced', hasBudget: true },
  { name: '200 bytes, single', eventBytes: small, eventCount: 10_000, delivery: 'single', hasBudget: true },
  {
    name: '200 bytes, back to back',
    eventBytes: small,
    eventCount: 40_000,
    delivery: 'back-to-back',
    hasBudget: false,
  },
  { name: '200 bytes, in bulk', eventBytes: small, eventCount: 40_000, delivery: 'bulk', hasBudget: true },
  { name: '8 kB, paced', eventBytes: large, eventCount: 500, delivery: 'paced', hasBudget: false },
  { name: '8 kB, single', eventBytes: large, eventCount: 5_000, delivery: 'single', hasBudget: false },
  { name: '8 kB, in bulk', eventBytes: large, eventCount: 4_000, delivery: 'bulk', hasBudget: false },
];

/** Processor time of a function's whole process, user and system, per event that passes through it. */
export async function measureCpuPerEvent(
  setting: Setting,
  { trials, roundsPerTrial, scale }: CpuPerEventSettings,
): Promise<readonly Comparison[]> {
  const measured = cases.map((one) => ({
    one: { ...one, eventCount: Math.ceil(one.eventCount * scale) },
    samples: createSamples(),
  }));
  for (let trial = 0; trial < trials; trial++) {
    await withFunctions(setting, subjects, async (functions) => {
      for (const { one } of measured) await warmUp(functions, one);
      for (let round = 0; round < roundsPerTrial; round++) {
        for (const { one, samples } of measured)
          await runRound(functions, one, samples, trial * roundsPerTrial + round);
      }
    });
  }
  return measured.flatMap(({ one, samples }) =>
    formatsOf(one).map((subject) =>
      samples.compare({ name: one.name, subject, unit: 'µs', relation: 'ratio', limit: limitOf(one, subject) }),
    ),
  );
}

/** Once, without counting: what is compiled late is then compiled. */
async function warmUp(functions: RunningFunctions, one: Case): Promise<void> {
  if (one.delivery === 'paced') return;
  for (const { running } of functionsOf(functions, one)) await running.invoke({ ...one, id: 'warm-up' });
}

async function runRound(functions: RunningFunctions, one: Case, samples: Samples, round: number): Promise<void> {
  for (const { subject, running } of orderOfRound(functionsOf(functions, one), round)) {
    samples.add(subject, await measureAnswer(running, { ...one, id: `${subject}-${round}` }));
  }
}

async function measureAnswer(running: FunctionProcess, plan: AnswerPlan): Promise<number> {
  const before = await running.ask('usage');
  await running.invoke(plan);
  const after = await running.ask('usage');
  return (after.cpuMicroseconds - before.cpuMicroseconds) / plan.eventCount;
}

function formatsOf({ hasBudget }: Case): readonly RelaySubject[] {
  return hasBudget ? relaySubjects : ownFormats;
}

function functionsOf(functions: RunningFunctions, one: Case): RunningFunctions {
  const formats = formatsOf(one);
  return functions.filter(({ subject }) => subject === 'pipe' || formats.some((format) => format === subject));
}

function limitOf({ hasBudget, delivery }: Case, subject: RelaySubject): number | undefined {
  if (!hasBudget) return undefined;
  if (subject === 'original') return budgets.originalCpuRatio;
  return subject === 'openai-responses' && delivery === 'bulk' ? budgets.repeatedCpuRatio : budgets.translatedCpuRatio;
}
