/** The door for a Node.js server of one's own: a container, a Lambda Web Function, development. */
import { createConsoleLog } from './hosts/console-log.ts';
import { startNodeHttpServer } from './hosts/node-http.ts';
import type { NodeHttpServer, NodeHttpServerOptions } from './hosts/node-http.ts';
import { readRelayOptions } from './environment/read-relay-options.ts';
import type { Authenticator } from './identity/authenticator.ts';
import type { AgentRuntime } from './relay/agent-runtime.ts';
import type { RelayOptions } from './relay/relay-options.ts';
import { createRelay } from './relay/relay.ts';
import type { Environment } from './settings.ts';

export { createEnvironmentAgentRuntime } from './agentcore/environment-agent-runtime.ts';
export { createEnvironmentAuthenticator } from './environment/environment-authenticator.ts';
export { readEnvironmentCredentials } from './agentcore/environment-credentials.ts';
export type { Credentials } from './agentcore/environment-credentials.ts';
export { createSignedAgentRuntime } from './agentcore/signed.ts';
export type { SignedAgentRuntimeOptions } from './agentcore/signed.ts';
export { createConsoleLog } from './hosts/console-log.ts';
export type { ConsoleLogOptions } from './hosts/console-log.ts';
export { createNodeHttpHandler, startNodeHttpServer } from './hosts/node-http.ts';
export type {
  NodeHttpHandler,
  NodeHttpHandlerOptions,
  NodeHttpServer,
  NodeHttpServerOptions,
} from './hosts/node-http.ts';

/** What {@link startServer} may be told besides what a relay may. */
export interface ServerOptions
  extends Omit<RelayOptions, 'agentRuntime' | 'authenticator'>, Omit<NodeHttpServerOptions, 'relay' | 'log'> {
  /** Usually `process.env`. */
  readonly environment: Environment;
  /** Default: the agent that `AGENT_RUNTIME_ARN` names, with the credentials of the environment. */
  readonly agentRuntime?: AgentRuntime | undefined;
  /** Default: what `RELAY_AUTH` says; it must be set. */
  readonly authenticator?: Authenticator | undefined;
}

/**
 * Starts a server for a relay, all from the environment.
 *
 * @throws RelayError `internal_error` where the environment names no agent, does not say who may call, or is wrong otherwise,
 *   and where the server cannot listen.
 * @example
 * const server = await startServer({ environment: process.env, port: 8080 });
 */
export async function startServer(options: ServerOptions): Promise<NodeHttpServer> {
  const { log = createConsoleLog() } = options;
  const relay = createRelay(readRelayOptions({ ...options, log }));
  return startNodeHttpServer({ ...options, relay, log });
}
