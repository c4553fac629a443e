/** What an agent's container speaks, by AgentCore's own names (`serverProtocol` of `CreateAgentRuntime`). */
export type ServerProtocol = 'HTTP' | 'AGUI' | 'A2A' | 'MCP';

/** All of {@link ServerProtocol}. */
export const serverProtocols: readonly ServerProtocol[] = ['HTTP', 'AGUI', 'A2A', 'MCP'];

/** Where AgentCore finds the agent in its container, and what it expects there. */
export interface ContainerContract {
  readonly protocol: ServerProtocol;
  /** The port that the agent listens on. */
  readonly port: number;
  /** The path that takes its requests, by POST. */
  readonly path: string;
}

/** AgentCore's defaults (botocore 1.44.5, service model `bedrock-agentcore-control`, ProtocolConfiguration). */
const places: Readonly<Record<ServerProtocol, Omit<ContainerContract, 'protocol'>>> = {
  HTTP: { port: 8080, path: '/invocations' },
  AGUI: { port: 8080, path: '/invocations' },
  A2A: { port: 9000, path: '/' },
  MCP: { port: 8000, path: '/mcp' },
};

/**
 * The contract of a protocol.
 *
 * @param changes what the runtime has otherwise than the protocol's default
 */
export function contractOf(
  protocol: ServerProtocol,
  changes: { readonly port?: number | undefined; readonly path?: string | undefined } = {},
): ContainerContract {
  const { port, path } = places[protocol];
  return { protocol, port: changes.port ?? port, path: changes.path ?? path };
}

/** Path of a protocol's A2A agent card, on the container and on AgentCore behind `/invocations` (A2A protocol contract). */
export const agentCardPath = '/.well-known/agent-card.json';
