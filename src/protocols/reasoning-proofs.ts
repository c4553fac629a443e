import type { AgentEventOf } from '../events/agent-event.ts';

/** What shows that a block of reasoning is the model's own. Empty where there is none. */
export interface ReasoningProof {
  readonly signature: string;
  /** Reasoning that is not shown, in base64. */
  readonly redactedData: string;
}

/** Signatures and redacted reasoning, held until the end of their block: they may come in several pieces. */
export interface ReasoningProofs {
  hold(event: AgentEventOf<'reasoning-signature' | 'reasoning-redacted'>): void;
  /** Gives what is held for a block, and forgets it. */
  take(id: string): ReasoningProof;
}

/** In UTF-16 units, each. Those of models have a few thousand. */
const maxProofLength = 262_144;

const nothing: ReasoningProof = { signature: '', redactedData: '' };

/** Creates an empty store. A proof that is too long to be one is dropped, because half of it would prove nothing. */
export function createReasoningProofs(): ReasoningProofs {
  const proofs = new Map<string, ReasoningProof>();
  const tooLong = new Set<string>();
  return {
    hold(event) {
      if (tooLong.has(event.id)) return;
      const { signature, redactedData } = proofs.get(event.id) ?? nothing;
      const proof =
        event.type === 'reasoning-signature'
          ? { signature: signature + event.signature, redactedData }
          : { signature, redactedData: joinBase64(redactedData, event.data) };
      proofs.set(event.id, proof);
      if (Math.max(proof.signature.length, proof.redactedData.length) <= maxProofLength) return;
      proofs.delete(event.id);
      tooLong.add(event.id);
    },
    take(id) {
      tooLong.delete(id);
      const proof = proofs.get(id) ?? nothing;
      proofs.delete(id);
      return proof;
    },
  };
}

/** Each piece may end with padding, which may not stand in the middle. */
function joinBase64(earlier: string, later: string): string {
  if (earlier === '') return later;
  return Buffer.concat([Buffer.from(earlier, 'base64'), Buffer.from(later, 'base64')]).toString('base64');
}
