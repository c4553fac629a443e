import type { AgentEvent, Citation, RunStopReason, TokenUsage } from '../events/agent-event.ts';
import { formatSse, formatSseComment } from '../sse/sse-format.ts';
import { countInclusive } from './inclusive-usage.ts';
import type { EventProtocol, EventWriter } from './protocol.ts';
import { createReasoningProofs } from './reasoning-proofs.ts';
import type { ReasoningProof } from './reasoning-proofs.ts';
import { formatChunk } from './ui-message-chunk.ts';
import type {
  UiFinishReason,
  UiMessageChunk,
  UiMessageMetadata,
  UiMessageUsage,
  UiProviderMetadata,
} from './ui-message-chunk.ts';
import { uiMessageEndpoint } from './ui-message-request.ts';
import { createToolParts } from './ui-message-tools.ts';
import type { ToolFate } from './ui-message-tools.ts';

/** What may be said of {@link createUiMessage}. */
export interface UiMessageOptions {
  /** Whether the page gets what the model thinks. Default: `show`. */
  readonly reasoning?: 'show' | 'hide' | undefined;
  /** Whether the page gets the agent's tool calls, with their inputs and results. Default: `show`. */
  readonly tools?: 'show' | 'hide' | undefined;
  /**
   * How much tool input is held at a time, in UTF-16 units, over all calls whose input is still coming. A longer one is sent
   * in pieces only, without the `tool-input-available` that repeats it: all majors then read the input off the pieces.
   * Default 262,144.
   */
  readonly maxToolInputLength?: number | undefined;
}

/** `GET {api}/{chatId}/stream`: what `useChat` asks with `resume` (`HttpChatTransport.reconnectToStream`, `ai` 5.0 to 7.0). */
const resumePath = /^\/api\/chat\/.+\/stream$/u;

/**
 * The AI SDK's UI message stream, version 1: `useChat` with the `DefaultChatTransport` of `ai` 5, 6 and 7 on `/api/chat`.
 *
 * Before the stream an error is one sentence of plain text, because the transport makes the body the error's message. In
 * the stream it is an `error` chunk after everything is closed; `message.metadata.error` has its code. There is never
 * anything to resume: an attempt gets 204.
 */
export function createUiMessage(options: UiMessageOptions = {}): EventProtocol {
  return {
    kind: 'events',
    name: 'ui-message',
    endpoint: uiMessageEndpoint,
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-vercel-ai-ui-message-stream': 'v1' },
    hasKeepAlive: true,
    renderError: ({ message }) => ({ headers: { 'content-type': 'text/plain; charset=utf-8' }, body: message }),
    answerDirectly({ method, path }) {
      const isResume = (method === 'GET' || method === 'HEAD') && resumePath.test(path);
      return isResume ? { status: 204, headers: {}, body: '' } : undefined;
    },
    // The id of the answer's message is that of the response, which the logs have, too.
    createWriter: ({ requestId }) => createWriter(requestId, options),
  };
}

/** What the end of a run means for the page. */
interface Ending {
  readonly finishReason: UiFinishReason;
  /** What becomes of tools whose result has not come. */
  readonly toolFate: ToolFate;
}

const failure: Ending = { finishReason: 'error', toolFate: 'lost' };

const endings: Readonly<Record<RunStopReason, Ending>> = {
  'end-turn': { finishReason: 'stop', toolFate: 'over' },
  'stop-sequence': { finishReason: 'stop', toolFate: 'over' },
  'tool-use': { finishReason: 'tool-calls', toolFate: 'waiting' },
  'max-tokens': { finishReason: 'length', toolFate: 'lost' },
  'content-filter': { finishReason: 'content-filter', toolFate: 'lost' },
  interrupt: { finishReason: 'other', toolFate: 'waiting' },
  cancelled: { finishReason: 'other', toolFate: 'lost' },
  other: { finishReason: 'other', toolFate: 'lost' },
};

const done = formatSse({ data: '[DONE]' });

