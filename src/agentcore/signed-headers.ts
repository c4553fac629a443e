import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';
import aws4 from 'aws4';
import type { AgentInvocation } from '../relay/agent-runtime.ts';
import type { Credentials } from './environment-credentials.ts';

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
 * `application/octet-stream`, and 406 where `accept` lacks `text/event-stream`. `aws4` leaves `x-amzn-trace-id` out of
 * the signature, as the SDK does, because proxies on the way may change it.
 */
export function signHeaders(
  invocation: Pick<AgentInvocation, 'runtimeSessionId' | 'runtimeUserId' | 'trace'>,
  payload: Buffer,
  target: SigningTarget,
  credentials: Credentials,
  now: () => number,
): OutgoingHttpHeaders {
  const { trace, runtimeUserId } = invocation;
  const signed = aws4.sign(
    {
      service,
      region: target.region,
      method: 'POST',
      hostname: target.host,
      path: target.path,
      headers: {
        host: target.host,
        'content-type': 'application/json',
        'content-length': payload.byteLength,
        accept: 'text/event-stream, application/json',
        'user-agent': 'agentcore-relay',
        'x-amz-content-sha256': createHash('sha256').update(payload).digest('hex'),
        'x-amz-date': new Date(now()).toISOString().replaceAll(/[-:]|\.\d{3}/gu, ''),
        'x-amzn-bedrock-agentcore-runtime-session-id': invocation.runtimeSessionId,
        ...(runtimeUserId === undefined ? {} : { 'x-amzn-bedrock-agentcore-runtime-user-id': runtimeUserId }),
        ...(trace.traceparent === undefined ? {} : { traceparent: trace.traceparent }),
        ...(trace.tracestate === undefined ? {} : { tracestate: trace.tracestate }),
        ...(trace.amznTraceId === undefined ? {} : { 'x-amzn-trace-id': trace.amznTraceId }),
        ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
      },
    },
    { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey },
  );
  return signed.headers ?? {};
}
