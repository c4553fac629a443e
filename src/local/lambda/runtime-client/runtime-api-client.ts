import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { InvokeHeaders } from './invoke-context.ts';
import { createResponseAgent, openResponse } from './response-stream.ts';
import type { OutgoingResponse } from './response-stream.ts';
import { RuntimeError, reportError } from './runtime-error.ts';

const root = '/2018-06-01/runtime';

/** The next thing to do. */
export interface NextInvocation {
  readonly headers: InvokeHeaders;
  readonly event: unknown;
}

/** The four calls of the Runtime API (Lambda developer guide, "custom runtimes"). */
export interface RuntimeApiClient {
  /** Waits for the next invocation. */
  next(): Promise<NextInvocation>;
  /** Opens a streamed answer. */
  stream(requestId: string): OutgoingResponse;
  /** Sends a whole answer; `undefined` becomes `null`. */
  respond(requestId: string, result: unknown): Promise<void>;
  /** Says that the handler failed. */
  fail(requestId: string, thrown: unknown): Promise<void>;
  /** Says that the handler could not be loaded. */
  failInit(thrown: unknown): Promise<void>;
}

/** Makes the client. `address` is `AWS_LAMBDA_RUNTIME_API`: host and port. */
export function createRuntimeApiClient(address: string, highWaterMark: number | undefined): RuntimeApiClient {
  const [host = '', port] = address.split(':');
  const target = { host, port: Number(port) };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const responseAgent = createResponseAgent(highWaterMark);
  const pathOf = (requestId: string, call: string): string =>
    `${root}/invocation/${encodeURIComponent(requestId)}/${call}`;

  function send(method: string, path: string, body?: string, headers?: OutgoingHttpHeaders): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const bytes = body === undefined ? undefined : Buffer.from(body);
      const framing = bytes === undefined ? {} : jsonFraming(bytes);
      const outgoing = request({ ...target, agent, method, path, headers: { ...framing, ...headers } }, (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => resolve({ headers: incoming.headers, text: Buffer.concat(parts).toString('utf8') }));
      });
      outgoing.on('error', reject);
      outgoing.end(bytes);
    });
  }

  return {
    next: async () => {
      const answer = await send('GET', `${root}/invocation/next`);
      return { headers: singleValues(answer.headers), event: JSON.parse(answer.text) as unknown };
    },
    stream: (requestId) => openResponse({ ...target, path: pathOf(requestId, 'response'), agent: responseAgent }),
    respond: async (requestId, result) => {
      await send('POST', pathOf(requestId, 'response'), toJson(result));
    },
    fail: async (requestId, thrown) => {
      await send('POST', pathOf(requestId, 'error'), JSON.stringify(reportError(thrown)));
    },
    failInit: async (thrown) => {
      const report = reportError(thrown);
      await send('POST', `${root}/init/error`, JSON.stringify(report), {
        'Lambda-Runtime-Function-Error-Type': report.errorType,
      });
    },
  };
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function jsonFraming(bytes: Buffer): Record<string, string | number> {
  return { 'Content-Type': 'application/json', 'Content-Length': bytes.length };
}

function singleValues(headers: IncomingHttpHeaders): InvokeHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

/** The genuine runtime's native client refuses what has no JSON, such as a function, with these words. */
function toJson(result: unknown): string {
  const json = stringify(result === undefined ? null : result);
  if (json === undefined) {
    throw new TypeError('Wrong arguments');
  }
  return json;
}

function stringify(result: unknown): string | undefined {
  try {
    return JSON.stringify(result);
  } catch {
    throw new RuntimeError('Runtime.JSONStringifyError', 'Unable to stringify response body');
  }
}
