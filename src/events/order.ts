import { describeCode } from '../errors.ts';
import type { AgentEvent, ModelMetrics, StopReason, TokenUsage } from './agent-event.ts';
import { sumMeasurements } from './usage.ts';

/** Where events go. */
export type Emit = (event: AgentEvent) => void;

/** The order machine: any events in, a well-formed run out. */
export interface EventOrder {
  /** Takes the next event. After an ending it takes nothing more. */
  push(event: AgentEvent): void;
  /**
   * The agent's stream is over. Emits `run-end`, or `error` where a step that the agent itself began is still open:
   * a clean end of the connection is no proof of a whole answer.
   */
  end(): void;
  /** Whether an ending was emitted. */
  readonly ended: boolean;
}

type BlockKind = 'text' | 'reasoning' | 'tool';

interface OpenBlock {
  readonly kind: BlockKind;
  /** The id that protocols see. */
  readonly id: string;
}

/**
 * Creates an order machine for one run.
 *
 * It opens a block at its first delta, closes what is open when a step or the run ends, gives text and reasoning blocks
 * ids that are unique in the run, drops empty deltas and second results, announces a tool whose result comes without a
 * call, sums usage over the model calls, and lets exactly one ending through, an error where the last model call was
 * malformed. Its memory grows only with the number of the run's tool calls.
 */
export function createEventOrder(emit: Emit): EventOrder {
  const openBlocks = new Map<string, OpenBlock>();
  const tools = new Map<string, 'called' | 'answered'>();
  let blockCount = 0;
  let started = false;
  let ended = false;
  /** `announced`: the agent said so, and must say its end as well; `implied`: its deltas came without a step. */
  let step: 'none' | 'implied' | 'announced' = 'none';
  let stopReason: StopReason = 'end-turn';
  let usage: TokenUsage | undefined;
  let metrics: ModelMetrics | undefined;

  function begin(): void {
    if (started) return;
    started = true;
    emit({ type: 'run-start' });
  }

  function beginStep(kind: 'implied' | 'announced'): void {
    begin();
    if (step === 'none') {
      step = kind;
      emit({ type: 'step-start' });
    } else if (kind === 'announced') {
      step = 'announced';
    }
  }

  function endStep(reason: StopReason): void {
    for (const key of openBlocks.keys()) close(key);
    if (step === 'none') return;
    step = 'none';
    emit({ type: 'step-end', stopReason: reason });
  }

  function open(kind: 'text' | 'reasoning', looseId: string): string {
    const key = `${kind} ${looseId}`;
    const block = openBlocks.get(key);
    if (block !== undefined) return block.id;
    beginStep('implied');
    blockCount += 1;
    const id = `${kind}-${blockCount}`;
    openBlocks.set(key, { kind, id });
    emit({ type: `${kind}-start`, id });
    return id;
  }

  function close(key: string): void {
    const block = openBlocks.get(key);
    if (block === undefined) return;
    openBlocks.delete(key);
    emit({ type: `${block.kind}-end`, id: block.id });
  }

  function finish(ending: AgentEvent): void {
    begin();
    endStep('other');
    ended = true;
    emit(ending);
  }

  function finishRun(reason: StopReason): void {
    if (reason === 'malformed') {
      finish({
        type: 'error',
        code: 'agent_error',
        message: 'the model wrote something that the agent could not read',
      });
      return;
    }
    finish({
      type: 'run-end',
      stopReason: reason,
      ...(usage === undefined ? {} : { usage }),
      ...(metrics === undefined ? {} : { metrics }),
    });
  }

  function push(event: AgentEvent): void {
    if (ended) return;
    switch (event.type) {
      case 'run-start':
        begin();
        return;
      case 'step-start':
        if (step === 'announced') endStep('other');
        beginStep('announced');
        return;
      case 'text-start':
      case 'reasoning-start':
        open(event.type === 'text-start' ? 'text' : 'reasoning', event.id);
        return;
      case 'text-delta':
        if (event.text !== '') emit({ type: 'text-delta', id: open('text', event.id), text: event.text });
        return;
      case 'reasoning-delta':
        if (event.text !== '') emit({ type: 'reasoning-delta', id: open('reasoning', event.id), text: event.text });
        return;
      case 'reasoning-signature':
        emit({ type: 'reasoning-signature', id: open('reasoning', event.id), signature: event.signature });
        return;
      case 'reasoning-redacted':
        emit({ type: 'reasoning-redacted', id: open('reasoning', event.id), data: event.data });
        return;
      case 'text-end':
        close(`text ${event.id}`);
        return;
      case 'reasoning-end':
        close(`reasoning ${event.id}`);
        return;
      case 'tool-start':
        if (tools.has(event.id)) return;
        beginStep('implied');
        tools.set(event.id, 'called');
        openBlocks.set(`tool ${event.id}`, { kind: 'tool', id: event.id });
        emit({ type: 'tool-start', id: event.id, name: event.name });
        return;
      case 'tool-delta':
        if (event.input !== '' && openBlocks.has(`tool ${event.id}`)) {
          emit({ type: 'tool-delta', id: event.id, input: event.input });
        }
        return;
      case 'tool-end':
        close(`tool ${event.id}`);
        return;
      case 'tool-result':
        if (tools.get(event.id) === 'answered') return;
        if (!tools.has(event.id)) push({ type: 'tool-start', id: event.id, name: 'unknown' });
        close(`tool ${event.id}`);
        tools.set(event.id, 'answered');
        emit({ type: 'tool-result', id: event.id, isError: event.isError, content: event.content });
        return;
      case 'citation':
        beginStep('implied');
        emit({ type: 'citation', citation: event.citation });
        return;
      case 'usage':
        begin();
        usage = sumMeasurements(usage, event.usage);
        metrics = sumMeasurements(metrics, event.metrics);
        emit(event);
        return;
      case 'step-end':
        stopReason = event.stopReason;
        endStep(event.stopReason);
        return;
      case 'error':
        finish({ type: 'error', code: event.code, message: event.message });
        return;
      case 'run-end':
        finishRun(event.stopReason);
        return;
      default:
        // An event that a filter made up has no place in the vocabulary, so no protocol could write it.
        event satisfies never;
    }
  }

  return {
    push,
    end() {
      if (ended) return;
      if (step === 'announced') {
        finish({ type: 'error', code: 'agent_interrupted', message: describeCode('agent_interrupted') });
      } else {
        if (step === 'implied') endStep(stopReason);
        finishRun(stopReason);
      }
    },
    get ended() {
      return ended;
    },
  };
}
