import type { AgentEvent, AgentEventOf, StopReason, TokenUsage } from '../events/agent-event.ts';
import { formatSseComment } from '../sse/sse-format.ts';
import { createDeltaWriter, writeAgUiEvent } from './ag-ui-event.ts';
import type { AgUiUsage } from './ag-ui-event.ts';
import { countInclusive } from './inclusive-usage.ts';
import type { EventWriter } from './protocol.ts';
import { createReasoningProofs } from './reasoning-proofs.ts';

/** What of a run is shown. */
export interface ShownParts {
  readonly hasReasoning: boolean;
  readonly hasTools: boolean;
  readonly maxToolResultLength: number;
}

/** The run that is written. */
export interface AgUiRun {
  /** Where the ids of messages come from: no client has seen it before. */
  readonly requestId: string;
  readonly threadId: string;
  readonly runId: string;
  /** What must not be the id of a tool call of this run. */
  readonly toolCallIds: ReadonlySet<string>;
}

interface OpenMessage {
  readonly messageId: string;
  readonly writeDelta: (delta: string) => string;
}

interface OpenCall {
  readonly toolCallId: string;
  readonly writeDelta: (delta: string) => string;
}

/** Stop reasons that need no word: the answer is whole. */
const goodReasons: ReadonlySet<StopReason> = new Set(['end-turn', 'stop-sequence', 'tool-use']);

