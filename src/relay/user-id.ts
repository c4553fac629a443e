import { crypto } from '../builtin-crypto.ts';
import type { Principal } from '../identity/principal.ts';

/**
 * What fits into a header as it is, within AgentCore's 1 to 1024 characters (InvokeAgentRuntime, `runtimeUserId`), and is not
 * what another principal's hash may be.
 */
const headerForm = /^(?!sha256:)[\x21-\x7e]{1,1024}$/u;

/**
 * Names the principal for AgentCore, so that the agent's tools may act for that user: the principal's id where a header
 * can hold it, else its hash. Nobody in particular has no name.
 */
export function nameUser({ id, isAnonymous = false }: Principal): string | undefined {
  if (isAnonymous) return undefined;
  return headerForm.test(id) ? id : `sha256:${crypto.createHash('sha256').update(id, 'utf16le').digest('hex')}`;
}
