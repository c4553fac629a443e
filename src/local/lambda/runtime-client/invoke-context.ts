import { RuntimeError } from './runtime-error.ts';

/** What a handler gets as its context (Lambda developer guide, "Node.js context object"). */
export interface InvokeContext {
  readonly clientContext: unknown;
  readonly identity: unknown;
  readonly invokedFunctionArn: string;
  readonly awsRequestId: string;
  readonly tenantId: string | undefined;
  readonly xRayTraceId: string | undefined;
  readonly functionName: string | undefined;
  readonly functionVersion: string | undefined;
  readonly memoryLimitInMB: string | undefined;
  readonly logGroupName: string | undefined;
  readonly logStreamName: string | undefined;
  getRemainingTimeInMillis(): number;
}

/** The variables that the context is made of. */
const contextVariables = [
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
] as const;

/** Headers of the Runtime API's answer to `next`, names in lower case. */
export type InvokeHeaders = Readonly<Record<string, string | undefined>>;

/**
 * Builds the context of one invocation and puts its trace id into `_X_AMZN_TRACE_ID`.
 *
 * @throws RuntimeError where a header or a variable that must be there is not.
 */
export function buildContext(headers: InvokeHeaders): InvokeContext {
  requireEnvironment();
  const deadlineMs = Number.parseInt(required(headers, 'lambda-runtime-deadline-ms'), 10);
  const xRayTraceId = headers['lambda-runtime-trace-id'];
  publishTraceId(xRayTraceId);
  return {
    clientContext: parsed(headers['lambda-runtime-client-context']),
    identity: parsed(headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: required(headers, 'lambda-runtime-invoked-function-arn'),
    awsRequestId: required(headers, 'lambda-runtime-aws-request-id'),
    tenantId: headers['lambda-runtime-aws-tenant-id'],
    xRayTraceId,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
    functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: process.env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
  };
}

/** A handler may have taken them away. */
function requireEnvironment(): void {
  const missing = contextVariables.filter((name) => (process.env[name] ?? '') === '');
  if (missing.length > 0) {
    throw new RuntimeError('Runtime.PlatformError', `Missing required environment variables: ${missing.join(', ')}`);
  }
}

function publishTraceId(xRayTraceId: string | undefined): void {
  if (xRayTraceId === undefined || xRayTraceId === '') {
    delete process.env['_X_AMZN_TRACE_ID'];
  } else {
    process.env['_X_AMZN_TRACE_ID'] = xRayTraceId;
  }
}

function required(headers: InvokeHeaders, name: string): string {
  const value = headers[name];
  if (value === undefined) {
    throw new RuntimeError('Runtime.PlatformError', `Missing required headers: ${name}`);
  }
  return value;
}

function parsed(value: string | undefined): unknown {
  return value === undefined || value === '' ? undefined : JSON.parse(value);
}
