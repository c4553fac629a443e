import { createHash } from 'node:crypto';
import { RelayError } from '../errors.ts';

/**
 * What AgentCore takes in a request and gives back in a response: InvokeAgentRuntime allows 33 to 256 characters, its
 * response header at most 100 of this form (`bedrock-agentcore` service model 2024-02-28).
 */
const sessionIdForm = /^[A-Za-z0-9][A-Za-z0-9_-]{32,99}$/u;

/** Tells whether AgentCore takes a value as a runtime session id. */
export function isSessionId(value: string): boolean {
  return sessionIdForm.test(value);
}

/**
 * Checks a session id that a client gave.
 *
 * @throws RelayError `invalid_session_id` where AgentCore would refuse it.
 */
export function checkSessionId(value: string | undefined): void {
  if (value === undefined || isSessionId(value)) return;
  const fault =
    value.length < 33 || value.length > 100
      ? `has ${value.length} characters, 33 to 100 are allowed`
      : 'must begin with a letter or digit and hold only letters, digits, "_" and "-"';
  throw new RelayError('invalid_session_id', { message: `"runtimeSessionId" ${fault}` });
}

/**
 * Makes a runtime session id of what a client calls its conversation: the same one for the same name, always one that
 * AgentCore takes. A name that AgentCore takes stays as it is, so that what a response said leads back to its conversation.
 */
export function nameSession(conversationId: string): string {
  if (isSessionId(conversationId)) return conversationId;
  const hash = createHash('sha256');
  // JSON can name half a character, and UTF-8 has the same replacement for each.
  return conversationId.isWellFormed()
    ? hash.update('agentcore-relay conversation\0').update(conversationId, 'utf8').digest('hex')
    : hash.update('agentcore-relay conversation in UTF-16\0').update(conversationId, 'utf16le').digest('hex');
}
