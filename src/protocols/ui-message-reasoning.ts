import type { AgentEventOf } from '../events/agent-event.ts';
import type { UiProviderMetadata } from './ui-message-chunk.ts';

/** Signatures and redacted reasoning, held until the end of their block: a delta that only carries them would be empty. */
export interface ReasoningProofs {
  hold(event: AgentEventOf<'reasoning-signature' | 'reasoning-redacted'>): void;
  /** Gives what is held for a block, named as `@ai-sdk/amazon-bedrock` 5.0 reads it when a message goes back to a model. */
  take(id: string): { readonly providerMetadata?: UiProviderMetadata };
}

/** In UTF-16 units, each. Those of models have a few thousand. */
const maxProofLength = 262_144;

interface Proof {
  signature: string;
  redactedData: string;
}

/** Creates an empty store. A proof that is too long to be one is dropped, because half of it would prove nothing. */
export function createReasoningProofs(): ReasoningProofs {
  const proofs = new Map<string, Proof>();
  const tooLong = new Set<string>();
  return {
    hold(event) {
      if (tooLong.has(event.id)) return;
      const { signature, redactedData } = proofs.get(event.id) ?? { signature: '', redactedData: '' };
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
      const { signature, redactedData } = proofs.get(id) ?? { signature: '', redactedData: '' };
      proofs.delete(id);
      if (signature === '' && redactedData === '') return {};
      return {
        providerMetadata: {
          bedrock: { ...(signature === '' ? {} : { signature }), ...(redactedData === '' ? {} : { redactedData }) },
        },
      };
    },
  };
}

/** Each piece may end with padding, which may not stand in the middle. */
function joinBase64(earlier: string, later: string): string {
  if (earlier === '') return later;
  return Buffer.concat([Buffer.from(earlier, 'base64'), Buffer.from(later, 'base64')]).toString('base64');
}
