import { ServiceError } from '../aws-service/service-error.ts';

/** How many tokens are remembered. For how long AWS does is not documented. */
const maxTokens = 1000;

/** StopRuntimeSession's idempotent tokens. */
export interface StopRequests {
  /**
   * Runs a request once per token: another one with the same token gets the first one's result.
   *
   * @param parameters what the request asks; the same token with other ones is refused
   * @throws ServiceError 400 where the token was used for something else, or whatever `run` throws: that is not remembered.
   */
  once(token: string | undefined, parameters: string, run: () => Promise<void>): Promise<void>;
}

/** Makes a memory of requests ("Idempotent token used to identify the request", API_StopRuntimeSession). */
export function createStopRequests(): StopRequests {
  const known = new Map<string, { readonly parameters: string; readonly result: Promise<void> }>();
  return {
    once: (token, parameters, run) => {
      if (token === undefined) {
        return run();
      }
      const earlier = known.get(token);
      if (earlier !== undefined && earlier.parameters !== parameters) {
        throw new ServiceError(400, 'ValidationException', 'The clientToken was used with other parameters', {
          reason: 'IdempotentParameterMismatchException',
        });
      }
      if (earlier !== undefined) {
        return earlier.result;
      }
      const result = run();
      known.set(token, { parameters, result });
      result.catch(() => known.delete(token));
      const [oldest] = known.keys();
      if (known.size > maxTokens && oldest !== undefined) {
        known.delete(oldest);
      }
      return result;
    },
  };
}
