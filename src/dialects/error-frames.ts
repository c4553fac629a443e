import { describeCode } from '../errors.ts';
import type { AgentEventOf } from '../events/agent-event.ts';
import { isJsonObject } from '../json.ts';
import type { Dialect } from './dialect.ts';

/**
 * The error frames of both AgentCore SDKs. TypeScript (`bedrock-agentcore` 0.4, npm): `event: error` with
 * `{"error":"…"}`; Python (`bedrock_agentcore` 1.22, `runtime/app.py`): `{"error","error_type","message"}`. Both send a
 * clean end after it, and both put the exception's own text there, which is why none of it goes on.
 */
export const errorFrames: Dialect = {
  name: 'agentcore-error',
  createReader(emit) {
    return {
      read({ event, value }) {
        const fields = isJsonObject(value) ? value : {};
        // A yielded value that the Python SDK could not serialize: one lost frame, not a failed run.
        if (fields['error'] === 'Serialization failed' && 'original_type' in fields) return true;
        // Many an answer has an empty `error` beside its text; the Python SDK's is empty where the exception has no text.
        const hasError = 'error_type' in fields ? 'error' in fields : Boolean(fields['error']);
        const isErrorObject = hasError && !('event' in fields) && !('type' in fields);
        if (event !== 'error' && !isErrorObject) return false;
        emit(agentError(fields['error_type']));
        return true;
      },
    };
  },
};

/** The event for an error that the agent names by an exception's name, such as `ModelThrottledException`. */
export function agentError(exceptionName: unknown): AgentEventOf<'error'> {
  const isThrottled = typeof exceptionName === 'string' && /throttl/iu.test(exceptionName);
  const code = isThrottled ? 'agent_throttled' : 'agent_error';
  return { type: 'error', code, message: describeCode(code) };
}
