import type { ClientRequest, IncomingMessage } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import { RelayError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json.ts';
import type { AgentInvocation, AgentRuntime } from '../relay/agent-runtime.ts';
import type { AgentRuntimeSettings } from '../settings.ts';
import { readAnswerBody } from './answer-body.ts';
import { http, https } from './builtin-http.ts';
import { createConnections } from './connections.ts';
import type { Credentials } from './environment-credentials.ts';
import { describeAbort, describeBreak, describeRefusal, readErrorName, readRetryAfter } from './errors.ts';
import type { AgentFailure } from './errors.ts';
import { invokeWithRetries } from './retry.ts';
import type { Attempt, RetryOptions } from './retry.ts';
import { signHeaders } from './signed-headers.ts';

/** How {@link createSignedAgentRuntime} reaches AgentCore. */
export interface SignedAgentRuntimeOptions extends RetryOptions {
  /** Which agent, where. The endpoint may be `http:` for a local AgentCore. */
  readonly settings: AgentRuntimeSettings;
  /** Gives the credentials for one try; asked anew each time, because temporary ones expire. */
  readonly credentials: () => Credentials | Promise<Credentials>;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: (() => number) | undefined;
  /** Longest wait for the connection, name lookup and TLS included, in milliseconds. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
}

/** Largest error body that is read, in bytes. */
const maxErrorBytes = 65_536;

/** Longest wait for an error's body once its status is known, in milliseconds. */
const errorBodyTimeoutMs = 2_000;

/**
 * Invokes AgentCore with one signed POST over Node's own HTTP client, without the AWS SDK: having the SDK loaded, even
 * unused, costs a Lambda 39 % of its start.
 *
 * There is no timeout for the answer's headers: an agent may think for minutes, and the relay owns deadlines.
 *
 * @throws RelayError `internal_error` where the endpoint is no http or https URL.
 */
export function createSignedAgentRuntime(options: SignedAgentRuntimeOptions): AgentRuntime {
  const { settings, credentials, now = Date.now, connectTimeoutMs = 5_000 } = options;
  const endpoint = readEndpoint(settings.endpoint);
  const isSecure = endpoint.protocol === 'https:';
  const { hostname, port } = urlToHttpOptions(endpoint);
  const path = `${endpoint.pathname.replace(/\/+$/u, '')}/runtimes/${encodeURIComponent(settings.agentRuntimeArn)}/invocations?qualifier=${encodeURIComponent(settings.qualifier)}`;
  const target = { host: endpoint.host, path, region: settings.region };
  const connections = createConnections({ isSecure, now });

  async function attempt(invocation: AgentInvocation, payload: Buffer): Promise<Attempt> {
    const headers = signHeaders(invocation, payload, target, await credentials(), now);
    if (invocation.signal.aborted) throw describeAbort(invocation.signal);
    connections.dropStale();
    const request = (isSecure ? https : http).request({
      agent: connections.agent,
      hostname,
      port,
      method: 'POST',
      path,
      headers,
    });
    limitConnecting(request, isSecure ? 'secureConnect' : 'connect', connectTimeoutMs);
    let response: IncomingMessage;
    try {
      response = await exchange(request, payload, invocation.signal);
    } catch (thrown) {
      if (invocation.signal.aborted) throw describeAbort(invocation.signal);
      return { failure: { error: describeBreak(thrown) } };
    }
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode > 299) {
      return { failure: await readFailure(response, statusCode, invocation.signal, now) };
    }
    return {
      answer: {
        contentType: response.headers['content-type'] ?? '',
        body: readAnswerBody(response, invocation.signal),
      },
    };
  }

  return {
    async invoke(invocation) {
      const payload = Buffer.from(invocation.payload, 'utf8');
      try {
        return await invokeWithRetries(() => attempt(invocation, payload), invocation.signal, options);
      } catch (thrown) {
        throw RelayError.from(thrown);
      }
    },
  };
}

function readEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new RelayError('internal_error', {
      cause: `the endpoint of AgentCore is "${endpoint}"; it must be an https or http URL`,
    });
  }
  return url;
}

/** Gives up on a connection that does not come about; one that is reused is there already. */
function limitConnecting(request: ClientRequest, connectedEvent: 'connect' | 'secureConnect', timeoutMs: number): void {
  const timer = setTimeout(() => {
    const error = new Error(`no connection within ${timeoutMs} ms`);
    request.destroy(Object.assign(error, { code: 'ETIMEDOUT', syscall: 'connect' }));
  }, timeoutMs);
  const stop = (): void => clearTimeout(timer);
  request.once('close', stop);
  request.once('socket', (socket) => {
    if (request.reusedSocket) stop();
    else socket.once(connectedEvent, stop);
  });
}

/** Sends the payload and resolves with the response's head. */
async function exchange(request: ClientRequest, payload: Buffer, signal: AbortSignal): Promise<IncomingMessage> {
  const onAbort = (): void => {
    request.destroy();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      // It stays for the life of the request: an `error` that nobody listens to would end the process.
      request.on('error', reject);
      request.end(payload);
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function readFailure(
  response: IncomingMessage,
  status: number,
  signal: AbortSignal,
  now: () => number,
): Promise<AgentFailure> {
  const text = await readErrorText(response, signal);
  const body = parseJson(text);
  const fields = isJsonObject(body) ? body : {};
  const message = fields['message'] ?? fields['Message'];
  return describeRefusal({
    status,
    errorName: readErrorName(response.headers['x-amzn-errortype'] ?? fields['__type'] ?? fields['code']),
    text: typeof message === 'string' ? message : text,
    retryAfterSeconds: readRetryAfter(response.headers['retry-after'], now),
  });
}

/** Reads as much of the error as is worth reading; the status alone says enough where it does not come whole. */
async function readErrorText(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const timer = setTimeout(() => response.destroy(), errorBodyTimeoutMs);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of readAnswerBody(response, signal)) {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length > maxErrorBytes) break;
    }
  } catch (thrown) {
    if (signal.aborted) throw thrown;
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).subarray(0, maxErrorBytes).toString('utf8');
}
