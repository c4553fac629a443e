import type { IncomingMessage, ServerResponse } from 'node:http';

/** The head of an answer. */
export interface AnswerHead {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What happens on the way. */
export interface AnswerEvents {
  /** Called with the first byte, or with the end where there is none. */
  onFirstByte(): void;
  /** Waited for before the response is cut because the answer was. */
  settle(): Promise<void>;
}

/**
 * Sends the head at once and the bytes as they come, no faster than they are read.
 *
 * Where either side breaks off, the other one's connection is cut: nobody may take half an answer for a whole one.
 */
export async function pipeAnswer(
  answer: IncomingMessage,
  response: ServerResponse,
  head: AnswerHead,
  events: AnswerEvents,
): Promise<void> {
  response.writeHead(head.statusCode, head.headers);
  response.flushHeaders();
  let begun = false;
  const begin = (): void => {
    if (!begun) {
      begun = true;
      events.onFirstByte();
    }
  };
  try {
    for await (const bytes of answer as AsyncIterable<Buffer>) {
      begin();
      if (!response.write(bytes)) {
        await untilDrained(response);
      }
    }
    response.end();
  } catch {
    await events.settle();
    response.destroy();
  }
  begin();
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
