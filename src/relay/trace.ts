import type { TraceContext } from './agent-runtime.ts';
import type { RelayRequest } from './relay-request.ts';

// W3C Trace Context, sections 3.2 and 3.3; the lengths are those of InvokeAgentRuntime.
const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/u;
const headerText = /^[\x20-\x7e]+$/u;

/** Reads what is passed on to AgentCore for tracing, and nothing that only looks like it. */
export function readTrace(headers: RelayRequest['headers']): TraceContext {
  const { traceparent, tracestate } = headers;
  const amznTraceId = headers['x-amzn-trace-id'];
  const isTraced = traceparent !== undefined && traceparentForm.test(traceparent);
  return {
    traceparent: isTraced ? traceparent : undefined,
    tracestate: isTraced && isHeaderText(tracestate, 512) ? tracestate : undefined,
    amznTraceId: isHeaderText(amznTraceId, 128) ? amznTraceId : undefined,
  };
}

function isHeaderText(value: string | undefined, maxLength: number): boolean {
  return value !== undefined && value.length <= maxLength && headerText.test(value);
}
