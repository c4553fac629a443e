/** How the agent of the benchmark answers; it travels as the prompt, through the relay as through the pipe. */
export interface AnswerPlan {
  /** Names this answer where the agent is asked how far it has come. */
  readonly id: string;
  /** Size of one event on the wire, in bytes, its `data: ` and its blank line included. */
  readonly eventBytes: number;
  /** How many text deltas. */
  readonly eventCount: number;
  readonly delivery: Delivery;
}

/**
 * How the deltas follow one another, each in an HTTP chunk of its own. `paced`: one per millisecond, faster than any model.
 * `single`: twenty per millisecond, of which each is still read by itself. `back-to-back`: each is sent by itself, without a
 * pause, and read with those that have come meanwhile. `bulk`: as fast as they are taken, many sent at once.
 */
export type Delivery = 'paced' | 'single' | 'back-to-back' | 'bulk';

/** Bytes and text of one answer, so that it can be told whether it came whole. */
export interface AnswerSize {
  /** Bytes of the agent's event stream. */
  readonly streamBytes: number;
  /** Bytes of the text alone. */
  readonly textBytes: number;
}

/** How many different deltas there are; they follow one another in a circle. */
const variantCount = 16;

const words =
  'the answer comes back token by token while the model is still thinking about what it will say next '.split(' ');

const head = [frame({ messageStart: { role: 'assistant' } })];

const tail = [
  frame({ contentBlockStop: { contentBlockIndex: 0 } }),
  frame({ messageStop: { stopReason: 'end_turn' } }),
  frame({
    metadata: { usage: { inputTokens: 12, outputTokens: 345, totalTokens: 357 }, metrics: { latencyMs: 1234 } },
  }),
];

/** What Strands Python with the filter `if 'event' in event` puts before, between and after the deltas of an answer. */
export const framing: { readonly head: readonly Buffer[]; readonly tail: readonly Buffer[] } = { head, tail };

/**
 * The text deltas of an answer, each of exactly `eventBytes` bytes. One in {@link variantCount} holds characters beyond
 * ASCII and one an escaped line break, as answers do.
 *
 * @throws RangeError where an event cannot be as small as that.
 */
export function createDeltas(eventBytes: number): readonly Buffer[] {
  return Array.from({ length: variantCount }, (_, variant) => deltaFrame(textOf(variant, eventBytes)));
}

/** What arrives of an answer that comes whole. */
export function sizeAnswer({ eventBytes, eventCount }: AnswerPlan): AnswerSize {
  const texts = Array.from({ length: variantCount }, (_, variant) => Buffer.byteLength(textOf(variant, eventBytes)));
  let textBytes = 0;
  for (let index = 0; index < eventCount; index++) textBytes += texts[index % variantCount] ?? 0;
  const framingBytes = [...head, ...tail].reduce((sum, { length }) => sum + length, 0);
  return { streamBytes: framingBytes + eventCount * eventBytes, textBytes };
}

function textOf(variant: number, eventBytes: number): string {
  const special = variant === 3 ? 'é 天気 ' : variant === 7 ? '\n' : '';
  const room = eventBytes - deltaFrame(special).length;
  if (room < 0) throw new RangeError(`an event of ${eventBytes} bytes has no room for its text`);
  let text = '';
  for (let index = variant; text.length < room; index++) text += `${words[index % words.length]} `;
  return special + text.slice(0, room);
}

function deltaFrame(text: string): Buffer {
  return frame({ contentBlockDelta: { delta: { text }, contentBlockIndex: 0 } });
}

function frame(event: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ event })}\n\n`);
}