function createWriter(messageId: string, options: UiMessageOptions): EventWriter {
  const { reasoning = 'show', tools = 'show', maxToolInputLength = 262_144 } = options;
  const proofs = createReasoningProofs();
  const toolParts = createToolParts(maxToolInputLength);
  let hasStep = false;
  let sourceCount = 0;

  /** A step is finished late, so that the results of its tools are still part of it, as the AI SDK has them. */
  function finishStep(toolFate: ToolFate): string {
    const text = toolParts.settle(toolFate) + (hasStep ? formatChunk({ type: 'finish-step' }) : '');
    hasStep = false;
    return text;
  }

  function finish({ finishReason, toolFate }: Ending, messageMetadata: UiMessageMetadata): string {
    const { usage, error } = messageMetadata;
    const text = finishStep(toolFate);
    if (error === undefined) {
      const metadata = usage === undefined ? {} : { messageMetadata };
      return text + formatChunk({ type: 'finish', finishReason, ...metadata }) + done;
    }
    // `useChat` reads nothing after `error`, so what it is to keep comes before; others read on to the end.
    return (
      text +
      formatChunk({ type: 'message-metadata', messageMetadata }) +
      formatChunk({ type: 'error', errorText: error.message }) +
      formatChunk({ type: 'finish', finishReason }) +
      done
    );
  }

  function write(event: AgentEvent): string {
    switch (event.type) {
      case 'run-start':
        return formatChunk({ type: 'start', messageId });
      case 'step-start': {
        // That the model was called again shows that the tools before are over, whatever their results.
        const text = finishStep('over');
        hasStep = true;
        return text + formatChunk({ type: 'start-step' });
      }
      case 'text-start':
      case 'text-end':
      case 'reasoning-start':
        return formatChunk({ type: event.type, id: event.id });
      case 'text-delta':
      case 'reasoning-delta':
        return formatChunk({ type: event.type, id: event.id, delta: event.text });
      case 'reasoning-signature':
      case 'reasoning-redacted':
        proofs.hold(event);
        return '';
      case 'reasoning-end':
        return formatChunk({ type: 'reasoning-end', id: event.id, ...describeProof(proofs.take(event.id)) });
      case 'tool-start':
        return toolParts.start(event);
      case 'tool-delta':
        return toolParts.continue(event);
      case 'tool-end':
        return toolParts.end(event);
      case 'tool-result':
        return toolParts.answer(event);
      case 'citation':
        return formatChunk(describeSource(`source-${(sourceCount += 1)}`, event.citation));
      case 'usage':
      case 'step-end':
        return '';
      case 'error':
        return finish(failure, { error: { code: event.code, message: event.message } });
      case 'run-end': {
        const { stopReason } = event;
        const note = stopReason === 'interrupt' ? formatChunk({ type: 'data-interrupt', data: {} }) : '';
        const usage = event.usage === undefined ? {} : { usage: describeUsage(event.usage) };
        return note + finish(endings[stopReason], usage);
      }
      default:
        event satisfies never;
        return '';
    }
  }

  const hidden = [...(reasoning === 'hide' ? ['reasoning-'] : []), ...(tools === 'hide' ? ['tool-'] : [])];
  return {
    write: (event) => (hidden.some((prefix) => event.type.startsWith(prefix)) ? '' : write(event)),
    keepAlive: () => formatSseComment('keep-alive'),
  };
}

/** Named as `@ai-sdk/amazon-bedrock` 5.0 reads it when a message goes back to a model. */
function describeProof({ signature, redactedData }: ReasoningProof): {
  readonly providerMetadata?: UiProviderMetadata;
} {
  if (signature === '' && redactedData === '') return {};
  return {
    providerMetadata: {
      bedrock: { ...(signature === '' ? {} : { signature }), ...(redactedData === '' ? {} : { redactedData }) },
    },
  };
}

function describeUsage(usage: TokenUsage): UiMessageUsage {
  const { inputTokens, outputTokens, totalTokens, cacheReadTokens, cacheWriteTokens } = countInclusive(usage);
  const isCached = cacheReadTokens !== undefined || cacheWriteTokens !== undefined;
  return {
    inputTokens,
    inputTokenDetails: {
      ...(isCached ? { noCacheTokens: inputTokens - (cacheReadTokens ?? 0) - (cacheWriteTokens ?? 0) } : {}),
      ...(cacheReadTokens === undefined ? {} : { cacheReadTokens }),
      ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
    },
    outputTokens,
    outputTokenDetails: {},
    totalTokens,
    ...(cacheReadTokens === undefined ? {} : { cachedInputTokens: cacheReadTokens }),
  };
}

function describeSource(sourceId: string, { title, url, text }: Citation): UiMessageChunk {
  const passage = text === undefined ? {} : { providerMetadata: { agentcore: { citedText: text } } };
  // A page makes a link of it, and `javascript:` would be one, too.
  if (url !== undefined && /^https?:\/\//iu.test(url)) {
    return { type: 'source-url', sourceId, url, ...(title === undefined ? {} : { title }), ...passage };
  }
  // The chunk must name a type and a title, and models say neither of every document.
  return { type: 'source-document', sourceId, mediaType: 'text/plain', title: title ?? url ?? 'document', ...passage };
}
