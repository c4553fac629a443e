import type { ServerResponse } from 'node:http';
import { callAgent } from './call-agent.ts';
import type { AgentCalls } from './call-agent.ts';
import { callDeployed } from './deployed-runtime.ts';
import { createAgentSessions } from './agent-sessions.ts';
import { createAgentSource } from './agent-source.ts';
import type { LocalHosting } from './agent-source.ts';
import type { AgentCall, ReportInvocation } from './agent-call.ts';
import { defaultLimits } from './agentcore-settings.ts';
import type { AgentCoreSettings } from './agentcore-settings.ts';
import { contractOf } from '../container-contract.ts';
import { createMcpSessions, mcpSessionHeader, takesBothForms } from './mcp-sessions.ts';
import { createStopRequests } from './stop-requests.ts';
import { ServiceError } from '../aws-service/service-error.ts';
import { sessionIdHeader } from './service-request.ts';

/** Where the calls go. */
export interface AgentCaller {
  /** The session that a request belongs to, by its headers; undefined where it names none. */
  sessionOf(headers: Readonly<Record<string, string>>): string | undefined;
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

/** How long AgentCore waits for an agent to become healthy, in milliseconds: a bundle has less time than an image. */
const startTimeoutsMs = { bundle: 30_000, command: 120_000, url: 120_000 };

/**
 * Makes the caller for one hosting.
 *
 * @param endpoint base URL of this data plane
 */
export function createAgentCaller(settings: AgentCoreSettings, endpoint: string): AgentCaller {
  const { hosting } = settings;
  if (hosting.kind !== 'deployed') {
    return createLocalCaller(settings, hosting, endpoint);
  }
  return {
    sessionOf: (headers) => headers[sessionIdHeader],
    invoke: (call, response, report) => callDeployed(settings, hosting, call, response, report),
    stop: (call, response) => callDeployed(settings, hosting, call, response, () => undefined),
    close: () => Promise.resolve(),
  };
}

function createLocalCaller(settings: AgentCoreSettings, hosting: LocalHosting, endpoint: string): AgentCaller {
  const contract = settings.contract ?? contractOf('HTTP');
  const note = settings.onNote ?? (() => undefined);
  const source = createAgentSource({
    hosting,
    contract,
    region: settings.region,
    runtimeUrl: `${endpoint}/runtimes/${encodeURIComponent(settings.agentRuntimeArn)}/invocations/`,
    startTimeoutMs: settings.startTimeoutMs ?? startTimeoutsMs[hosting.kind],
    onLog: (line) => settings.onLog(line),
    onNote: note,
  });
  const sessions = createAgentSessions({ source, lifecycle: hosting, now: settings.now ?? Date.now, onNote: note });
  const calls: AgentCalls = {
    contract,
    limits: { ...defaultLimits, ...settings.limits },
    headerAllowlist: (settings.headerAllowlist ?? []).map((name) => name.toLowerCase()),
    mcpSessions: createMcpSessions(),
    note,
  };
  const stopRequests = createStopRequests();
  return {
    sessionOf: (headers) => {
      const mcpSessionId = contract.protocol === 'MCP' ? headers[mcpSessionHeader] : undefined;
      return mcpSessionId === undefined ? headers[sessionIdHeader] : calls.mcpSessions.runtimeSessionOf(mcpSessionId);
    },
    invoke: async (call, response, report) => {
      if (contract.protocol === 'MCP' && !takesBothForms(call.headers['accept'])) {
        throw new ServiceError(406, 'McpRequestUnacceptableException', 'The client must take JSON and event streams');
      }
      const visit = await sessions.enter(call.runtimeSessionId, call.faults.coldStartMs);
      try {
        await callAgent(calls, visit, call, response, report);
      } finally {
        visit.leave();
      }
    },
    stop: async (call, response) => {
      const { runtimeSessionId, qualifier, clientToken } = call;
      await stopRequests.once(clientToken, JSON.stringify([runtimeSessionId, qualifier]), async () => {
        if (!(await sessions.stop(runtimeSessionId))) {
          throw new ServiceError(404, 'ResourceNotFoundException', `No session found with id '${runtimeSessionId}'`);
        }
      });
      writeStopped(call, response);
    },
    close: async () => {
      await Promise.all([sessions.close(), source.close()]);
    },
  };
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
