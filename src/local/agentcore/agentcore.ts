import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newTraceId } from '../trace-id.ts';
import { createAgentCaller } from './agent-caller.ts';
import type { AgentCaller } from './agent-caller.ts';
import type { AgentCall } from './agent-call.ts';
import { defaultLimits } from './agentcore-settings.ts';
import type { AgentCoreSettings } from './agentcore-settings.ts';
import type { ServerProtocol } from '../container-contract.ts';
import { modelledExceptions } from './modelled-exceptions.ts';
import { tracedHeaders } from './pipe-answer.ts';
import { writeInvocationError } from './protocol-errors.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { validationError } from './service-error.ts';
import { flattenHeaders } from '../aws-service/flatten-headers.ts';
import {
  checkHeaders,
  checkRuntime,
  namesRuntime,
  readClientToken,
  readPayload,
  readTarget,
  sessionIdHeader,
} from './service-request.ts';
import { authenticate } from '../iam/service-caller.ts';
import { requiredAccess } from './required-access.ts';
import { noFaults } from '../faults/request-faults.ts';
import { untraced } from '../hop-trace.ts';
import type { TracedHeader } from '../hop-trace.ts';

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
 * It checks requests as the service does (path, signature, permissions, members), keeps one process per runtime session and passes
 * the agent's bytes on as they come. Not imitated: the shell (`/commands`), WebSockets and quotas.
 */
export async function startAgentCore(settings: AgentCoreSettings): Promise<AgentCore> {
  const server = createServer();
  // An agent may think for as long as it likes; what it says is not to be cut by this server.
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  // A caller keeps its connections for as long as it likes, too: one that closes as it is used again fails a request.
  server.keepAliveTimeout = 0;
  await listen(server);
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const caller = createAgentCaller(settings, endpoint);
  server.on('request', (message, response) => void answer({ settings, caller }, message, response));
  let closing: Promise<void> | undefined;
  return { endpoint, close: () => (closing ??= closeAll(server, caller)) };
}

/** What the log says where the caller left before the answer began; no response carries it. */
const callerGoneStatus = 499;

interface DataPlane {
  readonly settings: AgentCoreSettings;
  readonly caller: AgentCaller;
}

async function answer(
  { settings, caller }: DataPlane,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrivedMs = performance.now();
  const requestId = randomUUID();
  const headers = flattenHeaders(message);
  const traceId = headers['x-amzn-trace-id'] ?? `Root=${newTraceId((settings.now ?? Date.now)())}`;
  const { faults = noFaults, trace = untraced } = settings.scopeOf?.(traceId) ?? {};
  const hop = trace.begin('agentcore', readRawHeaders(message), Number(headers['content-length'] ?? 0));
  // A viewer that leaves ends the call; the response's own error says no more than its close.
  const gone = new AbortController();
  response.on('error', () => undefined);
  response.on('close', () => gone.abort());
  let isAccepted = false;
  let protocol: ServerProtocol = 'HTTP';
  let payload: Buffer = Buffer.alloc(0);
  let report = (_status: number, _coldStartMs: number | undefined): void => undefined;
  try {
    const target = readTarget(message);
    // Errors of an invocation are worded as its agent's protocol has them.
    if (target.operation === 'invocations' && namesRuntime(target, settings.agentRuntimeArn)) {
      protocol = settings.contract?.protocol ?? 'HTTP';
    }
    payload = await readPayload(message, settings.limits?.maxPayloadBytes ?? defaultLimits.maxPayloadBytes);
    const signed = { method: message.method ?? '', target: message.url ?? '', headers, body: payload };
    const signer = authenticate(signed, {
      region: settings.region,
      service: 'bedrock-agentcore',
      callerOf: (accessKeyId) => settings.callerOf(accessKeyId),
      nowMs: (settings.now ?? Date.now)(),
    });
    for (const access of requiredAccess(target, headers, settings.agentRuntimeArn)) {
      signer.authorize(access);
    }
    checkRuntime(target, settings.agentRuntimeArn, settings.qualifiers);
    checkHeaders(headers);
    const isStop = target.operation === 'stopruntimesession';
    const named = isStop ? headers[sessionIdHeader] : caller.sessionOf(headers);
    if (isStop && named === undefined) {
      throw validationError('runtimeSessionId', 'Member must not be null');
    }
    const runtimeSessionId = named ?? randomUUID();
    const call: AgentCall = {
      ...target,
      runtimeSessionId,
      requestId,
      traceId,
      clientToken: isStop ? readClientToken(payload) : undefined,
      headers,
      body: payload,
      signal: gone.signal,
      faults: faults.agent,
      hop,
    };
    isAccepted = true;
    if (isStop) {
      await caller.stop(call, response);
      hop.end('complete');
      return;
    }
    report = (status, coldStartMs) => {
      report = () => undefined;
      const firstByteMs = performance.now() - arrivedMs;
      settings.onInvocation({ traceId, runtimeSessionId, status, coldStartMs, firstByteMs });
    };
    if (faults.agent.exception !== undefined) {
      throw modelledError(faults.agent.exception);
    }
    await caller.invoke(call, response, (status, coldStartMs) => report(status, coldStartMs));
  } catch (thrown) {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      hop.end('viewer-left');
      report(callerGoneStatus, undefined);
      return;
    }
    // Whatever is not read of a refused request's body is not worth keeping its connection.
    response.shouldKeepAlive = message.complete;
    const error = toServiceError(thrown);
    // Of a permission that is missing, whoever judged it has told more; of what the agent does, whoever called it.
    if (!isAccepted && error.errorName !== 'AccessDeniedException') {
      settings.onNote?.(`${error.status} ${error.errorName}: ${error.message}`);
    }
    const head = writeInvocationError(response, protocol, { error, requestId, payload });
    hop.head(head.statusCode, tracedHeaders(head.headers));
    hop.end('complete');
    report(head.statusCode, undefined);
  }
}

/** An exception that a fault asks for. */
function modelledError(name: string): ServiceError {
  const exception = modelledExceptions.find((known) => known.name === name);
  return exception === undefined
    ? new ServiceError(500, 'InternalServerException', `the fault's exception "${name}" is none of the service model's`)
    : new ServiceError(exception.status, exception.name, exception.message, exception.fields);
}

function readRawHeaders({ rawHeaders }: IncomingMessage): readonly TracedHeader[] {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: rawHeaders[index + 1] ?? '' }] : []));
}

function toServiceError(thrown: unknown): ServiceError {
  return thrown instanceof ServiceError
    ? thrown
    : new ServiceError(500, 'InternalServerException', thrown instanceof Error ? thrown.message : String(thrown));
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
