import type { ServerResponse } from 'node:http';
import type { HopRecorder } from '../hop-trace.ts';

/** The head of an answer. */
export interface AnswerHead {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What happens on the way. */
export interface AnswerEvents {
  /** Called with the first byte, or with the end where there is none. */
  onFirstByte(): void;
  /** Called where the answer breaks off although its reader is there; waited for before the response is cut. */
  onBreak(error: unknown): Promise<void>;
  /** How long the agent's start took, where this invocation waited for it. */
  readonly coldStartMs: number | undefined;
  /** Writes down what passes. */
  readonly hop: HopRecorder;
}

/**
 * Sends the head at once and the bytes as they come, no faster than they are read.
 *
 * Where either side breaks off, the other one's connection is cut: nobody may take half an answer for a whole one.
 */
export async function pipeAnswer(
  answer: AsyncIterable<Uint8Array>,
  response: ServerResponse,
  head: AnswerHead,
  { onFirstByte, onBreak, coldStartMs, hop }: AnswerEvents,
): Promise<void> {
  response.writeHead(head.statusCode, head.headers);
  response.flushHeaders();
  hop.head(head.statusCode, tracedHeaders(head.headers), coldStartMs);
  let begun = false;
  const begin = (): void => {
    if (!begun) {
      begun = true;
      onFirstByte();
    }
  };
  try {
    for await (const bytes of answer) {
      begin();
      hop.chunk(bytes.length);
      if (!response.write(bytes)) {
        await untilDrained(response);
      }
    }
    response.end();
    hop.end('complete');
  } catch (error) {
    if (response.destroyed) {
      hop.end('viewer-left');
    } else {
      await onBreak(error);
      hop.end('cut');
      response.destroy();
    }
  }
  begin();
}

/** Headers as they are written down. */
export function tracedHeaders(
  headers: Readonly<Record<string, string>>,
): readonly { readonly name: string; readonly value: string }[] {
  return Object.entries(headers).map(([name, value]) => ({ name, value }));
}

/** Rejects where the reader leaves: 'drain' never comes then. */
function untilDrained(response: ServerResponse): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const leave = (): void => reject(new Error('the reader has left'));
  if (response.destroyed) {
    leave();
  }
  response.once('drain', resolve);
  response.once('close', leave);
  return promise.finally(() => {
    response.off('drain', resolve);
    response.off('close', leave);
  });
}
