/** The door for a Lambda function of one's own behind a Function URL. */
import { createEnvironmentAgentRuntime } from './agentcore/environment-agent-runtime.ts';
import { RelayError } from './errors.ts';
import { createConsoleLog } from './hosts/console-log.ts';
import { createFunctionUrlHandler } from './hosts/function-url.ts';
import type { FunctionUrlHandler } from './hosts/lambda-types.ts';
import { selectProtocols } from './protocols/select.ts';
import type { AgentRuntime } from './relay/agent-runtime.ts';
import type { Log } from './relay/relay-request.ts';
import { createRelay } from './relay/relay.ts';
import type { RelayOptions } from './relay/relay.ts';
import { readAgentProtocol, readProtocolNames } from './settings.ts';
import type { Environment } from './settings.ts';

export { createEnvironmentAgentRuntime } from './agentcore/environment-agent-runtime.ts';
export { readEnvironmentCredentials } from './agentcore/environment-credentials.ts';
export type { Credentials } from './agentcore/environment-credentials.ts';
export { createSignedAgentRuntime } from './agentcore/signed.ts';
export type { SignedAgentRuntimeOptions } from './agentcore/signed.ts';
export { createConsoleLog } from './hosts/console-log.ts';
export type { ConsoleLogOptions } from './hosts/console-log.ts';
export { createFunctionUrlHandler } from './hosts/function-url.ts';
export type { FunctionUrlHandlerOptions } from './hosts/function-url.ts';
export type {
  AwsLambda,
  FunctionUrlContext,
  FunctionUrlEvent,
  FunctionUrlHandler,
  ResponseMetadata,
} from './hosts/lambda-types.ts';
export type { Sink } from './hosts/send.ts';

/** What {@link createHandler} may be told besides what a relay may. */
export interface HandlerOptions extends Omit<RelayOptions, 'agentRuntime'> {
  /** Usually `process.env`. */
  readonly environment: Environment;
  /** Default: the agent that `AGENT_RUNTIME_ARN` names. */
  readonly agentRuntime?: AgentRuntime | undefined;
}

/**
 * A handler for a Lambda function behind a Function URL with invoke mode `RESPONSE_STREAM`, all from the environment.
 *
 * With a wrong environment it does not throw. A function that fails to start is started again for every request and answers
 * with a bare 502, and its log is full of starts. This one says once, in the log, what is wrong, serves all that needs no
 * agent, and answers the rest with `internal_error` in the viewer's format.
 *
 * @throws RelayError `internal_error` outside of Lambda.
 * @example
 * export const handler = createHandler({ environment: process.env });
 */
export function createHandler(options: HandlerOptions): FunctionUrlHandler {
  const { environment } = options;
  const isStructured = environment['AWS_LAMBDA_LOG_FORMAT']?.toUpperCase() === 'JSON';
  const { log = createConsoleLog({ isStructured }) } = options;
  const relay = createRelay({ ...options, ...readEnvironment(options, log), log });
  return createFunctionUrlHandler({ relay, log, now: options.now });
}

function readEnvironment(
  { environment, agentRuntime, agentProtocol, protocols }: HandlerOptions,
  log: Log,
): Pick<RelayOptions, 'agentRuntime' | 'agentProtocol' | 'protocols'> {
  try {
    return {
      agentRuntime: agentRuntime ?? createEnvironmentAgentRuntime(environment),
      agentProtocol: agentProtocol ?? readAgentProtocol(environment),
      protocols: protocols ?? selectProtocols(readProtocolNames(environment)),
    };
  } catch (thrown) {
    const error = RelayError.from(thrown);
    log({ level: 'error', message: 'the relay is not configured', cause: String(error.cause) });
    return { agentRuntime: { invoke: () => Promise.reject(error) } };
  }
}
