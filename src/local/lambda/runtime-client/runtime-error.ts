/** The runtime's own failures, by the names that Lambda reports for them. */
export type RuntimeErrorName =
  | 'Runtime.HandlerNotFound'
  | 'Runtime.MalformedHandlerName'
  | 'Runtime.ImportModuleError'
  | 'Runtime.UserCodeSyntaxError'
  | 'Runtime.InvalidStreamingOperation'
  | 'Runtime.MalformedStreamingHandler'
  | 'Runtime.JSONStringifyError'
  | 'Runtime.PlatformError'
  | 'Runtime.CallbackHandlerDeprecated';

/** A failure of the runtime itself, as opposed to one of the handler's. */
export class RuntimeError extends Error {
  override readonly name: RuntimeErrorName;

  constructor(name: RuntimeErrorName, message: string) {
    super(message);
    this.name = name;
  }
}

/** An error in the form that the Runtime API takes. */
export interface ErrorReport {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** Describes anything that was thrown. DEL is escaped: it cannot be in a header. */
export function reportError(thrown: unknown): ErrorReport {
  if (!(thrown instanceof Error)) {
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  }
  return {
    errorType: escapeDelete(thrown.name),
    errorMessage: escapeDelete(thrown.message),
    trace: thrown.stack === undefined ? [] : escapeDelete(thrown.stack).split('\n'),
  };
}

function escapeDelete(text: string): string {
  return text.replaceAll('\u007F', '%7F');
}
