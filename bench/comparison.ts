import type { Subject } from './function-process.ts';

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
  readonly unit: 'ms' | 'µs';
  /** How the subject relates to the pipe: as many times as much, or so much more. */
  readonly relation: 'ratio' | 'difference';
  /** Largest median of the relation; undefined where there is no budget. */
  readonly limit?: number | undefined;
}

/** The relay beside the handler that only pipes. */
export interface Comparison extends ComparisonSettings {
  readonly rounds: number;
  readonly pipe: Summary;
  readonly relay: Summary;
  /** Of the pairs: each of the subject's samples with the pipe's of the same round. */
  readonly related: Summary;
  readonly verdict: Verdict;
}

/** Whether a budget is kept. */
export type Verdict = 'within' | 'over' | 'no budget';

/** Compares the samples of the same rounds, pair by pair: what slows the machine down slows both of a pair. */
export function compare(
  settings: ComparisonSettings,
  pipeSamples: readonly number[],
  relaySamples: readonly number[],
): Comparison {
  const related = summarize(
    relaySamples.map((sample, round) => {
      const pipeSample = pipeSamples[round] ?? Number.NaN;
      return settings.relation === 'ratio' ? sample / pipeSample : sample - pipeSample;
    }),
  );
  return {
    ...settings,
    rounds: relaySamples.length,
    pipe: summarize(pipeSamples),
    relay: summarize(relaySamples),
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