/** Creates the writer of one run: `createAgUi` says what becomes of what. */
export function createRunWriter(
  run: AgUiRun,
  { hasReasoning, hasTools, maxToolResultLength }: ShownParts,
): EventWriter {
  const { requestId, threadId, runId } = run;
  let stepCount = 0;
  let messageCount = 0;
  /** The assistant's message that is the client's last one: only there may tool calls be added (0.0.45). */
  let assistantId: string | undefined;
  /** A message whose text may go on. Its end is written when something else begins. */
  let resting: OpenMessage | undefined;
  /** By the ids of blocks. */
  const texts = new Map<string, OpenMessage>();
  const reasonings = new Map<string, OpenMessage>();
  const proofs = createReasoningProofs();
  /** The calls that have no result yet, by the agent's ids. */
  const calls = new Map<string, OpenCall>();
  let hasResults = false;

  function nextMessageId(): string {
    messageCount += 1;
    return `${requestId}-${messageCount}`;
  }

  function settle(): string {
    if (resting === undefined) return '';
    const { messageId } = resting;
    resting = undefined;
    return writeAgUiEvent({ type: 'TEXT_MESSAGE_END', messageId });
  }

  function writeText({ id, text }: AgentEventOf<'text-delta'>): string {
    const open = texts.get(id) ?? resting;
    if (open !== undefined) {
      if (open === resting) {
        resting = undefined;
        texts.set(id, open);
      }
      return open.writeDelta(text);
    }
    const messageId = nextMessageId();
    const writeDelta = createDeltaWriter('TEXT_MESSAGE_CONTENT', 'messageId', messageId);
    texts.set(id, { messageId, writeDelta });
    assistantId = messageId;
    return writeAgUiEvent({ type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' }) + writeDelta(text);
  }

  function endText(id: string): string {
    const open = texts.get(id);
    if (open === undefined) return '';
    texts.delete(id);
    const end = settle();
    resting = open;
    return end;
  }

  /** A block of reasoning begins with the first that comes of it. */
  function openReasoning(id: string): string {
    if (reasonings.has(id)) return '';
    const end = settle();
    const messageId = nextMessageId();
    const writeDelta = createDeltaWriter('REASONING_MESSAGE_CONTENT', 'messageId', messageId);
    reasonings.set(id, { messageId, writeDelta });
    assistantId = undefined;
    return (
      end +
      writeAgUiEvent({ type: 'REASONING_START', messageId }) +
      writeAgUiEvent({ type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning' })
    );
  }

  function writeReasoning({ id, text }: AgentEventOf<'reasoning-delta'>): string {
    return openReasoning(id) + (reasonings.get(id)?.writeDelta(text) ?? '');
  }

  /** A message has one proof, and a later one would take its place: they wait for the end, in case they come in pieces. */
  function holdProof(event: AgentEventOf<'reasoning-signature' | 'reasoning-redacted'>): string {
    proofs.hold(event);
    return openReasoning(event.id);
  }

  function endReasoning(id: string): string {
    const open = reasonings.get(id);
    if (open === undefined) return '';
    reasonings.delete(id);
    const { messageId } = open;
    const { signature, redactedData } = proofs.take(id);
    const encryptedValue = signature === '' ? redactedData : signature;
    const proof =
      encryptedValue === ''
        ? ''
        : writeAgUiEvent({
            type: 'REASONING_ENCRYPTED_VALUE',
            subtype: 'message',
            entityId: messageId,
            encryptedValue,
          });
    return (
      proof +
      writeAgUiEvent({ type: 'REASONING_MESSAGE_END', messageId }) +
      writeAgUiEvent({ type: 'REASONING_END', messageId })
    );
  }

  function startCall({ id, name }: AgentEventOf<'tool-start'>): string {
    const end = settle();
    const parentMessageId = (assistantId ??= nextMessageId());
    const toolCallId = run.toolCallIds.has(id) ? `${requestId}-${id}` : id;
    calls.set(id, { toolCallId, writeDelta: createDeltaWriter('TOOL_CALL_ARGS', 'toolCallId', toolCallId) });
    return end + writeAgUiEvent({ type: 'TOOL_CALL_START', toolCallId, toolCallName: name, parentMessageId });
  }

  function writeResult(id: string, content: string, isError: boolean): string {
    const call = calls.get(id);
    // It is hidden, or an empty result stands there already.
    if (call === undefined) return '';
    calls.delete(id);
    const end = settle();
    assistantId = undefined;
    const { toolCallId } = call;
    const metadata = isError ? ({ isError } as const) : undefined;
    return (
      end +
      writeAgUiEvent({
        type: 'TOOL_CALL_RESULT',
        messageId: nextMessageId(),
        toolCallId,
        content: shorten(content, maxToolResultLength),
        role: 'tool',
        metadata,
      })
    );
  }

  function answerCalls(): string {
    let results = '';
    for (const id of calls.keys()) results += writeResult(id, '', false);
    return results;
  }

  function startStep(): string {
    // An agent that forwards results may still do so: the models of a graph take turns.
    const results = hasResults ? '' : answerCalls();
    stepCount += 1;
    assistantId = undefined;
    return results + writeAgUiEvent({ type: 'STEP_STARTED', stepName: `step-${stepCount}` });
  }

  function finishRun({ stopReason, usage }: AgentEventOf<'run-end'>): string {
    const results = answerCalls();
    const isGood = goodReasons.has(stopReason);
    const note = isGood ? '' : writeAgUiEvent({ type: 'CUSTOM', name: 'stop-reason', value: stopReason });
    return results + note + writeAgUiEvent({ type: 'RUN_FINISHED', threadId, runId, usage: describeUsage(usage) });
  }

  function write(event: AgentEvent): string {
    switch (event.type) {
      case 'text-delta':
        return writeText(event);
      case 'text-end':
        return endText(event.id);
      case 'reasoning-delta':
        return hasReasoning ? writeReasoning(event) : '';
      case 'reasoning-signature':
      case 'reasoning-redacted':
        return hasReasoning ? holdProof(event) : '';
      case 'reasoning-end':
        return endReasoning(event.id);
      case 'tool-start':
        return hasTools ? startCall(event) : '';
      case 'tool-delta':
        return calls.get(event.id)?.writeDelta(event.input) ?? '';
      case 'tool-end': {
        const call = calls.get(event.id);
        return call === undefined ? '' : writeAgUiEvent({ type: 'TOOL_CALL_END', toolCallId: call.toolCallId });
      }
      case 'tool-result': {
        hasResults = true;
        const { id, content, isError } = event;
        return writeResult(id, typeof content === 'string' ? content : (JSON.stringify(content) ?? ''), isError);
      }
      case 'citation':
        return writeAgUiEvent({ type: 'CUSTOM', name: 'citation', value: event.citation });
      case 'run-start':
        return writeAgUiEvent({ type: 'RUN_STARTED', threadId, runId });
      case 'step-start':
        return startStep();
      case 'step-end':
        return settle() + writeAgUiEvent({ type: 'STEP_FINISHED', stepName: `step-${stepCount}` });
      case 'run-end':
        return finishRun(event);
      case 'error':
        return answerCalls() + writeAgUiEvent({ type: 'RUN_ERROR', message: event.message, code: event.code });
      // A block begins with its first content, since many a block stays empty. The sums of usage are said at the end.
      case 'text-start':
      case 'reasoning-start':
      case 'usage':
        return '';
      default:
        event satisfies never;
        return '';
    }
  }

  return { write, keepAlive: () => formatSseComment('keep-alive') };
}

/** A JSON text that is cut no longer parses; the note says why. */
function shorten(content: string, maxLength: number): string {
  if (content.length <= maxLength) return content;
  // Not between the halves of a character.
  const end = /[\uD800-\uDBFF]/u.test(content.charAt(maxLength - 1)) ? maxLength - 1 : maxLength;
  return `${content.slice(0, end)}\n[the other ${content.length - end} characters of this result are left out]`;
}

/** The counts of AG-UI 1.0; undefined where there are none, or such as the clients would reject the run for. */
function describeUsage(usage: TokenUsage | undefined): readonly AgUiUsage[] | undefined {
  if (usage === undefined) return undefined;
  const { cacheReadTokens, cacheWriteTokens, ...counts } = countInclusive(usage);
  const all = { ...counts, cachedInputTokens: cacheReadTokens, cacheWriteInputTokens: cacheWriteTokens };
  return Object.values(all).every((count) => count === undefined || Number.isSafeInteger(count)) ? [all] : undefined;
}
