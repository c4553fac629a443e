import { compare } from './comparison.ts';
import type { Comparison, ComparisonSettings } from './comparison.ts';
import type { Subject } from './subjects.ts';

/** The samples of one measure, by subject. */
export interface Samples {
  add(subject: Subject, value: number): void;
  /** Compares a subject's samples with those of its base. */
  compare(settings: ComparisonSettings): Comparison;
}

/** Collects samples, one per subject and round. */
export function createSamples(): Samples {
  const bySubject = new Map<Subject, number[]>();
  const samplesOf = (subject: Subject): readonly number[] => bySubject.get(subject) ?? [];
  return {
    add(subject, value) {
      const samples = bySubject.get(subject) ?? [];
      bySubject.set(subject, samples);
      samples.push(value);
    },
    compare: (settings) => compare(settings, samplesOf(settings.base ?? 'pipe'), samplesOf(settings.subject)),
  };
}

/** The subjects in the order of a round: each round begins with another one, so that none is always the first. */
export function orderOfRound<Item>(items: readonly Item[], round: number): readonly Item[] {
  const start = round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
