import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runBench } from '../../bench/bench.ts';
import { compare, judge, summarize } from '../../bench/comparison.ts';
import { createDeltas, sizeAnswer } from '../../bench/converse-frames.ts';
import { renderReport } from '../../bench/report.ts';
import { defaultProtocols } from '../../src/protocols/default-protocols.ts';

const relay = new URL('../../dist/functions/relay/index.mjs', import.meta.url);
const skip = existsSync(relay) ? false : 'skipped: run npm run build first';

describe('the benchmark', () => {
  it('takes every measure and reports it', { skip, timeout: 60_000 }, async () => {
    const measured = await runBench(
      {
        coldStartRounds: 1,
        firstByteRounds: 1,
        cpuPerEvent: { trials: 1, roundsPerTrial: 1, scale: 0.02 },
        memory: { shortBytes: 100_000, longBytes: 4_000_000, bytesPerSecond: 8_000_000 },
      },
      () => undefined,
    );
    const { protocols, coldStart, unusedProtocols, firstByte, cpuPerEvent, memory } = measured;
    assert.deepEqual(
      [...coldStart, ...unusedProtocols, ...firstByte].map(({ name, subject }) => `${name}: ${subject}`),
      [
        'process start to first byte: original',
        'process start to first byte: transformed',
        'process start to first byte: ui-message',
        'process start to first poll: original',
        'module load alone: original',
        'process start to first byte: original',
        'module load alone: original',
        ...defaultProtocols.map(({ name }) => `invocation to first byte, warm: ${name}`),
      ],
    );
    assert.deepEqual(
      memory.map(({ subject }) => subject),
      ['pipe', 'original', 'transformed', 'ui-message', 'ag-ui', 'openai-chat'],
    );
    for (const { name, baseSummary, subjectSummary } of [
      ...coldStart,
      ...unusedProtocols,
      ...firstByte,
      ...cpuPerEvent,
    ]) {
      assert.ok(baseSummary.min > 0 && subjectSummary.min > 0, name);
    }
    assert.deepEqual(
      protocols.map(({ name, isReadAtStart }) => ({ name, isReadAtStart })),
      defaultProtocols.map((protocol) => ({ name: protocol.name, isReadAtStart: !('load' in protocol) })),
    );
    for (const { name, bytes } of protocols) assert.ok(bytes > 0, name);
    for (const { subject, heldNearBegin, heldNearEnd, maxAhead } of memory) {
      assert.ok(heldNearBegin > 0 && heldNearEnd > 0 && maxAhead > 0, subject);
    }
    const report = renderReport({
      ...measured,
      provenance: {
        date: '2026-01-02',
        commit: 'abc',
        node: '24.0.0',
        cpu: 'a processor',
        cpuCount: 2,
        system: 'Linux 6',
        loadBefore: 0.1,
        durationSeconds: 3,
      },
    });
    // 2 of the bundle, 5 of cold starts, 7 of first bytes, 21 of processor time, 10 of memory.
    assert.equal(report.match(/\| (?:within|over) /gu)?.length, 45);
  });
});

describe('compare', () => {
  const settings = { name: 'a', subject: 'original', unit: 'ms', limit: 1.15 } as const;

  it('relates the samples of the same round and not the medians', () => {
    const { related, verdict } = compare({ ...settings, relation: 'ratio' }, [1, 2, 10], [2, 2, 10]);
    assert.deepEqual({ related, verdict }, { related: { median: 1, min: 1, max: 2 }, verdict: 'within' });
  });

  it('says over where the median of the pairs is over the limit', () => {
    const { related, verdict } = compare({ ...settings, relation: 'difference' }, [1, 2, 3], [2, 4, 6]);
    assert.deepEqual({ related, verdict }, { related: { median: 2, min: 1, max: 3 }, verdict: 'over' });
  });

  it('refuses to summarize nothing, or what is not a number', () => {
    assert.throws(() => summarize([]), RangeError);
    assert.throws(() => summarize([1, Number.NaN]), RangeError);
    assert.throws(() => judge(Number.NaN, 1), RangeError);
  });

  it('takes the mean of the two in the middle', () => {
    assert.deepEqual(summarize([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 });
  });
});

describe('the events of the benchmark', () => {
  for (const eventBytes of [200, 8_192]) {
    it(`have exactly ${eventBytes} bytes and hold text`, () => {
      const deltas = createDeltas(eventBytes);
      assert.deepEqual(new Set(deltas.map(({ length }) => length)), new Set([eventBytes]));
      const texts = deltas.map((delta) => {
        const { event } = JSON.parse(delta.toString('utf8').slice('data: '.length));
        return event.contentBlockDelta.delta.text as string;
      });
      const plan = { id: 'a', eventBytes, eventCount: deltas.length, delivery: 'bulk' } as const;
      assert.equal(sizeAnswer(plan).textBytes, Buffer.byteLength(texts.join('')));
    });
  }

  it('refuse to be smaller than their frame', () => {
    assert.throws(() => createDeltas(50), RangeError);
  });
});
