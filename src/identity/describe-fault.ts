import { RelayError } from '../errors.ts';

/** Says what went wrong with all that caused it, for the log only. */
export function describeFault(thrown: unknown): string {
  const sentences: string[] = [];
  let fault = thrown;
  // As deep as causes are nested in practice: `fetch` has two of them.
  for (let depth = 0; depth < 5 && fault !== undefined; depth += 1) {
    if (!(fault instanceof Error)) {
      sentences.push(typeof fault === 'string' ? fault : `a thrown ${fault === null ? 'null' : typeof fault}`);
      break;
    }
    // The message of a `RelayError` is what a viewer may know; what its cause says is more.
    if (!(fault instanceof RelayError) || fault.cause === undefined) sentences.push(`${fault.name}: ${fault.message}`);
    fault = fault.cause;
  }
  return sentences.join('; ');
}
