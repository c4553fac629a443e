import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BedrockAgentCoreClient, InvokeAgentRuntimeCommand } from '@aws-sdk/client-bedrock-agentcore';
import type { InvokeAgentRuntimeCommandInput } from '@aws-sdk/client-bedrock-agentcore';
import { startAgentCore } from '../../src/local/agentcore/agentcore.ts';
import type { AgentCore } from '../../src/local/agentcore/agentcore.ts';
import type {
  AgentCoreSettings,
  AgentHosting,
  AgentInvocationLine,
  AgentLogLine,
} from '../../src/local/agentcore/agentcore-settings.ts';
import { noFaults } from '../../src/local/faults/request-faults.ts';
import type { RequestFaults } from '../../src/local/faults/request-faults.ts';
import { createExchangeTrace } from '../../src/local/hop-trace.ts';
import type { HopTrace } from '../../src/local/hop-trace.ts';
import type { RequestScope } from '../../src/local/request-scope.ts';
import { signRequest } from '../../src/local/aws-service/signature.ts';
import { onlyCaller } from '../service-callers.ts';

/** The runtime that exists in the tests. */
export const agentRuntimeArn = 'arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/demo-0123456789';
/** Folder of the tests' agent. */
export const agentFolder: string = fileURLToPath(new URL('agent', import.meta.url));
/** Who may invoke it. */
export const credentials = { accessKeyId: 'AKIDLOCAL0000000', secretAccessKey: 'local-secret' };
/** A session id of the smallest length. */
export const sessionId = 'session-0123456789-0123456789-012';

/** A running data plane, a client for it, and what it has told. */
export interface Started {
  readonly agentCore: AgentCore;
  readonly client: BedrockAgentCoreClient;
  readonly lines: readonly AgentInvocationLine[];
  readonly log: readonly AgentLogLine[];
  /** What the developer was told. */
  readonly notes: readonly string[];
}

/** The tests' agent, with AgentCore's own timeouts. */
export const bundle: Extract<AgentHosting, { readonly kind: 'bundle' }> = {
  kind: 'bundle',
  language: 'node',
  codeDirectory: agentFolder,
  entryPoint: ['main.mjs'],
  environment: {},
  idleTimeoutMs: 900_000,
  maxLifetimeMs: 28_800_000,
};

/** Starts a data plane with the tests' agent, until the test ends. */
export async function start(
  t: TestContext,
  changes: Partial<AgentCoreSettings> = {},
  bundleChanges: Partial<Extract<AgentHosting, { readonly kind: 'bundle' }>> = {},
): Promise<Started> {
  const lines: AgentInvocationLine[] = [];
  const log: AgentLogLine[] = [];
  const notes: string[] = [];
  const agentCore = await startAgentCore({
    agentRuntimeArn,
    region: 'eu-west-1',
    hosting: { ...bundle, ...bundleChanges },
    callerOf: onlyCaller(credentials),
    onInvocation: (line) => lines.push(line),
    onLog: (line) => log.push(line),
    onNote: (text) => notes.push(text),
    ...changes,
  });
  t.after(() => agentCore.close());
  return { agentCore, client: clientOf(agentCore, credentials), lines, log, notes };
}

/** The AWS SDK's own client, without its retries unless they are asked for. */
export function clientOf(
  agentCore: AgentCore,
  identity: typeof credentials,
  maxAttempts: number = 1,
): BedrockAgentCoreClient {
  return new BedrockAgentCoreClient({
    region: 'eu-west-1',
    endpoint: agentCore.endpoint,
    credentials: identity,
    maxAttempts,
  });
}

/** An invocation with a payload. */
export function invocation(
  payload: unknown,
  changes: Partial<InvokeAgentRuntimeCommandInput> = {},
): InvokeAgentRuntimeCommand {
  return new InvokeAgentRuntimeCommand({
    agentRuntimeArn,
    qualifier: 'DEFAULT',
    runtimeSessionId: sessionId,
    contentType: 'application/json',
    accept: 'text/event-stream, application/json',
    payload: JSON.stringify(payload),
    ...changes,
  });
}

/** Reads an answer to its end. */
export async function textOf(output: { readonly response?: unknown }): Promise<string> {
  let text = '';
  for await (const chunk of output.response as AsyncIterable<Buffer>) {
    text += chunk.toString();
  }
  return text;
}

/** Invokes and reads the answer as JSON. */
export async function json(
  client: BedrockAgentCoreClient,
  payload: unknown,
  changes: Partial<InvokeAgentRuntimeCommandInput> = {},
): Promise<Record<string, unknown>> {
  return JSON.parse(await textOf(await client.send(invocation(payload, changes)))) as Record<string, unknown>;
}

/** Invokes without an SDK, without a session id, and gives the response's headers. */
export async function post(agentCore: AgentCore, payload: unknown): Promise<Record<string, string>> {
  const target = `/runtimes/${encodeURIComponent(agentRuntimeArn)}/invocations`;
  const body = Buffer.from(JSON.stringify(payload));
  const headers = { host: new URL(agentCore.endpoint).host, 'content-type': 'application/json' };
  const request = { method: 'POST', target, headers, body };
  const { host: _host, ...signed } = signRequest(request, credentials, 'eu-west-1', Date.now());
  const response = await fetch(`${agentCore.endpoint}${target}`, { method: 'POST', headers: signed, body });
  await response.arrayBuffer();
  return Object.fromEntries(response.headers);
}

/** `fetch`, signed as the AWS SDKs sign: for the clients of protocols that know nothing of AWS. */
export const signedFetch: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const url = new URL(request.url);
  const body = Buffer.from(await request.clone().arrayBuffer());
  const headers = { ...Object.fromEntries(request.headers), host: url.host };
  const signable = { method: request.method, target: `${url.pathname}${url.search}`, headers, body };
  const { host: _host, ...signed } = signRequest(signable, credentials, 'eu-west-1', Date.now());
  return fetch(request, { headers: signed });
};

/** A scope for every request, with faults, and what was written down of the last one. */
export function scopeWith(faults: Partial<RequestFaults['agent']>): {
  scopeOf(): RequestScope;
  trace(): readonly HopTrace[];
} {
  let trace = createExchangeTrace(() => performance.now());
  return {
    scopeOf: () => {
      trace = createExchangeTrace(() => performance.now());
      return { record: () => undefined, faults: { ...noFaults, agent: { ...noFaults.agent, ...faults } }, trace };
    },
    trace: () => trace.hops(),
  };
}

/** Starts a server until the test ends and gives its base URL. */
export async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
