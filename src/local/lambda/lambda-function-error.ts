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
