import { draw } from './draw.ts';
import { readFaultHeader, readFaults } from './read-faults.ts';
import type { Fault } from './read-faults.ts';
import { knownFaults } from './known-faults.ts';
import { noFaults } from './request-faults.ts';
import type { RequestFaults } from './request-faults.ts';

/** Decides what goes wrong with which request. */
export interface FaultPlan {
  /**
   * Decides for the next request.
   *
   * @param header the request's own wishes, as `x-local-fault` has them; they come on top of the plan's, and in place of
   * those of the same name. `none` keeps the plan's away.
   * @throws LocalChainError with a sentence where the header cannot be understood; the request counts all the same.
   */
  next(header: string | undefined): RequestFaults;
}

/**
 * Makes a plan: with the same faults and the same seed, the same goes wrong with the first request, the second, and so on.
 * Whether a fault meets a request depends on nothing else: not on when it comes, nor on which other faults are set.
 *
 * @throws LocalChainError with a sentence where a fault cannot be understood
 */
export function createFaultPlan(faults: readonly string[], seed: number): FaultPlan {
  const planned = readFaults(faults);
  let requests = 0;
  return {
    next: (header) => {
      requests += 1;
      const request = requests;
      const asked = header === undefined ? { isAlone: false, faults: [] } : readFaultHeader(header);
      const byName = new Map([...(asked.isAlone ? [] : planned), ...asked.faults].map((fault) => [fault.name, fault]));
      return applyAll(
        Object.keys(knownFaults)
          .flatMap((name) => byName.get(name) ?? [])
          .filter(({ name, share }) => draw(seed, request, name) < share),
      );
    },
  };
}

function applyAll(met: readonly Fault[]): RequestFaults {
  const faults = { ...noFaults, met: met.map(({ text }) => text) };
  return met.reduce<RequestFaults>((sum, { apply }) => apply(sum), faults);
}
