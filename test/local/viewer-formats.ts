import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

/** What a client of one format posts, where, and how its answers end. */
export interface ViewerFormat {
  readonly name: string;
  readonly path: string;
  body(prompt: string, sessionId: string): object;
  /** The end of an answer that is whole. */
  readonly wholeEnd: RegExp;
  /** The end of one that says that it is not. */
  readonly errorEnd: RegExp;
  /** The text of the answer, put together of its pieces. */
  textOf(answer: string): string;
}

/** How an answer ended, as its client sees it. `refused`: by its status. `invalid`: in none of the ways of its format. */
export type ViewerEnding = 'whole' | 'error' | 'cut' | 'refused' | 'invalid';

/** What a viewer got. */
export interface Viewed {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As much of the body as came. */
  readonly text: string;
  readonly ending: ViewerEnding;
}

/** What a viewer sends besides its body. */
export interface ViewOptions {
  /** Its value of `x-local-fault`. */
  readonly faults?: string;
  /** Called with each piece of the body. */
  onBytes?(bytes: Buffer): void;
  /** Makes the viewer leave. */
  readonly signal?: AbortSignal;
}

const code = String.raw`"code":"[a-z_]+"`;

/** Joins what the frames of an event stream hold in a place. */
const join = (pick: (frame: Record<string, unknown>) => unknown) => (answer: string) =>
  Array.from(answer.matchAll(/^data: (\{[^\n]*\})$/gmu), ([, json = '']) =>
    pick(JSON.parse(json) as Record<string, unknown>),
  )
    .filter((piece) => typeof piece === 'string')
    .join('');

interface AgentFrame {
  readonly event?: { readonly delta?: { readonly type?: string; readonly text?: string } };
}

interface CompletionFrame {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
}

/** Four formats that end in four ways. */
export const viewerFormats: readonly ViewerFormat[] = [
  {
    name: 'original',
    path: '/',
    body: (prompt, runtimeSessionId) => ({ prompt, runtimeSessionId, response: 'original' }),
    wholeEnd: /\}\n\n$/u,
    errorEnd: new RegExp(String.raw`\nevent: error\ndata: \{"error":\{${code},"message":"[^"]+"\}\}\n\n$`, 'u'),
    textOf: join((frame) => {
      const { delta } = (frame as AgentFrame).event ?? {};
      return delta?.type === 'textDelta' ? delta.text : undefined;
    }),
  },
  {
    name: 'transformed',
    path: '/',
    body: (prompt, runtimeSessionId) => ({ prompt, runtimeSessionId, response: 'transformed' }),
    wholeEnd: /\n-{10}\n\{"usage":\{[^\n]*\}\n\{"runtimeSessionId":"[^"]+"\}$/u,
    errorEnd: new RegExp(String.raw`\n-{10}\n\{"error":\{${code},"message":"[^"]+"\}\}$`, 'u'),
    textOf: (answer) => answer.split('\n----------\n')[0] ?? '',
  },
  {
    name: 'ui-message',
    path: '/api/chat',
    body: (prompt, id) => ({ id, messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: prompt }] }] }),
    wholeEnd: /\ndata: \{"type":"finish","finishReason":"stop",[^\n]*\}\n\ndata: \[DONE\]\n\n$/u,
    errorEnd:
      /\ndata: \{"type":"error",[^\n]*\}\n\ndata: \{"type":"finish","finishReason":"error"[^\n]*\}\n\ndata: \[DONE\]\n\n$/u,
    textOf: join(({ type, delta }) => (type === 'text-delta' ? delta : undefined)),
  },
  {
    name: 'openai-chat',
    path: '/v1/chat/completions',
    body: (prompt, id) => ({
      model: 'agent',
      metadata: { session_id: id },
      messages: [{ role: 'user', content: prompt }],
      stream: true,
    }),
    wholeEnd: /"finish_reason":"stop"\}\]\}\n\ndata: \[DONE\]\n\n$/u,
    errorEnd: new RegExp(String.raw`\ndata: \{"error":\{[^\n]*${code}\}\}\n\ndata: \[DONE\]\n\n$`, 'u'),
    textOf: join((frame) => (frame as CompletionFrame).choices?.[0]?.delta?.content),
  },
];

/** Asks, on a connection of its own, and reads to the end: also what comes before a cut. */
export function view(
  url: string,
  format: ViewerFormat,
  question: { readonly prompt: string; readonly sessionId: string },
  options: ViewOptions = {},
): Promise<Viewed> {
  const { promise, resolve, reject } = Promise.withResolvers<Viewed>();
  const body = JSON.stringify(format.body(question.prompt, question.sessionId));
  const request = httpRequest(new URL(format.path, url), {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(options.faults !== undefined && { 'x-local-fault': options.faults }),
    },
  });
  request.on('error', reject);
  options.signal?.addEventListener('abort', () => request.destroy(), { once: true });
  request.on('response', (response) => {
    const { statusCode: status = 0, headers } = response;
    const pieces: Buffer[] = [];
    response.on('data', (bytes: Buffer) => {
      pieces.push(bytes);
      options.onBytes?.(bytes);
    });
    // Its close says the same.
    response.on('error', () => undefined);
    response.on('close', () => {
      const text = Buffer.concat(pieces).toString();
      resolve({ status, headers, text, ending: endingOf(format, status, text, response.complete) });
    });
  });
  request.end(body);
  return promise;
}

function endingOf(format: ViewerFormat, status: number, text: string, isComplete: boolean): ViewerEnding {
  if (!isComplete) {
    return 'cut';
  }
  if (status !== 200) {
    return status >= 400 ? 'refused' : 'invalid';
  }
  if (format.errorEnd.test(text)) {
    return 'error';
  }
  return format.wholeEnd.test(text) ? 'whole' : 'invalid';
}
