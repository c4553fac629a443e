import { LocalChainError } from '../local-chain-error.ts';
import { noFaults } from './request-faults.ts';
import type { RequestFaults } from './request-faults.ts';

/** Decides what goes wrong with which request. */
export interface FaultPlan {
  /**
   * Decides for the next request.
   *
   * @param header the request's own wishes, as `x-local-fault` has them; they come on top of the plan's
   * @throws LocalChainError with a sentence where the header cannot be understood
   */
  next(header: string | undefined): RequestFaults;
}

/**
 * Makes a plan: with the same faults and the same seed, the same goes wrong with the first request, the second, and so on.
 *
 * @throws LocalChainError with a sentence where a fault cannot be understood
 */
export function createFaultPlan(faults: readonly string[], _seed: number): FaultPlan {
  const [fault] = faults;
  if (fault !== undefined) {
    throw new LocalChainError(`the fault is "${fault}", and no fault is known`);
  }
  return { next: () => noFaults };
}
