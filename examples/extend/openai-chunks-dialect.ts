/** A dialect of one's own: agents that pass on the chunks of an OpenAI-compatible model (`chat.completion.chunk`). */
import type { Dialect } from 'agentcore-relay/relay';

interface Chunk {
  readonly object: 'chat.completion.chunk';
  readonly choices?: readonly { readonly delta?: { readonly content?: unknown }; readonly finish_reason?: unknown }[];
}

/** Reads text and the end of a model call. What nobody opened or closed, the order machine opens and closes. */
export const openAiChunks: Dialect = {
  name: 'openai-chunks',
  createReader(emit) {
    let isOpen = false;
    return {
      read({ data, value }) {
        if (data === '[DONE]') return isOpen;
        if (!isChunk(value)) return false;
        const [choice] = value.choices ?? [];
        // A step that was begun and never ended is what tells a cut answer from a whole one.
        if (!isOpen) emit({ type: 'step-start' });
        isOpen = true;
        if (typeof choice?.delta?.content === 'string')
          emit({ type: 'text-delta', id: '0', text: choice.delta.content });
        if (choice?.finish_reason === 'stop') emit({ type: 'step-end', stopReason: 'end-turn' });
        if (choice?.finish_reason === 'length') emit({ type: 'step-end', stopReason: 'max-tokens' });
        return true;
      },
    };
  },
};

function isChunk(value: unknown): value is Chunk {
  return typeof value === 'object' && value !== null && 'object' in value && value.object === 'chat.completion.chunk';
}
