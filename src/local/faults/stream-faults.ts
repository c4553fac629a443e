import { setTimeout } from 'node:timers/promises';
import { createPositionFinder } from './answer-position.ts';
import type { PositionFinder } from './answer-position.ts';
import type { StreamFaults } from './request-faults.ts';

/** What happens to the bytes of one answer. */
export interface StreamFaultSettings {
  /** What is left out goes well. */
  readonly faults: Partial<StreamFaults> & {
    /** The first chunk is held back until the second is there, or the end. */
    readonly holdsFirstChunk?: boolean;
  };
  /** The answer's `content-type`, which says what a message is. */
  readonly contentType: string | undefined;
  /** Resolves after so many milliseconds; may reject when the signal aborts. Default: the process's own timers. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

/**
 * An answer that was broken off on purpose. `cut`: its connection is to be cut. `crash`: so it is, and the process that
 * answers is to die.
 */
export class AnswerFaultError extends Error {
  override readonly name = 'AnswerFaultError';
  readonly kind: 'cut' | 'crash';

  constructor(kind: 'cut' | 'crash') {
    super(
      kind === 'cut'
        ? 'the answer is cut here, as a fault asks'
        : 'the process that answers dies here, as a fault asks',
    );
    this.kind = kind;
  }
}

/**
 * Passes an answer's bytes on with its faults, in this order: the first chunk is held back, the answer pauses, it is cut or
 * ended, its chunks are split. It takes no byte from the source before one is asked of it, and leaves the source when it is
 * left, also in the middle of a pause. To be read once.
 *
 * @throws AnswerFaultError while it is read, where the answer is to be cut or its process is to die; all bytes before that
 * have been passed on.
 */
export function applyStreamFaults(
  source: AsyncIterable<Uint8Array>,
  { faults, contentType, sleep = sleepInProcess }: StreamFaultSettings,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const left = new AbortController();
      const origin = leaveOnce(source);
      let bytes: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => origin };
      if (faults.holdsFirstChunk === true) {
        bytes = holdFirst(bytes);
      }
      const pause = (): Promise<void> => sleep(faults.silence?.forMs ?? 0, left.signal);
      bytes = takeTurns(bytes, turnsOf(faults, contentType), pause);
      if (faults.splitBytes !== undefined) {
        bytes = split(bytes, faults.splitBytes);
      }
      const iterator = bytes[Symbol.asyncIterator]();
      return {
        next: () => iterator.next(),
        // Not awaited: a generator that waits for its source would answer only once that source has moved.
        return: () => {
          left.abort();
          void origin.return();
          iterator.return?.().catch(() => undefined);
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}

/** In this order they count where they are at one place. */
const turnKinds = ['silence', 'cut', 'end', 'crash'] as const;

/** A place where an answer does not simply go on. */
interface Turn {
  readonly kind: (typeof turnKinds)[number];
  readonly finder: PositionFinder;
}

function turnsOf(faults: Partial<StreamFaults>, contentType: string | undefined): Turn[] {
  const positions = {
    silence: faults.silence?.after,
    cut: faults.cutAfter,
    end: faults.endAfter,
    crash: faults.crashAfter,
  };
  return turnKinds.flatMap((kind) => {
    const position = positions[kind];
    return position === undefined ? [] : [{ kind, finder: createPositionFinder(position, contentType) }];
  });
}

async function* holdFirst(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  let isFirst = true;
  for await (const chunk of source) {
    if (isFirst) {
      isFirst = false;
      held = chunk;
      continue;
    }
    if (held !== undefined) {
      yield held;
      held = undefined;
    }
    yield chunk;
  }
  if (held !== undefined) {
    yield held;
  }
}

async function* takeTurns(
  source: AsyncIterable<Uint8Array>,
  turns: readonly Turn[],
  pause: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let ahead = turns;
  /** Those that are here, while it is open whether another one is: only the next byte tells. */
  let waiting: readonly Turn[] = [];
  for await (const chunk of source) {
    const reached = [
      ...waiting.map((turn) => ({ turn, before: 0 })),
      ...ahead.flatMap((turn) => {
        const before = turn.finder.push(chunk);
        return before === undefined ? [] : [{ turn, before }];
      }),
    ].toSorted((one, other) => one.before - other.before || compareTurns(one.turn, other.turn));
    ahead = ahead.filter((turn) => !reached.some((place) => place.turn === turn));
    waiting = [];
    let passed = 0;
    for (const { turn, before } of reached) {
      if (before > passed) {
        yield chunk.subarray(passed, before);
        passed = before;
      }
      if (before === chunk.length && ahead.some(({ finder }) => finder.isHere())) {
        waiting = [...waiting, turn];
      } else if (await isOver(turn, pause)) {
        return;
      }
    }
    if (passed < chunk.length) {
      yield chunk.subarray(passed);
    }
  }
  for (const turn of [...waiting, ...ahead.filter(({ finder }) => finder.isHere())].toSorted(compareTurns)) {
    if (await isOver(turn, pause)) {
      return;
    }
  }
}

function compareTurns(one: Turn, other: Turn): number {
  return turnKinds.indexOf(one.kind) - turnKinds.indexOf(other.kind);
}

async function isOver({ kind }: Turn, pause: () => Promise<void>): Promise<boolean> {
  switch (kind) {
    case 'silence':
      await pause();
      return false;
    case 'end':
      return true;
    case 'cut':
    case 'crash':
      throw new AnswerFaultError(kind);
    default:
      return kind satisfies never;
  }
}

async function* split(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    for (let start = 0; start < chunk.length; start += maxBytes) {
      yield chunk.subarray(start, start + maxBytes);
    }
  }
}

/** The source's iterator without empty chunks, which is told only once that it is left. */
function leaveOnce(source: AsyncIterable<Uint8Array>): Required<Pick<AsyncIterator<Uint8Array>, 'next' | 'return'>> {
  const iterator = source[Symbol.asyncIterator]();
  let isLeft = false;
  return {
    next: async () => {
      let step = await iterator.next();
      while (step.done !== true && step.value.length === 0) {
        step = await iterator.next();
      }
      return step;
    },
    return: () => {
      if (!isLeft) {
        isLeft = true;
        iterator.return?.().catch(() => undefined);
      }
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}

function sleepInProcess(ms: number, signal: AbortSignal): Promise<void> {
  return setTimeout(ms, undefined, { signal });
}
