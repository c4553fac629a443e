/** Whether something holds: yes, no, or why nobody here can say. */
export type Truth = boolean | Doubt;

/** Something that only AWS knows. */
export interface Doubt {
  /** Half a sentence, such as `nobody here knows aws:SourceIp`. */
  readonly doubt: string;
}

/** Whether all of them hold: one that does not settles it, whatever is in doubt. */
export function every(truths: readonly Truth[]): Truth {
  return !truths.includes(false) && (truths.find(isDoubt) ?? true);
}

/** Whether one of them holds: one that does settles it, whatever is in doubt. */
export function some(truths: readonly Truth[]): Truth {
  return truths.includes(true) || (truths.find(isDoubt) ?? false);
}

/** Whether it does not hold. */
export function not(truth: Truth): Truth {
  return isDoubt(truth) ? truth : !truth;
}

/** Whether nobody here can say. */
export function isDoubt(truth: Truth): truth is Doubt {
  return typeof truth !== 'boolean';
}
