/** What keeps the local chain from starting: its message is a sentence for the developer who started it. */
export class LocalChainError extends Error {
  override readonly name = 'LocalChainError';
}
