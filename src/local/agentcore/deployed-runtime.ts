import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgentCall, ReportInvocation } from './agent-call.ts';
import type { AgentCoreSettings, AgentHosting } from './agentcore-settings.ts';
import { applyStreamFaults } from '../faults/stream-faults.ts';
import { agentCardPath } from '../container-contract.ts';
import { exchange } from './exchange.ts';
import { isJsonObject, parseJson } from '../../json.ts';
import { pipeAnswer } from './pipe-answer.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { sessionIdHeader } from './service-request.ts';
import type { Operation } from './service-request.ts';
import { signRequest } from '../aws-service/signature.ts';
import type { SigningCredentials } from '../aws-service/signature.ts';

/** The part of {@link AgentHosting} that passes requests on to AWS. */
export type DeployedHosting = Extract<AgentHosting, { readonly kind: 'deployed' }>;

/** Largest part of an error's body that is told, in bytes. */
const maxErrorBytes = 4096;

const paths: Readonly<Record<Operation, string>> = {
  invocations: 'invocations',
  agentcard: `invocations${agentCardPath}`,
  stopruntimesession: 'stopruntimesession',
};

/** Request headers of the operation (service model), besides those with AgentCore's own prefix. */
const requestHeaders =
  /^(content-type|accept|mcp-.*|x-amzn-trace-id|traceparent|tracestate|baggage|x-amzn-bedrock-agentcore-.*)$/u;

/** Response headers of the operation, of an exception and of the request's identity. */
const responseHeaders =
  /^(content-type|mcp-.*|x-amzn-trace-id|traceparent|tracestate|baggage|x-amzn-bedrock-agentcore-.*|x-amzn-requestid|x-amzn-errortype|retry-after)$/u;

/**
 * Signs a request again, with the developer's own credentials, and passes AWS's answer on as it comes: its errors, too.
 *
 * @throws ServiceError where there are no credentials, or AWS cannot be reached.
 */
export async function callDeployed(
  settings: AgentCoreSettings,
  hosting: DeployedHosting,
  call: AgentCall,
  response: ServerResponse,
  report: ReportInvocation,
): Promise<void> {
  const note = settings.onNote ?? (() => undefined);
  const credentials = await findCredentials(hosting, note);
  const endpoint = new URL(hosting.endpoint ?? defaultEndpoint(hosting));
  const target = `/runtimes/${encodeURIComponent(hosting.agentRuntimeArn)}/${paths[call.operation]}?qualifier=${encodeURIComponent(call.qualifier)}`;
  const headers = {
    ...filter(call.headers, requestHeaders),
    [sessionIdHeader]: call.runtimeSessionId,
    host: endpoint.host,
  };
  const nowMs = (settings.now ?? Date.now)();
  const { body, signal, faults, hop } = call;
  const method = call.operation === 'agentcard' ? 'GET' : 'POST';
  const signed = signRequest({ method, target, headers, body }, credentials, hosting.region, nowMs);
  const answer = await exchange({ method, url: `${endpoint.origin}${target}`, headers: signed, body, signal }).catch(
    (error: unknown) => {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      if (!signal.aborted) {
        note(`${endpoint.host} cannot be reached: ${reason}`);
      }
      throw new ServiceError(503, 'ServiceUnavailableException', `${endpoint.host} cannot be reached: ${reason}`);
    },
  );
  const { statusCode = 500 } = answer;
  const head = { statusCode, headers: filter(answer.headers, responseHeaders) };
  const contentType = answer.headers['content-type'];
  const bytes =
    statusCode < 400
      ? applyStreamFaults(answer as AsyncIterable<Buffer>, { faults, contentType })
      : hearError(answer as AsyncIterable<Buffer>, (text) => note(describeRefusal(statusCode, head.headers, text)));
  await pipeAnswer(bytes, response, head, {
    coldStartMs: undefined,
    hop,
    onFirstByte: () => report(statusCode, undefined),
    onBreak: () => Promise.resolve(),
  });
  // An answer that a fault has ended early is left unread.
  answer.destroy();
}

/** Passes an error's body on and tells what it was. */
async function* hearError(answer: AsyncIterable<Buffer>, onText: (text: string) => void): AsyncGenerator<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of answer) {
    parts.push(part);
    yield part;
  }
  onText(Buffer.concat(parts).subarray(0, maxErrorBytes).toString('utf8'));
}

function describeRefusal(status: number, headers: Readonly<Record<string, string>>, text: string): string {
  const name = headers['x-amzn-errortype']?.split(':')[0] ?? '';
  const body = parseJson(text);
  const { message, Message } = isJsonObject(body) ? body : {};
  const words = [message, Message].find((candidate) => typeof candidate === 'string') ?? text;
  const hint = /^(?:ExpiredToken|RequestExpired)/u.test(name) ? '; log in again' : '';
  return `AWS answers the call of the deployed agent with ${[status, name].join(' ').trim()}: ${words}${hint}`;
}

async function findCredentials(hosting: DeployedHosting, note: (text: string) => void): Promise<SigningCredentials> {
  try {
    return await hosting.credentials();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    note(`there are no AWS credentials any more: ${reason}; log in again`);
    throw new ServiceError(403, 'UnrecognizedClientException', `there are no AWS credentials to sign with: ${reason}`);
  }
}

function defaultEndpoint({ agentRuntimeArn, region }: DeployedHosting): string {
  const suffix = agentRuntimeArn.startsWith('arn:aws-cn:') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://bedrock-agentcore.${region}.${suffix}`;
}

function filter(
  headers: IncomingMessage['headers'] | Readonly<Record<string, string>>,
  names: RegExp,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || !names.test(name) ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
