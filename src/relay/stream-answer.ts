import { RelayError } from '../errors.ts';
import type { AgentAnswer } from './agent-runtime.ts';
import { scrubError } from './scrub-error.ts';
import type { AnswerError, Translation } from './translate.ts';
import type { Due, Watch } from './watch.ts';

/** How an answer ended. */
export type Ending = 'complete' | 'error' | 'cancelled';

/** What is known of an answer when it is over. */
export interface AnswerReport {
  readonly ending: Ending;
  /** The error that ended it. */
  readonly error: AnswerError | undefined;
  readonly bytesSent: number;
  readonly dialect: string | undefined;
  readonly unknownFrames: number;
}

/** What {@link streamAnswer} needs. */
export interface StreamAnswerOptions {
  /** The agent's answer, or its promise where the status was sent before it came. */
  readonly answer: AgentAnswer | Promise<AgentAnswer>;
  /** Begins the translation of the answer; undefined while there is none, to say an error or a keep-alive. */
  beginTranslation(answer: AgentAnswer | undefined): Translation;
  readonly watch: Watch;
  /** Aborts when the viewer has left. */
  readonly signal: AbortSignal;
  /** Cancels the agent's call, whatever state it is in. */
  cancel(): void;
  /** Called once, when the answer is over. */
  onEnd(report: AnswerReport): void;
}

/**
 * The driver: an answer's whole stream as one generator, pulled by the viewer, so that a slow viewer slows the agent. It
 * never throws; what goes wrong becomes the protocol's own ending. Leaving it early cancels the agent's call.
 */
export async function* streamAnswer(options: StreamAnswerOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { watch, signal } = options;
  let translation: Translation | undefined;
  let failure: RelayError | undefined;
  const beforeAnswer = () => (translation ??= options.beginTranslation(undefined));
  let bytesSent = 0;
  let isOver = false;

  function encode(output: Uint8Array | string): Uint8Array {
    // For a token's length `Buffer.from` takes a quarter of the time that `TextEncoder` takes.
    const bytes = typeof output === 'string' ? Buffer.from(output, 'utf8') : output;
    bytesSent += bytes.byteLength;
    return bytes;
  }

  try {
    const pendingAnswer = Promise.resolve(options.answer);
    let answer: AgentAnswer | Due = await watch.wait(pendingAnswer);
    while (typeof answer === 'string') {
      yield* speak(answer);
      answer = await watch.wait(pendingAnswer);
    }
    translation = options.beginTranslation(answer);
    const chunks = answer.body[Symbol.asyncIterator]();
    while (!translation.ended) {
      watch.listen();
      const pendingChunk = chunks.next();
      let next: IteratorResult<Uint8Array> | Due = await watch.wait(pendingChunk);
      while (typeof next === 'string') {
        yield* speak(next);
        next = await watch.wait(pendingChunk);
      }
      const output = next.done === true ? translation.finish() : translation.push(next.value);
      if (output.length === 0) continue;
      yield encode(output);
      watch.spoke();
    }
    isOver = true;
  } catch (thrown) {
    failure = RelayError.from(thrown);
    const failing = beforeAnswer();
    if (!signal.aborted && !failing.ended) {
      const output = failing.fail(await scrubError(failure));
      if (output.length > 0) yield encode(output);
    }
    isOver = !signal.aborted;
  } finally {
    watch.stop();
    options.cancel();
    // Without a translation: the viewer has left before there was one, or none could begin and nothing can be said.
    const { error, dialect, unknownFrames } = translation ?? { error: failure, dialect: undefined, unknownFrames: 0 };
    if (translation === undefined && failure !== undefined) isOver = !signal.aborted;
    const ending = isOver ? (error === undefined ? 'complete' : 'error') : 'cancelled';
    options.onEnd({ ending, error, bytesSent, dialect, unknownFrames });
  }

  function* speak(due: Due): Generator<Uint8Array, void, undefined> {
    switch (due) {
      case 'deadline':
        throw new RelayError('deadline_exceeded');
      case 'silent':
        throw new RelayError('agent_silent');
      case 'keep-alive': {
        const comment = beforeAnswer().keepAlive();
        if (comment.length > 0) yield encode(comment);
        watch.spoke();
        return;
      }
      default:
        due satisfies never;
    }
  }
}
