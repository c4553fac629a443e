import { LambdaFunctionError } from './lambda-function-error.ts';

/** Largest answer that is not streamed: 6 MB and what wraps it (Lambda quotas; aws-lambda-rie). */
export const maxPayloadBytes: number = 6 * 1024 * 1024 + 100;

/** Largest streamed answer: 200 MB (Lambda quotas). */
export const maxStreamedBytes: number = 200 * 1024 * 1024;

/** The failure of a function that answers with more, in Lambda's words. */
export function payloadTooLarge(maxBytes: number): LambdaFunctionError {
  return new LambdaFunctionError(
    'function-error',
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${maxBytes} bytes).`,
  );
}
