import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { startWatchedChain } from '../watched-servers.ts';
import { runSoak } from './soak.ts';
import type { SoakReport } from './soak.ts';

/** How much more a process may hold after the second half than after the first, in bytes: less than 64 kB per stream. */
const heapToleranceBytes = 5_000_000;
const rssToleranceBytes = 50_000_000;

const isLinux = process.platform === 'linux';

describe('the whole chain under a mix of all faults', { skip: isLinux ? false : 'it looks into /proc' }, () => {
  let report: SoakReport;
  before(async () => {
    report = await runSoak({ halfMs: 6000, viewers: 8, seed: 20_261_122, startChain: startWatchedChain });
  });

  it('ends every answer in a way that its faults explain', (t) => {
    const { streams, seconds, endings, surprises } = report;
    t.diagnostic(`${streams} streams in ${seconds.toFixed(0)} s: ${JSON.stringify(endings)}`);
    assert.deepEqual([surprises, endings.invalid], [[], 0], [...surprises, ...report.lastWords].join('\n'));
    for (const how of ['whole', 'error', 'cut', 'refused'] as const) assert.ok(endings[how] > 0, how);
  });

  it('lets each fault meet the requests that the seed says', () => {
    for (const [fault, [seen, planned]] of Object.entries(report.met)) assert.equal(seen, planned, fault);
  });

  it('leaves no process, no open file, no timer and no server behind', () => {
    const { agentProcesses, leftProcesses, leftFiles, leftResources } = report;
    assert.ok(agentProcesses.most > 1);
    assert.deepEqual(
      { agentsLeft: agentProcesses.left, leftProcesses, leftFiles, leftResources },
      { agentsLeft: 0, leftProcesses: 0, leftFiles: [], leftResources: [] },
    );
  });

  it('holds no more for having answered more', (t) => {
    const [first, second] = report.halves;
    const streams = second.streams - first.streams;
    const grown = (name: 'heapBytes' | 'rssBytes' | 'functionRssBytes'): number => second[name] - first[name];
    const inMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    t.diagnostic(
      `after ${streams} more streams: heap ${inMegabytes(grown('heapBytes'))}, resident ${inMegabytes(grown('rssBytes'))}, of a function ${inMegabytes(grown('functionRssBytes'))}`,
    );
    assert.ok(grown('heapBytes') < heapToleranceBytes, `the heap has grown by ${inMegabytes(grown('heapBytes'))}`);
    assert.ok(grown('rssBytes') < rssToleranceBytes, `this process has grown by ${inMegabytes(grown('rssBytes'))}`);
    assert.ok(grown('functionRssBytes') < rssToleranceBytes / 2, `a function has grown`);
    // One that is finishing may be passed over for a new one.
    assert.ok(second.functionProcesses <= 2 * 8 + 6, `${second.functionProcesses} processes for 8 viewers`);
  });
});
