import { LocalChainError } from '../local-chain-error.ts';

/** What a reader gives, or undefined where the template leaves open what it would give. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LocalChainError) {
      return undefined;
    }
    throw error;
  }
}
