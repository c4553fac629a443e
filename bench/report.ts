import { budgets } from './budgets.ts';
import type { Comparison, Summary } from './comparison.ts';
import type { MemoryResult } from './memory.ts';
import type { ProtocolSize } from './protocol-bundles.ts';
import { countVerdicts } from './results.ts';
import type { BenchResults, BundleSize } from './results.ts';

/** Writes the results as a page. */
export function renderReport(results: BenchResults): string {
  const { provenance, bundles, protocols, coldStart, unusedProtocols, firstByte, cpuPerEvent, memory } = results;
  const { within, over } = countVerdicts(results);
  return `${[
    '# Benchmarks',
    'Written by `npm run bench`; see `docs/benchmarks.md` for how to read it. Every figure is the median of its rounds with the smallest and the largest in brackets. The last figure of a row relates the two pair by pair, within each round, and is what the budget is about.',
    `**${within} budgets kept, ${over} not.** ${provenance.date}, commit ${provenance.commit}, Node.js ${provenance.node}, ${provenance.cpuCount} × ${provenance.cpu}, ${provenance.system}, load before the run ${provenance.loadBefore.toFixed(2)} per processor, ${provenance.durationSeconds.toFixed(0)} s.`,
    '## Bundles',
    renderBundles(bundles),
    '## Cold start',
    renderComparisons(coldStart),
    '## What the protocols cost that a request does not use',
    'A relay with `original` as its only protocol beside the one that is deployed and has all of them, both asked for `original`.',
    renderComparisons(unusedProtocols, 'original alone', 'all protocols'),
    'What each of them adds: a file of its own, which is read when the protocol is asked for, or a few lines that are always there.',
    renderProtocols(protocols),
    '## Time to first byte',
    renderComparisons(firstByte),
    '## Processor time per event',
    renderComparisons(cpuPerEvent),
    '## Memory, with a slow reader',
    renderMemory(memory),
  ].join('\n\n')}\n`;
}

function renderComparisons(comparisons: readonly Comparison[], base = 'only pipes', other = 'relay'): string {
  return renderTable(
    ['', 'format', 'rounds', base, other, 'pair by pair', 'budget', ''],
    comparisons.map((comparison) => {
      const { name, subject, rounds, unit, relation, limit, verdict } = comparison;
      const related = relation === 'ratio' ? '×' : ` ${unit}`;
      return [
        name,
        subject,
        String(rounds),
        renderSummary(comparison.baseSummary, ` ${unit}`),
        renderSummary(comparison.subjectSummary, ` ${unit}`),
        renderSummary(comparison.related, related),
        limit === undefined ? '' : `${limit}${related}`,
        limit === undefined ? '' : verdict,
      ];
    }),
  );
}

function renderBundles(bundles: readonly BundleSize[]): string {
  return renderTable(
    ['', 'size', 'budget', ''],
    bundles.map(({ name, bytes, limit, verdict }) => [
      name,
      `${(bytes / 1000).toFixed(1)} kB`,
      limit === undefined ? '' : `${limit / 1000} kB`,
      limit === undefined ? '' : verdict,
    ]),
  );
}

function renderProtocols(protocols: readonly ProtocolSize[]): string {
  return renderTable(
    ['protocol', 'adds', 'is read'],
    protocols.map(({ name, bytes, isReadAtStart }) => [
      name,
      `${(bytes / 1000).toFixed(1)} kB`,
      isReadAtStart ? 'at the start' : 'when it is asked for',
    ]),
  );
}

function renderMemory(memory: readonly MemoryResult[]): string {
  const names: readonly string[] = ['', ...memory.map(({ subject }) => (subject === 'pipe' ? 'only pipes' : subject))];
  const row = (name: string, read: (result: MemoryResult) => string): readonly string[] => [name, ...memory.map(read)];
  const relayOnly = (read: (result: MemoryResult) => string) => (result: MemoryResult) =>
    result.subject === 'pipe' ? '' : read(result);
  return renderTable(names, [
    row('held after 1 MB', ({ heldNearBegin }) => megabytes(heldNearBegin)),
    row('held near the end', ({ heldNearEnd }) => megabytes(heldNearEnd)),
    row('growth of what is held', ({ heldNearBegin, heldNearEnd }) => megabytes(heldNearEnd - heldNearBegin)),
    row(
      `at most ${megabytes(budgets.heldGrowthBytes)}`,
      relayOnly(({ heldVerdict }) => heldVerdict),
    ),
    row('largest resident set after the short answer', ({ maxRssAfterShort }) => megabytes(maxRssAfterShort)),
    row('at half of the long one', ({ maxRssAtHalf }) => megabytes(maxRssAtHalf)),
    row('at its end', ({ maxRssAfterLong }) => megabytes(maxRssAfterLong)),
    row('agent ahead of the reader', ({ maxAhead }) => megabytes(maxAhead)),
    row(
      `at most ${megabytes(budgets.aheadBytes)}`,
      relayOnly(({ aheadVerdict }) => aheadVerdict),
    ),
  ]);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function renderSummary({ median, min, max }: Summary, unit: string): string {
  return `${median.toFixed(2)}${unit} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
