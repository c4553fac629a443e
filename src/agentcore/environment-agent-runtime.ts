import type { AgentRuntime } from '../relay/agent-runtime.ts';
import { readAgentRuntimeSettings } from '../settings.ts';
import type { Environment } from '../settings.ts';
import { readEnvironmentCredentials } from './environment-credentials.ts';
import { createSignedAgentRuntime } from './signed.ts';

/**
 * The signed adapter with everything from the environment: `AGENT_RUNTIME_ARN`, region, endpoint and credentials, under
 * the names that Lambda and the AWS SDKs use. Credentials are read anew for each call.
 *
 * @throws RelayError `internal_error` whose cause names the variable that is missing or wrong.
 */
export function createEnvironmentAgentRuntime(environment: Environment): AgentRuntime {
  return createSignedAgentRuntime({
    settings: readAgentRuntimeSettings(environment),
    credentials: () => readEnvironmentCredentials(environment),
  });
}
