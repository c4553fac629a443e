import type { IncomingMessage, ServerResponse } from 'node:http';
import { AnswerFaultError, applyStreamFaults } from '../faults/stream-faults.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import type { AgentCall, ReportInvocation } from './agent-call.ts';
import type { SessionVisit } from './agent-sessions.ts';
import type { AgentCoreLimits } from './agentcore-settings.ts';
import { AnswerLimitError, isEventStream, limitAnswer } from './answer-limits.ts';
import { createAnswerTimeout } from './answer-timeout.ts';
import { agentCardPath } from '../container-contract.ts';
import type { ContainerContract } from '../container-contract.ts';
import { exchange } from './exchange.ts';
import { isInitialize, mcpSessionHeader } from './mcp-sessions.ts';
import type { McpSessions } from './mcp-sessions.ts';
import { maxPassedHeaderBytes } from '../passable-headers.ts';
import { pipeAnswer } from './pipe-answer.ts';
import { runtimeClientError } from './service-error.ts';
import { sessionIdHeader } from './service-request.ts';

/** How agents are called. */
export interface AgentCalls {
  readonly contract: ContainerContract;
  readonly limits: AgentCoreLimits;
  /** Headers that reach the agent besides AgentCore's own, in lower case. */
  readonly headerAllowlist: readonly string[];
  readonly mcpSessions: McpSessions;
  /** Tells the developer. */
  note(text: string): void;
}

/** Request headers that reach the agent (service model; AgentCore's HTTP protocol contract). */
const agentRequestHeaders = [
  'content-type',
  'accept',
  'x-amzn-bedrock-agentcore-runtime-user-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'traceparent',
  'tracestate',
  'baggage',
];

/** The agent's response headers that reach the caller, besides its content type and MCP's session. */
const agentResponseHeaders = ['mcp-protocol-version', 'traceparent', 'tracestate', 'baggage'];

/**
 * Calls a session's agent as its contract has it, and answers with what it says, within AgentCore's limits.
 *
 * @throws ServiceError where it fails before it answers.
 */
export async function callAgent(
  calls: AgentCalls,
  visit: SessionVisit,
  call: AgentCall,
  response: ServerResponse,
  report: ReportInvocation,
): Promise<void> {
  const { contract, limits, note } = calls;
  const timeout = createAnswerTimeout(limits.requestTimeoutMs);
  try {
    const answer = await exchange({
      method: call.operation === 'agentcard' ? 'GET' : 'POST',
      url: `${visit.agent.url}${call.operation === 'agentcard' ? agentCardPath : contract.path}`,
      headers: headersForAgent(calls, call),
      body: call.body,
      signal: AbortSignal.any([call.signal, visit.ended, timeout.signal]),
    }).catch(async () => {
      if (timeout.signal.aborted) {
        note(`the agent gave no answer in ${limits.requestTimeoutMs / 1000} s, as long as AgentCore waits`);
        throw new ServiceError(504, 'GatewayTimeoutException', 'Gateway Timeout');
      }
      await visit.settle();
      throw runtimeClientError('The runtime closed its connection, or has none, before it answered.');
    });
    const { statusCode = 500 } = answer;
    if (statusCode < 200 || statusCode > 299) {
      answer.destroy();
      throw runtimeClientError(`Received error (${statusCode}) from runtime.`);
    }
    const contentType = answer.headers['content-type'];
    if (isEventStream(contentType)) {
      timeout.setLength(limits.streamTimeoutMs);
    }
    const bytes = applyStreamFaults(limitAnswer(answer as AsyncIterable<Buffer>, contentType, limits), {
      faults: call.faults,
      contentType,
    });
    const head = { statusCode, headers: headersForCaller(calls, call, answer) };
    await pipeAnswer(bytes, response, head, {
      coldStartMs: visit.coldStartMs,
      hop: call.hop,
      onFirstByte: () => report(statusCode, visit.coldStartMs),
      onBreak: async (error) => {
        answer.destroy();
        if (error instanceof AnswerFaultError && error.kind === 'crash') {
          visit.agent.kill();
        } else if (error instanceof AnswerLimitError) {
          note(`AgentCore cuts an answer: ${error.message}`);
        } else if (timeout.signal.aborted) {
          note(`AgentCore cuts an answer: it took longer than ${timeout.lengthMs() / 1000} s`);
        }
        await visit.settle();
      },
    });
    // An answer that a fault has ended early is left unread.
    answer.destroy();
  } finally {
    timeout.clear();
  }
}

function headersForAgent({ contract, headerAllowlist, note }: AgentCalls, call: AgentCall): Record<string, string> {
  const allowed = headerAllowlist.filter((name) => {
    const isTooLarge = Buffer.byteLength(call.headers[name] ?? '') > maxPassedHeaderBytes;
    if (isTooLarge) {
      note(`AgentCore does not pass header ${name} on: its value has more than ${maxPassedHeaderBytes} bytes`);
    }
    return !isTooLarge;
  });
  const mcpSessionId = call.headers[mcpSessionHeader];
  const isMcp = contract.protocol === 'MCP';
  return {
    ...pick(call.headers, [...agentRequestHeaders, ...allowed]),
    ...(mcpSessionId !== undefined && { [mcpSessionHeader]: mcpSessionId }),
    ...(isMcp &&
      mcpSessionId === undefined &&
      !isInitialize(call.body) && { [mcpSessionHeader]: call.runtimeSessionId }),
    [sessionIdHeader]: call.runtimeSessionId,
    'x-amzn-bedrock-agentcore-runtime-request-id': call.requestId,
    'x-amzn-trace-id': call.traceId,
  };
}

function headersForCaller(
  { contract, mcpSessions }: AgentCalls,
  call: AgentCall,
  answer: IncomingMessage,
): Record<string, string> {
  const ofAgent = answer.headers[mcpSessionHeader];
  const made = Array.isArray(ofAgent) ? ofAgent[0] : ofAgent;
  if (contract.protocol === 'MCP' && made !== undefined) {
    mcpSessions.remember(made, call.runtimeSessionId);
  }
  const ofPlatform =
    contract.protocol === 'MCP' ? (call.headers[mcpSessionHeader] ?? call.runtimeSessionId) : undefined;
  const mcpSessionId = made ?? ofPlatform;
  return {
    ...pick(answer.headers, ['content-type', ...agentResponseHeaders]),
    ...(mcpSessionId !== undefined && { [mcpSessionHeader]: mcpSessionId }),
    [sessionIdHeader]: call.runtimeSessionId,
    'x-amzn-requestid': call.requestId,
    'x-amzn-trace-id': call.traceId,
  };
}

function pick(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) {
      picked[name] = Array.isArray(value) ? value.join(', ') : value;
    }
  }
  return picked;
}
