import { RelayError } from '../errors.ts';
import { renderJsonError } from '../protocols/json-error.ts';
import type { Log, Relay, RelayRequest, RelayResponse } from '../relay/relay-request.ts';

/**
 * Calls the relay and answers for it where it breaks its promise never to reject: a viewer gets an error in the usual
 * form, and not a connection that hangs or is cut.
 */
export async function callRelay(
  relay: Relay,
  request: RelayRequest,
  context: { readonly requestId: string; readonly log: Log },
): Promise<RelayResponse> {
  try {
    return await relay(request);
  } catch (thrown) {
    const { requestId, log } = context;
    log({ level: 'error', message: 'the relay rejected', requestId, cause: describeThrown(thrown) });
    const error = new RelayError('internal_error');
    const { headers, body } = renderJsonError(error, requestId);
    return { status: error.status, headers: { ...headers, 'x-request-id': requestId }, body: iterateOnce(body) };
  }
}

/** What was thrown, short enough for a line of the log. */
export function describeThrown(thrown: unknown): string {
  return String(thrown).slice(0, 500);
}

async function* iterateOnce(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(text, 'utf8');
}
