/** The door for a Lambda function of one's own behind a Function URL. */
import { RelayError } from './errors.ts';
import { createConsoleLog } from './hosts/console-log.ts';
import { createFunctionUrlHandler } from './hosts/function-url.ts';
import type { FunctionUrlHandler } from './hosts/lambda-types.ts';
import { readRelayOptions } from './environment/read-relay-options.ts';
import type { Authenticator } from './identity/authenticator.ts';
import type { AgentRuntime } from './relay/agent-runtime.ts';
import type { Log } from './relay/relay-request.ts';
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
export interface HandlerOptions extends Omit<RelayOptions, 'agentRuntime' | 'authenticator'> {
  /** Usually `process.env`. */
  readonly environment: Environment;
  /** Default: the agent that `AGENT_RUNTIME_ARN` names. */
  readonly agentRuntime?: AgentRuntime | undefined;
  /** Default: what `RELAY_AUTH` says; it must be set. */
  readonly authenticator?: Authenticator | undefined;
}

/**
 * A handler for a Lambda function behind a Function URL with invoke mode `RESPONSE_STREAM`, all from the environment.
 *
 * With a wrong environment it does not throw. A function that fails to start is started again for every request and answers
 * with a bare 502, and its log is full of starts. This one says once, in the log, what is wrong, and answers with
 * `internal_error` in the viewer's format.
 *
 * @throws RelayError `internal_error` outside of Lambda.
 * @example
 * export const handler = createHandler({ environment: process.env });
 */
export function createHandler(options: HandlerOptions): FunctionUrlHandler {
  const { environment } = options;
  const isStructured = environment['AWS_LAMBDA_LOG_FORMAT']?.toUpperCase() === 'JSON';
  const { log = createConsoleLog({ isStructured }) } = options;
  const relay = createRelay({ ...readOptions(options, log), log });
  return createFunctionUrlHandler({ relay, log, now: options.now });
}

function readOptions(options: HandlerOptions, log: Log): RelayOptions {
  try {
    return readRelayOptions({ ...options, log });
  } catch (thrown) {
    const error = RelayError.from(thrown);
    log({ level: 'error', message: 'the relay is not configured', cause: String(error.cause) });
    const fail = (): Promise<never> => Promise.reject(error);
    return {
      ...options,
      agentRuntime: { invoke: fail },
      // Nobody is let in by a relay that may have been told of fewer callers, pages or protocols than it understood.
      authenticator: { name: 'unconfigured', challenge: undefined, identify: fail },
    };
  }
}
