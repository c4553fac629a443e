import type { RelayError } from '../errors.ts';
import type { ErrorDocument } from './protocol.ts';

/** What OpenAI's clients read as an error, in a body and in a stream (`openai` 7.57, `core/error`, `core/streaming`). */
export interface OpenAiError {
  readonly message: string;
  /** `invalid_request_error` where the request can be mended, else `server_error`. */
  readonly type: 'invalid_request_error' | 'server_error';
  readonly param: null;
  /** The relay's own code, as in `docs/errors.md`. */
  readonly code: string;
}

/**
 * Stands for every status that one of the clients would answer with another request, in which the agent might run again.
 * Of the few that are final to all of them it is the only one that says nothing else of the relay's: see
 * `docs/decisions/008-what-openai-clients-are-told.md`.
 */
const finalStatus = 406;

/** With a time to try again, these come from before the agent's beginning. */
const notBegun: readonly string[] = ['agent_throttled', 'too_many_streams', 'identity_unavailable'];

/**
 * Renders an error before the stream for OpenAI's clients: `{"error":{"message","type","param","code"}}`, under a status
 * that none of them retries. The exceptions are those where the agent has not begun and a time to try again is known:
 * AgentCore's own throttling, the relay's, and a caller who cannot be recognized at the moment.
 */
export function renderOpenAiError(error: RelayError): ErrorDocument {
  // A throttled model in the middle of a run has the same code and no such time: there the agent has begun.
  const mayAskAgain = notBegun.includes(error.code) && error.retryAfterSeconds !== undefined;
  const isCallersFault = isFinal(error.status);
  const type = isCallersFault ? 'invalid_request_error' : 'server_error';
  return {
    status: isCallersFault || mayAskAgain ? error.status : finalStatus,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(mayAskAgain ? {} : { 'x-should-retry': 'false' }),
    },
    body: JSON.stringify({ error: describeOpenAiError(error, type) }),
  };
}

/** The error object for a body or a frame. In a stream it is never the caller's fault: the default. */
export function describeOpenAiError(
  { code, message }: { readonly code: string; readonly message: string },
  type: OpenAiError['type'] = 'server_error',
): OpenAiError {
  return { message, type, param: null, code };
}

/**
 * Whether no client asks again after this status. `openai` 4, 6 and 7 (`shouldRetry`) retry 408, 409, 429 and 5xx unless
 * `x-should-retry` forbids it; the AI SDK (`@ai-sdk/provider` 4, `APICallError`) the same, whatever the header says;
 * LangChain (`@langchain/core` 1.2, `utils/async_caller`) everything but 400 to 407, 409 and 413.
 */
function isFinal(status: number): boolean {
  return (status >= 400 && status <= 407) || status === 413;
}
