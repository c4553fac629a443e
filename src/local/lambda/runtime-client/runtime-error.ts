/** The runtime's own failures: the names that Lambda reports for them, and those of their classes, which are in a JSON log. */
const classNames = {
  'Runtime.HandlerNotFound': 'HandlerNotFoundError',
  'Runtime.MalformedHandlerName': 'MalformedHandlerNameError',
  'Runtime.ImportModuleError': 'ImportModuleError',
  'Runtime.UserCodeSyntaxError': 'UserCodeSyntaxError',
  'Runtime.InvalidStreamingOperation': 'InvalidStreamingOperation',
  'Runtime.MalformedStreamingHandler': 'MalformedStreamingHandler',
  'Runtime.JSONStringifyError': 'JSONStringifyError',
  'Runtime.PlatformError': 'PlatformError',
  'Runtime.CallbackHandlerDeprecated': 'CallbackHandlerDeprecatedError',
} as const;

/** The name of one of the runtime's own failures. */
export type RuntimeErrorName = keyof typeof classNames;

/** A failure of the runtime itself, as opposed to one of the handler's. */
export class RuntimeError extends Error {
  override readonly name: RuntimeErrorName;

  constructor(name: RuntimeErrorName, message: string) {
    super(message);
    this.name = name;
  }

  /** What the genuine runtime calls its class. */
  get className(): string {
    return classNames[this.name];
  }
}

/** An error in the form that the Runtime API takes. */
export interface ErrorReport {
  /** Undefined where an error has no name. */
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
  readonly trace: readonly string[];
}

/** What is said of an error that cannot even be described, such as one whose message is no text. */
const undescribable: ErrorReport = {
  errorType: 'handled',
  errorMessage:
    'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
  trace: [],
};

/** Describes anything that was thrown. DEL is escaped: it cannot be in a header. */
export function reportError(thrown: unknown): ErrorReport {
  try {
    if (!(thrown instanceof Error)) {
      return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
    }
    return {
      errorType: escapeDelete(thrown.name),
      errorMessage: escapeDelete(thrown.message),
      trace: escapeDelete(thrown.stack)?.split('\n') ?? [],
    };
  } catch {
    return undescribable;
  }
}

/** Throws where it is given what is neither a text nor missing. */
function escapeDelete(text: string | undefined): string | undefined {
  return text?.replaceAll('\u007F', '%7F');
}
