import type { IncomingMessage } from 'node:http';
import { isJsonObject, parseJson } from '../../json.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { validationError } from './service-error.ts';

/** Where the session's id travels, both ways. */
export const sessionIdHeader = 'x-amzn-bedrock-agentcore-runtime-session-id';

/** The operations of the data plane that are here: InvokeAgentRuntime, GetAgentCard and StopRuntimeSession. */
export type Operation = 'invocations' | 'agentcard' | 'stopruntimesession';

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
    'mcp-method': { member: 'mcpMethod', min: 1, max: 1024 },
    'mcp-name': { member: 'mcpName', min: 1, max: 1024 },
    'x-amzn-trace-id': { member: 'traceId', min: 0, max: 128 },
    traceparent: { member: 'traceParent', min: 0, max: 128 },
    tracestate: { member: 'traceState', min: 0, max: 512 },
    baggage: { member: 'baggage', min: 0, max: 8192 },
  };

/** What each operation looks like (service model): its method and what comes after the runtime. */
const operations: readonly (readonly [Operation, method: string, path: RegExp])[] = [
  // An A2A agent's card has the path with the slash ("A2A protocol contract").
  ['invocations', 'POST', /^\/runtimes\/([^/]+)\/invocations\/?$/u],
  ['agentcard', 'GET', /^\/runtimes\/([^/]+)\/invocations\/\.well-known\/agent-card\.json$/u],
  ['stopruntimesession', 'POST', /^\/runtimes\/([^/]+)\/stopruntimesession$/u],
];

/**
 * Reads the path, such as `POST /runtimes/{runtime}/invocations?qualifier=…&accountId=…`.
 *
 * @throws ServiceError where the data plane has no such operation, or this one does not imitate it.
 */
export function readTarget(message: IncomingMessage): ServiceTarget {
  const [path = '', query = ''] = (message.url ?? '').split(/\?(.*)/su);
  const parameters = new URLSearchParams(query);
  for (const [operation, method, pattern] of operations) {
    const [, runtime] = pattern.exec(path) ?? [];
    if (message.method === method && runtime !== undefined) {
      return {
        operation,
        runtime: decode(runtime),
        accountId: parameters.get('accountId') ?? undefined,
        qualifier: parameters.get('qualifier') ?? 'DEFAULT',
      };
    }
  }
  throw new ServiceError(404, 'UnknownOperationException', `the local AgentCore has no ${message.method} ${path}`);
}

/** True where the path names the runtime that exists here. */
export function namesRuntime(target: ServiceTarget, agentRuntimeArn: string): boolean {
  const [, , , , accountId, resource = ''] = agentRuntimeArn.split(':');
  return (
    target.runtime === agentRuntimeArn ||
    (target.runtime === resource.replace(/^runtime\//u, '') && target.accountId === accountId)
  );
}

/**
 * Checks that the path names the runtime that exists here.
 *
 * @throws ServiceError 404 where it names another one, or an endpoint that it does not have; 400 for a wrong account.
 */
export function checkRuntime(
  target: ServiceTarget,
  agentRuntimeArn: string,
  qualifiers: readonly string[] | undefined,
): void {
  if (target.accountId !== undefined && !/^\d{12}$/u.test(target.accountId)) {
    throw validationError('accountId', 'Member must satisfy regular expression pattern: [0-9]{12}');
  }
  if (!namesRuntime(target, agentRuntimeArn) || (qualifiers !== undefined && !qualifiers.includes(target.qualifier))) {
    throw new ServiceError(
      404,
      'ResourceNotFoundException',
      `No endpoint or agent found with qualifier '${target.qualifier}' for agent '${target.runtime}'`,
    );
  }
}

/**
 * Checks the headers' lengths.
 *
 * @throws ServiceError 400 where one is wrong.
 */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, { member, min, max }] of Object.entries(headerLengths)) {
    const length = headers[name]?.length;
    if (length !== undefined && length < min) {
      throw validationError(member, `Member must have length greater than or equal to ${min}`);
    }
    if (length !== undefined && length > max) {
      throw validationError(member, `Member must have length less than or equal to ${max}`);
    }
  }
}

/** StopRuntimeSession's token (service model, ClientToken). */
const clientTokenPattern = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,256}$/u;

/**
 * Reads StopRuntimeSession's token from its body; undefined where there is none.
 *
 * @throws ServiceError 400 where the body is no JSON object, or the token none that the service takes.
 */
export function readClientToken(body: Buffer): string | undefined {
  const text = body.toString('utf8');
  const parsed = text === '' ? {} : parseJson(text);
  if (!isJsonObject(parsed)) {
    throw new ServiceError(400, 'ValidationException', 'The request cannot be parsed', { reason: 'CannotParse' });
  }
  const { clientToken } = parsed;
  if (clientToken === undefined) {
    return undefined;
  }
  if (typeof clientToken !== 'string' || clientToken.length < 33 || clientToken.length > 256) {
    throw validationError('clientToken', 'Member must have length between 33 and 256, inclusive');
  }
  if (!clientTokenPattern.test(clientToken)) {
    throw validationError(
      'clientToken',
      'Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,256}',
    );
  }
  return clientToken;
}

/**
 * Reads the whole body: its hash is part of the signature.
 *
 * @throws ServiceError 400 where it is larger than the service takes.
 */
export async function readPayload(message: IncomingMessage, maxPayloadBytes: number): Promise<Buffer> {
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
