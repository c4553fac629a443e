import { createEnvironmentAgentRuntime } from '../agentcore/environment-agent-runtime.ts';
import { readCorsSettings } from '../cors-settings.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import { selectProtocols } from '../protocols/select.ts';
import type { AgentRuntime } from '../relay/agent-runtime.ts';
import type { RelayOptions } from '../relay/relay-options.ts';
import { environmentNames, readAgentProtocol, readFlag, readProtocolNames, readSessionPolicy } from '../settings.ts';
import type { Environment } from '../settings.ts';
import { createEnvironmentAuthenticator } from './environment-authenticator.ts';

/** What a door was told, and where to read the rest. */
export interface DoorOptions extends Omit<RelayOptions, 'agentRuntime' | 'authenticator'> {
  readonly environment: Environment;
  readonly agentRuntime?: AgentRuntime | undefined;
  readonly authenticator?: Authenticator | undefined;
}

/**
 * Reads from the environment what a relay was not told otherwise.
 *
 * @throws RelayError `internal_error` whose cause names the variable that is missing or wrong, and what is allowed.
 */
export function readRelayOptions(options: DoorOptions): RelayOptions {
  const { environment } = options;
  const {
    agentRuntime = createEnvironmentAgentRuntime(environment),
    authenticator = createEnvironmentAuthenticator(environment),
    agentProtocol = readAgentProtocol(environment),
    protocols = selectProtocols(readProtocolNames(environment), {
      scrubAgentErrors: readFlag(environment, environmentNames.scrubAgentErrors),
    }),
    sessions = readSessionPolicy(environment),
    cors = readCorsSettings(environment),
    passUserId = readFlag(environment, environmentNames.passUserId),
  } = options;
  return { ...options, agentRuntime, authenticator, agentProtocol, protocols, sessions, cors, passUserId };
}
