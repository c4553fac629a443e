import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ServiceError } from '../aws-service/service-error.ts';
import { validationError } from './service-error.ts';

/** Where the session's id travels, both ways. */
export const sessionIdHeader = 'x-amzn-bedrock-agentcore-runtime-session-id';

/** Largest payload, in bytes (service model, InvokeAgentRuntime). */
const maxPayloadBytes = 100_000_000;

/** The operations of the data plane that are here. */
export type Operation = 'invocations' | 'stopruntimesession';

/** A request whose path is known. */
export interface ServiceTarget {
  readonly operation: Operation;
  /** The runtime's ARN, or its id, as the path names it. */
  readonly runtime: string;
  readonly accountId: string | undefined;
  /** Name of the endpoint. Default `DEFAULT`. */
  readonly qualifier: string;
}

/** Lengths that the service model asks of headers, in characters. */
const headerLengths: Readonly<Record<string, { readonly member: string; readonly min: number; readonly max: number }>> =
  {
    [sessionIdHeader]: { member: 'runtimeSessionId', min: 33, max: 256 },
    'x-amzn-bedrock-agentcore-runtime-user-id': { member: 'runtimeUserId', min: 1, max: 1024 },
    'content-type': { member: 'contentType', min: 1, max: 256 },
    accept: { member: 'accept', min: 1, max: 256 },
    'mcp-session-id': { member: 'mcpSessionId', min: 1, max: 1024 },
    'mcp-protocol-version': { member: 'mcpProtocolVersion', min: 1, max: 1024 },
    'x-amzn-trace-id': { member: 'traceId', min: 0, max: 128 },
    traceparent: { member: 'traceParent', min: 0, max: 128 },
    tracestate: { member: 'traceState', min: 0, max: 512 },
    baggage: { member: 'baggage', min: 0, max: 8192 },
  };

/**
 * Reads `POST /runtimes/{runtime}/{operation}?qualifier=…&accountId=…`.
 *
 * @throws ServiceError where the data plane has no such operation, or this one does not imitate it.
 */
export function readTarget(message: IncomingMessage): ServiceTarget {
  const [path = '', query = ''] = (message.url ?? '').split(/\?(.*)/su);
  const [, runtime, operation] = /^\/runtimes\/([^/]+)\/(invocations|stopruntimesession)$/u.exec(path) ?? [];
  const parameters = new URLSearchParams(query);
  if (message.method !== 'POST' || runtime === undefined || operation === undefined) {
    throw new ServiceError(404, 'UnknownOperationException', `the local AgentCore has no ${message.method} ${path}`);
  }
  return {
    operation: operation as Operation,
    runtime: decode(runtime),
    accountId: parameters.get('accountId') ?? undefined,
    qualifier: parameters.get('qualifier') ?? 'DEFAULT',
  };
}

/**
 * Checks that the path names the runtime that exists here.
 *
 * @throws ServiceError 404 where it names another one, or an endpoint that it does not have.
 */
export function checkRuntime(
  target: ServiceTarget,
  agentRuntimeArn: string,
  qualifiers: readonly string[] | undefined,
): void {
  const [, , , , accountId, resource = ''] = agentRuntimeArn.split(':');
  const isArn = target.runtime === agentRuntimeArn;
  const isId = target.runtime === resource.replace(/^runtime\//u, '') && target.accountId === accountId;
  if ((!isArn && !isId) || (qualifiers !== undefined && !qualifiers.includes(target.qualifier))) {
    throw new ServiceError(
      404,
      'ResourceNotFoundException',
      `No endpoint or agent found with qualifier '${target.qualifier}' for agent '${target.runtime}'`,
    );
  }
}

/**
 * Checks the headers' lengths and gives the session's id; one is made where an invocation has none.
 *
 * @throws ServiceError 400 where a length is wrong, or StopRuntimeSession names no session.
 */
export function readSessionId(headers: Readonly<Record<string, string>>, operation: Operation): string {
  for (const [name, { member, min, max }] of Object.entries(headerLengths)) {
    const length = headers[name]?.length;
    if (length !== undefined && length < min) {
      throw validationError(member, `Member must have length greater than or equal to ${min}`);
    }
    if (length !== undefined && length > max) {
      throw validationError(member, `Member must have length less than or equal to ${max}`);
    }
  }
  const sessionId = headers[sessionIdHeader];
  if (sessionId === undefined && operation === 'stopruntimesession') {
    throw validationError('runtimeSessionId', 'Member must not be null');
  }
  return sessionId ?? randomUUID();
}

/**
 * Reads the whole body: its hash is part of the signature.
 *
 * @throws ServiceError 400 where it is larger than the service takes.
 */
export async function readPayload(message: IncomingMessage): Promise<Buffer> {
  const declared = Number(message.headers['content-length'] ?? 0);
  const parts: Buffer[] = [];
  let length = 0;
  if (declared <= maxPayloadBytes) {
    for await (const part of message as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > maxPayloadBytes) {
        break;
      }
      parts.push(part);
    }
  }
  if (Math.max(declared, length) > maxPayloadBytes) {
    throw validationError('payload', `Member must have length less than or equal to ${maxPayloadBytes}`);
  }
  return Buffer.concat(parts);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
