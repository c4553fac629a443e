import type { StopReason } from '../events/agent-event.ts';
import type { Emit } from '../events/order.ts';

export type BlockKind = 'text' | 'reasoning' | 'tool';

/** A block that has content, and no end yet. */
export interface OpenBlock {
  readonly kind: BlockKind;
  readonly id: string;
  hasText: boolean;
  /** How many were told: each list of a message's citations repeats those before. */
  citationCount: number;
}

/** What is open of an AG-UI run: the run itself, the model's call, blocks. */
export interface AgUiRun {
  /** Whether anything of a run was said. */
  readonly hasBegun: boolean;
  begin(): void;
  end(stopReason: StopReason): void;
  /** What is said next, once nothing is open, belongs to another call of the model. */
  endCall(): void;
  /** Gives the block, which it opens where it is not open. */
  enter(kind: BlockKind, id: string): OpenBlock;
  /** Closes the block, if it is open. */
  leave(kind: BlockKind, id: string): void;
  find(kind: BlockKind, id: string): OpenBlock | undefined;
  /** Notes that the lane's next event closes the block, unless it goes on with it. */
  hold(lane: string, kind: BlockKind, id: string): void;
  /** The id of the block that the lane holds, if it is of this kind. */
  heldId(lane: string, kind: BlockKind): string | undefined;
  /** Closes the block that the lane holds, unless it is this one. */
  release(lane: string, kind?: BlockKind, id?: string): void;
}

/**
 * Creates the state of one stream, which may hold several runs, one after the other. A lane is a subagent, or the agent
 * itself: chunks that do not name their block go on with the one before them in their lane.
 */
export function createAgUiRun(emit: Emit): AgUiRun {
  const blocks = new Map<string, OpenBlock>();
  const held = new Map<string, { readonly kind: BlockKind; readonly id: string }>();
  let phase: 'none' | 'running' | 'ended' = 'none';
  /** Of the model's call: `over` where what is said next belongs to another. */
  let call: 'empty' | 'speaking' | 'over' = 'empty';
  let hasCalledTool = false;

  function begin(): void {
    blocks.clear();
    held.clear();
    phase = 'running';
    beginCall();
  }

  function beginCall(): void {
    call = 'empty';
    hasCalledTool = false;
    emit({ type: 'step-start' });
  }

  function leave(kind: BlockKind, id: string): void {
    if (blocks.delete(`${kind} ${id}`)) emit({ type: `${kind}-end`, id });
  }

  return {
    get hasBegun() {
      return phase !== 'none';
    },
    begin,
    end(stopReason) {
      phase = 'ended';
      emit({ type: 'step-end', stopReason });
    },
    endCall() {
      if (call === 'speaking') call = 'over';
    },
    enter(kind, id) {
      const key = `${kind} ${id}`;
      const open = blocks.get(key);
      if (open !== undefined) return open;
      if (phase === 'none') begin();
      if (phase === 'running' && call === 'over' && blocks.size === 0) {
        emit({ type: 'step-end', stopReason: hasCalledTool ? 'tool-use' : 'end-turn' });
        beginCall();
      }
      if (call === 'empty') call = 'speaking';
      if (kind === 'tool') hasCalledTool = true;
      const block = { kind, id, hasText: false, citationCount: 0 };
      blocks.set(key, block);
      return block;
    },
    leave,
    find: (kind, id) => blocks.get(`${kind} ${id}`),
    hold: (lane, kind, id) => void held.set(lane, { kind, id }),
    heldId(lane, kind) {
      const last = held.get(lane);
      return last?.kind === kind ? last.id : undefined;
    },
    release(lane, kind, id) {
      const last = held.get(lane);
      if (last === undefined || (last.kind === kind && last.id === id)) return;
      held.delete(lane);
      leave(last.kind, last.id);
    },
  };
}
