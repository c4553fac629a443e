import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LocalChainError } from '../local-chain-error.ts';
import { createFaultPlan } from './fault-plan.ts';
import { noFaults } from './request-faults.ts';

/** Which faults meet the first so many requests. */
function meetings(faults: readonly string[], seed: number, count: number, header?: string): (readonly string[])[] {
  const plan = createFaultPlan(faults, seed);
  return Array.from({ length: count }, () => plan.next(header).met);
}

describe('createFaultPlan', () => {
  it('lets all go well where no fault is set', () => {
    assert.deepEqual(createFaultPlan([], 1).next(undefined), noFaults);
  });

  it('does the same to the same requests with the same seed, and to others with another', () => {
    const seed = fc.integer();
    fc.assert(
      fc.property(seed, seed, (one, other) => {
        const faults = ['cut-after=20@0.5', 'throttle=0.5'];
        assert.deepEqual(meetings(faults, one, 50), meetings(faults, one, 50));
        if (one !== other) assert.notDeepEqual(meetings(faults, one, 50), meetings(faults, other, 50));
      }),
    );
  });

  it('decides for each fault alone, whatever else is set and whatever the requests ask for', () => {
    const cuts = (all: readonly (readonly string[])[]) => all.map((met) => met.includes('cut-after=20@0.5'));
    const alone = cuts(meetings(['cut-after=20@0.5'], 7, 100));
    assert.deepEqual(cuts(meetings(['split=1@0.5', 'cut-after=20@0.5'], 7, 100, 'cold=1s@0.1')), alone);
    const plan = createFaultPlan(['cut-after=20@0.5'], 7);
    const mixed = alone.map((_, index) => {
      if (index % 3 === 0) assert.throws(() => plan.next('bogus'), LocalChainError);
      return index % 3 === 0 ? undefined : plan.next(undefined).met.length > 0;
    });
    assert.deepEqual(
      mixed,
      alone.map((isCut, index) => (index % 3 === 0 ? undefined : isCut)),
    );
  });

  it('meets the share of the requests that it was told', () => {
    for (const share of [0, 0.1, 0.3, 0.5, 0.9, 1]) {
      for (const [seed, fault] of [`throttle=${share}`, `split=1@${share}`, `edge-error=${share}`].entries()) {
        const met = meetings([fault], seed, 4000).filter(({ length }) => length > 0).length / 4000;
        // Four standard deviations.
        assert.ok(Math.abs(met - share) <= 4 * Math.sqrt((share * (1 - share)) / 4000), `${fault} met ${met}`);
      }
    }
  });

  it("puts a request's own faults on top of the plan's, in place of those of the same name", () => {
    const plan = createFaultPlan(['split=1', 'cut-after=20@0'], 1);
    assert.deepEqual(plan.next('cut-after=3, cold=1s').met, ['split=1', 'cold=1s', 'cut-after=3']);
    assert.deepEqual(plan.next('none').met, []);
    assert.deepEqual(plan.next('none, split=2').met, ['split=2']);
    assert.deepEqual(plan.next(undefined).met, ['split=1']);
  });

  it('throttles a request that another exception would meet too', () => {
    const plan = createFaultPlan(['throttle', 'error=ConflictException'], 1);
    assert.equal(plan.next(undefined).agent.exception, 'ThrottlingException');
  });

  it('refuses at once what it cannot understand', () => {
    assert.throws(() => createFaultPlan(['split=1', 'bogus=1'], 1), LocalChainError);
  });
});
