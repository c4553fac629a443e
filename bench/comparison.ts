import type { Subject } from './subjects.ts';

/** What the samples of one thing come to. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What is compared, in which unit, and how far apart the two may be. */
export interface ComparisonSettings {
  /** Such as `200-byte events, paced`. */
  readonly name: string;
  readonly subject: Exclude<Subject, 'pipe'>;
  /** What it is compared with. Default: the handler that only pipes. */
  readonly base?: 'pipe' | 'original-alone';
  readonly unit: 'ms' | 'µs';
  /** How the subject relates to its base: as many times as much, or so much more. */
  readonly relation: 'ratio' | 'difference';
  /** Largest median of the relation; undefined where there is no budget. */
  readonly limit?: number | undefined;
}

/** The relay beside what it is compared with. */
export interface Comparison extends ComparisonSettings {
  readonly rounds: number;
  readonly baseSummary: Summary;
  readonly subjectSummary: Summary;
  /** Of the pairs: each of the subject's samples with the base's of the same round. */
  readonly related: Summary;
  readonly verdict: Verdict;
}

/** Whether a budget is kept. */
export type Verdict = 'within' | 'over' | 'no budget';

/** Compares the samples of the same rounds, pair by pair: what slows the machine down slows both of a pair. */
export function compare(
  settings: ComparisonSettings,
  baseSamples: readonly number[],
  subjectSamples: readonly number[],
): Comparison {
  const related = summarize(
    subjectSamples.map((sample, round) => {
      const baseSample = baseSamples[round] ?? Number.NaN;
      return settings.relation === 'ratio' ? sample / baseSample : sample - baseSample;
    }),
  );
  return {
    ...settings,
    rounds: subjectSamples.length,
    baseSummary: summarize(baseSamples),
    subjectSummary: summarize(subjectSamples),
    related,
    verdict: judge(related.median, settings.limit),
  };
}

/**
 * Says whether a measured value keeps to a limit.
 *
 * @throws RangeError where nothing was measured.
 */
export function judge(measured: number, limit: number | undefined): Verdict {
  if (Number.isNaN(measured)) throw new RangeError('there is nothing to judge');
  if (limit === undefined) return 'no budget';
  return measured <= limit ? 'within' : 'over';
}

/**
 * Median and extremes.
 *
 * @throws RangeError where there is no sample, or one is not a number.
 */
export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((left, right) => left - right);
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const upper = sorted[Math.ceil((sorted.length - 1) / 2)];
  const [min] = sorted;
  const max = sorted.at(-1);
  if (lower === undefined || upper === undefined || min === undefined || max === undefined) {
    throw new RangeError('there are no samples');
  }
  if (samples.some((sample) => Number.isNaN(sample))) throw new RangeError('a sample is not a number');
  return { median: (lower + upper) / 2, min, max };
}
