import { crypto } from '../builtin-crypto.ts';
import { RelayError } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';

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
  const hash = crypto.createHash('sha256');
  // JSON can name half a character, and UTF-8 has the same replacement for each.
  return conversationId.isWellFormed()
    ? hash.update('agentcore-relay conversation\0').update(conversationId, 'utf8').digest('hex')
    : hash.update('agentcore-relay conversation in UTF-16\0').update(conversationId, 'utf16le').digest('hex');
}

/**
 * Makes the runtime session id of a principal's conversation, always one that AgentCore takes: lower-case hex SHA-256 of a
 * label and of both ids, each with its encoding and its length before it, so that no two pairs are hashed alike.
 *
 * @param ownId - The conversation as the client knows it, what {@link nameSession} gave.
 */
export function deriveSession(principal: Principal, ownId: string): string {
  const hash = crypto.createHash('sha256').update('agentcore-relay session v1\0');
  for (const text of [principal.id, ownId]) {
    // JSON can name half a character, and UTF-8 has the same replacement for each.
    const encoding = text.isWellFormed() ? 'utf8' : 'utf16le';
    const bytes = Buffer.from(text, encoding);
    hash.update(`${encoding} ${bytes.byteLength}:`).update(bytes);
  }
  return hash.digest('hex');
}

/** Fewest UTF-16 units that a name needs which nobody may guess. */
const minCapabilityLength = 16;

/**
 * Fewest different pairs of neighbouring characters in such a name. Of 16 random digits less than one in a million has
 * fewer, of random hex or letters far less; a text that repeats itself has.
 */
const minDifferentPairs = 8;

/**
 * Checks what a client calls its conversation. Where nobody is known, whoever knows the name has the conversation, so that
 * it must be hard to guess. That a name is random cannot be seen: refused is what is certainly not, a short one or one that
 * repeats itself. `conversation-0001` is taken, and no more secret for that.
 *
 * @param clientId - The name as the client gave it, before anything is made of it.
 * @throws RelayError `invalid_session_id`.
 */
export function checkCapability(principal: Principal, clientId: string): void {
  if (clientId === '') throw new RelayError('invalid_session_id', { message: "the conversation's id is empty" });
  if (principal.isAnonymous !== true) return;
  const fault =
    clientId.length < minCapabilityLength
      ? `it has ${clientId.length} characters, at least ${minCapabilityLength} are needed`
      : countPairs(clientId) < minDifferentPairs
        ? 'it repeats itself'
        : undefined;
  if (fault === undefined) return;
  throw new RelayError('invalid_session_id', {
    message: `without authentication a conversation's id is all that protects it, and this one can be guessed: ${fault}; send a random one, such as a UUID, or have the relay authenticate its callers`,
  });
}

function countPairs(text: string): number {
  const pairs = new Set<string>();
  for (let index = 1; index < text.length && pairs.size < minDifferentPairs; index++) {
    pairs.add(text.slice(index - 1, index + 1));
  }
  return pairs.size;
}
