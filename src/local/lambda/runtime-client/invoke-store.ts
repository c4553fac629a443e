/** Keys of what belongs to an invocation, shared with `@aws/lambda-invoke-store`. */
const protectedKeys = {
  requestId: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
  xRayTraceId: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
  tenantId: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
} as const;

type Context = Record<PropertyKey, unknown>;

/** Names what an invocation is known by, for {@link InvokeStore.run}. */
export function invokeStoreContext(requestId: string, xRayTraceId: string | undefined): Context {
  return { [protectedKeys.requestId]: requestId, [protectedKeys.xRayTraceId]: xRayTraceId };
}

/** `globalThis.awslambda.InvokeStore` where one request runs at a time: the AWS SDK looks up in it which one that is. */
export class InvokeStore {
  private currentContext: Context | undefined;

  getContext(): Context | undefined {
    return this.currentContext;
  }

  hasContext(): boolean {
    return this.currentContext !== undefined;
  }

  get(key: PropertyKey): unknown {
    return this.currentContext?.[key];
  }

  /** Changes the context itself, so that whoever has it sees it. */
  set(key: PropertyKey, value: unknown): void {
    if (this.isProtectedKey(key)) {
      throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    }
    this.currentContext ??= {};
    this.currentContext[key] = value;
  }

  isProtectedKey(key: PropertyKey): boolean {
    return Object.values<PropertyKey>(protectedKeys).includes(key);
  }

  getRequestId(): unknown {
    return this.get(protectedKeys.requestId) ?? '-';
  }

  getXRayTraceId(): unknown {
    return this.get(protectedKeys.xRayTraceId);
  }

  getTenantId(): unknown {
    return this.get(protectedKeys.tenantId);
  }

  run<T>(context: Context, action: () => T): T {
    this.currentContext = context;
    return action();
  }
}
