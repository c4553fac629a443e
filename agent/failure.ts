import { ContextWindowOverflowError, MaxTokensError, ModelThrottledError } from '@strands-agents/sdk';

/** Says in a sentence why there is no answer. The error itself is for the log: it may name roles and accounts. */
export function describeFailure(error: unknown): string {
  if (error instanceof ModelThrottledError) return 'the model is throttled; try again in a moment';
  if (error instanceof ContextWindowOverflowError)
    return 'the conversation is too long for the model; begin a new session';
  if (error instanceof MaxTokensError) return 'the answer is longer than the model may write';
  return 'the model failed before the answer was complete';
}
