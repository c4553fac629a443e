import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { ProtocolRequest } from './protocol.ts';
import { refuseMember } from './request-body.ts';

/**
 * The headers in which a client may name its conversation, the first one that is there: `x-session-id`, and
 * `x-openwebui-chat-id`, which Open WebUI sends where `ENABLE_FORWARD_USER_INFO_HEADERS` is set.
 */
const conversationHeaders = ['x-session-id', 'x-openwebui-chat-id'] as const;

/**
 * Reads what an OpenAI client calls its conversation, for which the protocol itself has no place: a header, else
 * `metadata.session_id`. Any text of any length; blank is absent.
 *
 * @throws RelayError `invalid_request` where `metadata` or its `session_id` is of another type.
 */
export function readConversationId({ headers }: ProtocolRequest, body: JsonObject): string | undefined {
  for (const name of conversationHeaders) {
    const value = headers[name]?.trim();
    if (value !== undefined && value !== '') return value;
  }
  const metadata = body['metadata'] ?? {};
  if (!isJsonObject(metadata)) refuseMember('metadata', 'an object', metadata);
  const sessionId = metadata['session_id'] ?? '';
  if (typeof sessionId !== 'string') refuseMember('metadata.session_id', 'a string', sessionId);
  const trimmed = sessionId.trim();
  return trimmed === '' ? undefined : trimmed;
}
