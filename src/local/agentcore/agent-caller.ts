import type { ServerResponse } from 'node:http';
import { callDeployed } from './deployed-runtime.ts';
import { exchange } from './exchange.ts';
import { createAgentSessions } from './agent-sessions.ts';
import type { AgentSessions, SessionVisit } from './agent-sessions.ts';
import type { AgentCall, ReportInvocation } from './agent-call.ts';
import type { AgentCoreSettings } from './agentcore-settings.ts';
import { pipeAnswer } from './pipe-answer.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { runtimeClientError } from './service-error.ts';
import { sessionIdHeader } from './service-request.ts';

/** Where the calls go. */
export interface AgentCaller {
  /**
   * Invokes the agent and answers with what it says.
   *
   * @throws ServiceError where it fails before it answers.
   */
  invoke(call: AgentCall, response: ServerResponse, report: ReportInvocation): Promise<void>;
  /**
   * Stops a session.
   *
   * @throws ServiceError 404 where there is none.
   */
  stop(call: AgentCall, response: ServerResponse): Promise<void>;
  /** Ends every agent's process. Idempotent. */
  close(): Promise<void>;
}

/** Request headers that reach the agent (service model; AgentCore's HTTP protocol contract). */
const agentRequestHeaders = [
  'content-type',
  'accept',
  'x-amzn-bedrock-agentcore-runtime-user-id',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'traceparent',
  'tracestate',
  'baggage',
];

/** The agent's response headers that reach the caller, besides its content type. */
const agentResponseHeaders = ['mcp-session-id', 'mcp-protocol-version', 'traceparent', 'tracestate', 'baggage'];

/** How long AgentCore waits for an agent to become healthy, in milliseconds. */
const defaultStartTimeoutMs = 120_000;

/** Makes the caller for one hosting. */
export function createAgentCaller(settings: AgentCoreSettings): AgentCaller {
  const { hosting } = settings;
  switch (hosting.kind) {
    case 'bundle': {
      const sessions = createAgentSessions({
        hosting,
        region: settings.region,
        startTimeoutMs: settings.startTimeoutMs ?? defaultStartTimeoutMs,
        onLog: (line) => settings.onLog(line),
      });
      return {
        invoke: async (call, response, report) => {
          const visit = await sessions.enter(call.runtimeSessionId);
          try {
            await callAgent(settings, visit, call, response, report);
          } finally {
            visit.leave();
          }
        },
        stop: (call, response) => stopSession(sessions, call, response),
        close: () => sessions.close(),
      };
    }
    case 'url': {
      const place = { url: hosting.url.replace(/\/+$/u, ''), coldStartMs: undefined, settle: () => Promise.resolve() };
      return {
        invoke: (call, response, report) => callAgent(settings, place, call, response, report),
        // It runs for all sessions at once and is not this program's to stop.
        stop: (call, response) => Promise.resolve(writeStopped(call, response)),
        close: () => Promise.resolve(),
      };
    }
    case 'deployed':
      return {
        invoke: (call, response, report) => callDeployed(settings, hosting, call, response, report),
        stop: (call, response) => callDeployed(settings, hosting, call, response, () => undefined),
        close: () => Promise.resolve(),
      };
    default:
      return hosting satisfies never;
  }
}

type Place = Pick<SessionVisit, 'url' | 'coldStartMs' | 'settle'>;

async function callAgent(
  settings: AgentCoreSettings,
  { url, coldStartMs, settle }: Place,
  call: AgentCall,
  response: ServerResponse,
  report: ReportInvocation,
): Promise<void> {
  const answer = await exchange({
    url: `${url}/invocations`,
    headers: {
      ...pick(call.headers, [
        ...agentRequestHeaders,
        ...(settings.headerAllowlist ?? []).map((name) => name.toLowerCase()),
      ]),
      [sessionIdHeader]: call.runtimeSessionId,
      'x-amzn-bedrock-agentcore-runtime-request-id': call.requestId,
      'x-amzn-trace-id': call.traceId,
    },
    body: call.body,
    signal: call.signal,
  }).catch(async () => {
    await settle();
    throw runtimeClientError('The runtime closed its connection, or has none, before it answered.');
  });
  const { statusCode = 500 } = answer;
  if (statusCode < 200 || statusCode > 299) {
    answer.destroy();
    throw runtimeClientError(`Received error (${statusCode}) from runtime.`);
  }
  const headers = {
    ...pick(answer.headers, ['content-type', ...agentResponseHeaders]),
    [sessionIdHeader]: call.runtimeSessionId,
    'x-amzn-requestid': call.requestId,
    'x-amzn-trace-id': call.traceId,
  };
  await pipeAnswer(
    answer,
    response,
    { statusCode, headers },
    {
      onFirstByte: () => report(statusCode, coldStartMs),
      settle,
    },
  );
}

async function stopSession(sessions: AgentSessions, call: AgentCall, response: ServerResponse): Promise<void> {
  if (!(await sessions.stop(call.runtimeSessionId))) {
    throw new ServiceError(404, 'ResourceNotFoundException', `No session found with id '${call.runtimeSessionId}'`);
  }
  writeStopped(call, response);
}

function writeStopped(call: AgentCall, response: ServerResponse): void {
  response
    .writeHead(200, {
      'content-type': 'application/json',
      [sessionIdHeader]: call.runtimeSessionId,
      'x-amzn-requestid': call.requestId,
    })
    .end('{}');
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
