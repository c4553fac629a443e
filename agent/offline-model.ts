import { createHash } from 'node:crypto';
import { Model } from '@strands-agents/sdk';
import type { BaseModelConfig, ContentBlock, Message, ModelStreamEvent, StreamOptions } from '@strands-agents/sdk';
import { replyTo } from './offline-replies.ts';
import { countWords, wordsOf } from './words.ts';

/** What the offline model needs of its surroundings. */
export interface OfflineModelOptions {
  /** Pause before each piece of the answer, in milliseconds. 0 pauses not at all. */
  readonly delayMs: number;
  /** Milliseconds since the epoch; measures the latency that the model reports. */
  readonly now: () => number;
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  readonly sleep: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * A model that needs no network: it answers by rules, and streams as a real one does: reasoning with a signature, text
 * word by word, calls of the agent's real tools with their input in pieces, usage and latency.
 */
export class OfflineModel extends Model {
  readonly #options: OfflineModelOptions;
  #config: BaseModelConfig = { modelId: 'offline', contextWindowLimit: 200_000 };

  constructor(options: OfflineModelOptions) {
    super();
    this.#options = options;
  }

  override updateConfig(config: BaseModelConfig): void {
    this.#config = { ...this.#config, ...config };
  }

  override getConfig(): BaseModelConfig {
    return this.#config;
  }

  /** @throws Error in the middle, where the prompt asks for that. */
  override async *stream(messages: Message[], options?: StreamOptions): AsyncGenerator<ModelStreamEvent> {
    const { now } = this.#options;
    const startedAt = now();
    const signal = options?.cancelSignal;
    const reply = replyTo(messages, new Set(options?.toolSpecs?.map(({ name }) => name)));
    let outputTokens = 0;

    yield { type: 'modelMessageStartEvent', role: 'assistant' };

    yield { type: 'modelContentBlockStartEvent' };
    for await (const text of this.#slowly(wordsOf(reply.reasoning), signal)) {
      outputTokens += 1;
      yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'reasoningContentDelta', text } };
    }
    const signature = createHash('sha256').update(reply.reasoning).digest('base64');
    yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'reasoningContentDelta', signature } };
    yield { type: 'modelContentBlockStopEvent' };

    yield { type: 'modelContentBlockStartEvent' };
    for await (const text of this.#slowly(wordsOf(reply.text), signal)) {
      outputTokens += 1;
      yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'textDelta', text } };
    }
    if (reply.fails) throw new Error('the offline model was asked to fail');
    yield { type: 'modelContentBlockStopEvent' };

    for (const [index, { name, input }] of reply.toolCalls.entries()) {
      // The place in the conversation, not a random id: AgentCore restores one snapshot into many sessions.
      const toolUseId = `tooluse_offline_${messages.length}_${index + 1}`;
      yield { type: 'modelContentBlockStartEvent', start: { type: 'toolUseStart', name, toolUseId } };
      for await (const piece of this.#slowly(wordsOf(JSON.stringify(input)), signal)) {
        outputTokens += 1;
        yield { type: 'modelContentBlockDeltaEvent', delta: { type: 'toolUseInputDelta', input: piece } };
      }
      yield { type: 'modelContentBlockStopEvent' };
    }

    yield { type: 'modelMessageStopEvent', stopReason: reply.toolCalls.length > 0 ? 'toolUse' : 'endTurn' };
    const inputTokens = messages
      .flatMap(({ content }) => content.map(countBlock))
      .reduce((sum, words) => sum + words, 0);
    yield {
      type: 'modelMetadataEvent',
      usage: { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens },
      metrics: { latencyMs: now() - startedAt },
    };
  }

  async *#slowly(pieces: readonly string[], signal: AbortSignal | undefined): AsyncGenerator<string> {
    for (const piece of pieces) {
      signal?.throwIfAborted();
      if (this.#options.delayMs > 0) await this.#options.sleep(this.#options.delayMs, signal);
      yield piece;
    }
  }
}

function countBlock(block: ContentBlock): number {
  if (block.type === 'textBlock') return countWords(block.text);
  return block.type === 'toolResultBlock' || block.type === 'toolUseBlock' ? countWords(JSON.stringify(block)) : 0;
}
