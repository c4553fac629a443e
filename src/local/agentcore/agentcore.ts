import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAgentCaller } from './agent-caller.ts';
import type { AgentCaller } from './agent-caller.ts';
import type { AgentCall } from './agent-call.ts';
import type { AgentCoreSettings } from './agentcore-settings.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { writeServiceError } from './service-error.ts';
import { flattenHeaders } from '../aws-service/flatten-headers.ts';
import { checkRuntime, readPayload, readSessionId, readTarget } from './service-request.ts';
import { verifySignature } from '../aws-service/signature.ts';

/** A running data plane. */
export interface AgentCore {
  /** Its base URL, `http://127.0.0.1:<port>`: what `AWS_ENDPOINT_URL_BEDROCK_AGENTCORE` is set to. */
  readonly endpoint: string;
  /** Ends the server and every agent's process. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the data plane on a free port of 127.0.0.1.
 *
 * It checks requests as the service does (path, signature, members), keeps one process per runtime session and passes
 * the agent's bytes on as they come. Not imitated: the shell (`/commands`), WebSockets, and the service's own limits for
 * the duration and the size of an answer.
 */
export async function startAgentCore(settings: AgentCoreSettings): Promise<AgentCore> {
  const caller = createAgentCaller(settings);
  const server = createServer((message, response) => void answer({ settings, caller }, message, response));
  // An agent may think for as long as it likes; what it says is not to be cut by this server.
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  // A caller keeps its connections for as long as it likes, too: one that closes as it is used again fails a request.
  server.keepAliveTimeout = 0;
  await listen(server);
  let closing: Promise<void> | undefined;
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => (closing ??= closeAll(server, caller)),
  };
}

/** What the log says where the caller left before the answer began; no response carries it. */
const callerGoneStatus = 499;

interface DataPlane {
  readonly settings: AgentCoreSettings;
  readonly caller: AgentCaller;
}

async function answer(plane: DataPlane, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { settings, caller } = plane;
  const arrivedMs = performance.now();
  const requestId = randomUUID();
  const headers = flattenHeaders(message);
  const traceId = headers['x-amzn-trace-id'] ?? newTraceId();
  // A viewer that leaves ends the call; the response's own error says no more than its close.
  const gone = new AbortController();
  response.on('error', () => undefined);
  response.on('close', () => gone.abort());
  let call: AgentCall | undefined;
  try {
    const target = readTarget(message);
    const body = await readPayload(message);
    authenticate(settings, { method: 'POST', target: message.url ?? '', headers, body });
    checkRuntime(target, settings.agentRuntimeArn, settings.qualifiers);
    const runtimeSessionId = readSessionId(headers, target.operation);
    call = {
      ...target,
      target: message.url ?? '',
      runtimeSessionId,
      requestId,
      traceId,
      headers,
      body,
      signal: gone.signal,
    };
    if (target.operation === 'stopruntimesession') {
      await caller.stop(call, response);
      return;
    }
    let reported = false;
    const report = (status: number, coldStartMs: number | undefined): void => {
      if (!reported) {
        reported = true;
        const firstByteMs = performance.now() - arrivedMs;
        settings.onInvocation({ traceId, runtimeSessionId, status, coldStartMs, firstByteMs });
      }
    };
    try {
      await caller.invoke(call, response, report);
    } catch (error) {
      report(gone.signal.aborted ? callerGoneStatus : toServiceError(error).status, undefined);
      throw error;
    }
  } catch (error) {
    refuse(response, toServiceError(error), requestId);
  }
}

/** Whatever is read of a refused request's body is not worth keeping its connection. */
function refuse(response: ServerResponse, error: ServiceError, requestId: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.shouldKeepAlive = response.req.complete;
  writeServiceError(response, error, requestId);
}

function toServiceError(thrown: unknown): ServiceError {
  return thrown instanceof ServiceError
    ? thrown
    : new ServiceError(500, 'InternalServerException', thrown instanceof Error ? thrown.message : String(thrown));
}

function authenticate(settings: AgentCoreSettings, request: Parameters<typeof verifySignature>[0]): void {
  const accessKeyId = verifySignature(request, {
    region: settings.region,
    secretAccessKeyOf: (id) => settings.secretAccessKeyOf(id),
    nowMs: (settings.now ?? Date.now)(),
  });
  if (settings.allowedPrincipals?.includes(accessKeyId) === false) {
    throw new ServiceError(
      403,
      'AccessDeniedException',
      `User: ${accessKeyId} is not authorized to perform: bedrock-agentcore:InvokeAgentRuntime on resource: ${settings.agentRuntimeArn}`,
    );
  }
}

function newTraceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')}`;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

async function closeAll(server: Server, caller: AgentCaller): Promise<void> {
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  server.closeAllConnections();
  await Promise.all([closed, caller.close()]);
}
