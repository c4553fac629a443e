import { isJsonObject, parseJson } from '../../json.ts';

/** Where MCP's own session travels, both ways. */
export const mcpSessionHeader = 'mcp-session-id';

/** How many sessions of stateful servers are remembered. */
const maxSessions = 10_000;

/** Which runtime session an MCP session is in: a stateful server makes ids of its own ("MCP session management"). */
export interface McpSessions {
  /** The runtime session of an MCP session; the same id where no server has made it. */
  runtimeSessionOf(mcpSessionId: string): string;
  /** A server has answered with an id of its own. */
  remember(mcpSessionId: string, runtimeSessionId: string): void;
}

/** Makes the memory of one runtime. */
export function createMcpSessions(): McpSessions {
  const runtimeSessions = new Map<string, string>();
  return {
    runtimeSessionOf: (mcpSessionId) => runtimeSessions.get(mcpSessionId) ?? mcpSessionId,
    remember: (mcpSessionId, runtimeSessionId) => {
      runtimeSessions.delete(mcpSessionId);
      runtimeSessions.set(mcpSessionId, runtimeSessionId);
      const [oldest] = runtimeSessions.keys();
      if (runtimeSessions.size > maxSessions && oldest !== undefined) {
        runtimeSessions.delete(oldest);
      }
    },
  };
}

/** True for a request that opens a session: a stateful server takes it only without an id. */
export function isInitialize(payload: Buffer): boolean {
  const request = parseJson(payload.toString('utf8'));
  return isJsonObject(request) && request['method'] === 'initialize';
}

/** True where a client takes both forms of an answer, as AgentCore demands of MCP clients (error -32011). */
export function takesBothForms(accept: string | undefined): boolean {
  const types = (accept ?? '').split(',').map((type) => type.split(';')[0]?.trim().toLowerCase());
  return types.includes('application/json') && types.includes('text/event-stream');
}
