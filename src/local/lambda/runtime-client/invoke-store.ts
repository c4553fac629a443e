/** Keys of what belongs to an invocation, shared with `@aws/lambda-invoke-store`. */
const protectedKeys = {
  requestId: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
  xRayTraceId: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
  tenantId: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
} as const;

/** What `globalThis.awslambda.InvokeStore` offers where one request runs at a time. */
export interface InvokeStore {
  getContext(): Readonly<Record<PropertyKey, unknown>> | undefined;
  hasContext(): boolean;
  get(key: PropertyKey): unknown;
  set(key: PropertyKey, value: unknown): void;
  getRequestId(): unknown;
  getXRayTraceId(): unknown;
  getTenantId(): unknown;
  run<T>(context: Record<PropertyKey, unknown>, action: () => T): T;
}

/** Names what an invocation is known by, for {@link InvokeStore.run}. */
export function invokeStoreContext(requestId: string, xRayTraceId: string | undefined): Record<PropertyKey, unknown> {
  return { [protectedKeys.requestId]: requestId, [protectedKeys.xRayTraceId]: xRayTraceId };
}

/** Makes the store in which the AWS SDK looks up the request that is being handled. */
export function createInvokeStore(): InvokeStore {
  let current: Record<PropertyKey, unknown> | undefined;
  const get = (key: PropertyKey): unknown => current?.[key];
  return {
    getContext: () => current,
    hasContext: () => current !== undefined,
    get,
    set: (key, value) => {
      if (Object.values<PropertyKey>(protectedKeys).includes(key)) {
        throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
      }
      current = { ...current, [key]: value };
    },
    getRequestId: () => get(protectedKeys.requestId) ?? '-',
    getXRayTraceId: () => get(protectedKeys.xRayTraceId),
    getTenantId: () => get(protectedKeys.tenantId),
    run: (context, action) => {
      current = context;
      return action();
    },
  };
}
