import { createEnvironmentAgentRuntime } from '../agentcore/environment-agent-runtime.ts';
import { readCorsSettings } from '../cors-settings.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import { RelayError } from '../errors.ts';
import { selectProtocols } from '../protocols/select.ts';
import type { AgentRuntime } from '../relay/agent-runtime.ts';
import type { Log } from '../relay/relay-request.ts';
import type { RelayOptions } from '../relay/relay-options.ts';
import { environmentNames, readAgentProtocol, readFlag, readProtocolNames, readSessionPolicy } from '../settings.ts';
import type { Environment } from '../settings.ts';
import { describeThrown } from '../hosts/call-relay.ts';
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
    authenticator = createEnvironmentAuthenticator(environment, { report: reportTo(options.log) }),
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

/** Whoever gets in meanwhile does not notice that keys grow old; whoever runs the relay must. */
function reportTo(log: Log | undefined): (fault: unknown) => void {
  return (fault) => {
    const { cause, upstreamName } = RelayError.from(fault);
    log?.({
      level: 'warn',
      message: 'what callers are known by cannot be refreshed',
      upstreamName,
      cause: describeThrown(cause),
    });
  };
}
