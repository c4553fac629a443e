import type { OutgoingHttpHeaders } from 'node:http';
import type { AgentInvocation } from '../relay/agent-runtime.ts';
import type { Credentials } from './environment-credentials.ts';
import { signPost } from './sign-post.ts';

/** What is signed. */
export interface SigningTarget {
  /** Value of the `host` header. */
  readonly host: string;
  /** Path and query as they go over the wire. */
  readonly path: string;
  readonly region: string;
}

/** Signing name of the service (service reference, `bedrock-agentcore`). */
const service = 'bedrock-agentcore';

/**
 * The headers of InvokeAgentRuntime, signed with Signature Version 4, the same as the AWS SDK's.
 *
 * `content-type` must be `application/json`: the TypeScript AgentCore server answers 415 to the SDK's default of
 * `application/octet-stream`, and 406 where `accept` lacks `text/event-stream`.
 */
export function signHeaders(
  invocation: Pick<AgentInvocation, 'runtimeSessionId' | 'runtimeUserId' | 'trace'>,
  payload: Buffer,
  target: SigningTarget,
  credentials: Credentials,
  now: () => number,
): OutgoingHttpHeaders {
  const { trace, runtimeUserId } = invocation;
  const headers = {
    'content-type': 'application/json',
    accept: 'text/event-stream, application/json',
    'x-amzn-bedrock-agentcore-runtime-session-id': invocation.runtimeSessionId,
    ...(runtimeUserId === undefined ? {} : { 'x-amzn-bedrock-agentcore-runtime-user-id': runtimeUserId }),
    ...(trace.traceparent === undefined ? {} : { traceparent: trace.traceparent }),
    ...(trace.tracestate === undefined ? {} : { tracestate: trace.tracestate }),
    ...(trace.amznTraceId === undefined ? {} : { 'x-amzn-trace-id': trace.amznTraceId }),
  };
  return signPost({ service, ...target, headers, payload }, credentials, now);
}
