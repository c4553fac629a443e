/**
 * How an invocation failed.
 *
 * `function-error`: the handler threw. `crash`: the process ended. `timeout`: the function's timeout passed.
 * `init-error`: the module could not be loaded. `throttled`: the function is closed.
 */
export type LambdaFailureKind = 'function-error' | 'crash' | 'timeout' | 'init-error' | 'throttled';

/** An invocation that did not succeed, as the service sees it. */
export class LambdaFunctionError extends Error {
  override readonly name = 'LambdaFunctionError';
  /** How it failed. */
  readonly kind: LambdaFailureKind;
  /** The name that Lambda reports, such as `TypeError`, `Runtime.ExitError` or `Sandbox.Timedout`. */
  readonly errorType: string;

  constructor(kind: LambdaFailureKind, errorType: string, message: string) {
    super(message);
    this.kind = kind;
    this.errorType = errorType;
  }
}

/** Failures that Lambda finds in an answer. Those of the handler are in the function's own log, and how a process ended in Lambda's. */
const foundInAnswers: readonly string[] = [
  'Function.ResponseSizeTooLarge',
  'Runtime.InvalidPrelude',
  'Runtime.TruncatedResponse',
  'Runtime.UnexpectedStream',
];

/** True where no line of a function's log says how it failed: whoever invoked has to. */
export function isUnlogged({ kind, errorType }: LambdaFunctionError): boolean {
  return kind === 'throttled' || foundInAnswers.includes(errorType);
}
