import type { RelayError } from '../errors.ts';
import type { ErrorDocument } from './protocol.ts';

/** Renders `{"error":{"code","message","requestId"}}`, the error body of every path that has no format of its own. */
export function renderJsonError(error: RelayError, requestId: string): ErrorDocument {
  return {
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ error: { code: error.code, message: error.message, requestId } }),
  };
}
