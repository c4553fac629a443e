import { Readable } from 'node:stream';
import { InvokeAgentRuntimeCommand } from '@aws-sdk/client-bedrock-agentcore';
import type { BedrockAgentCoreClient, InvokeAgentRuntimeCommandOutput } from '@aws-sdk/client-bedrock-agentcore';
import { RelayError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import type { AgentInvocation, AgentRuntime } from '../relay/agent-runtime.ts';
import type { AgentRuntimeSettings } from '../settings.ts';
import { readAnswerBody } from './answer-body.ts';
import { describeAbort, describeBreak, describeRefusal, readErrorName, readRetryAfter } from './errors.ts';
import type { AgentFailure } from './errors.ts';
import { invokeWithRetries } from './retry.ts';
import type { Attempt, RetryOptions } from './retry.ts';

/** How {@link createSdkAgentRuntime} reaches AgentCore. */
export interface SdkAgentRuntimeOptions
  extends RetryOptions, Pick<AgentRuntimeSettings, 'agentRuntimeArn' | 'qualifier'> {
  /**
   * The AWS SDK's client, with any credentials and endpoint that it takes. It must be built with `maxAttempts: 1`: the
   * SDK's own retries would run the agent again on a 500 that it is already at work behind.
   */
  readonly client: BedrockAgentCoreClient;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: (() => number) | undefined;
}

/**
 * Invokes AgentCore through the AWS SDK's client, for hosts whose credentials come from profiles, SSO, a container or an
 * instance. What goes over the wire, what is tried again and what is thrown are those of `createSignedAgentRuntime`.
 *
 * @throws RelayError `internal_error`, at the first call, where the client makes more than one attempt of its own.
 */
export function createSdkAgentRuntime(options: SdkAgentRuntimeOptions): AgentRuntime {
  const { client, agentRuntimeArn, qualifier, now = Date.now } = options;

  async function attempt(invocation: AgentInvocation): Promise<Attempt> {
    const { signal, trace } = invocation;
    const command = new InvokeAgentRuntimeCommand({
      agentRuntimeArn,
      qualifier,
      payload: Buffer.from(invocation.payload, 'utf8'),
      runtimeSessionId: invocation.runtimeSessionId,
      runtimeUserId: invocation.runtimeUserId,
      contentType: 'application/json',
      accept: 'text/event-stream, application/json',
      traceParent: trace.traceparent,
      traceState: trace.tracestate,
      traceId: trace.amznTraceId,
    });
    try {
      const output = await client.send(command, { abortSignal: signal });
      const body = readAnswerBody(readStream(output), signal);
      return { answer: { contentType: output.contentType ?? '', body } };
    } catch (thrown) {
      if (signal.aborted) throw describeAbort(signal);
      return { failure: describeFailure(thrown, now) };
    }
  }

  return {
    async invoke(invocation) {
      try {
        await refuseOwnRetries(client);
        return await invokeWithRetries(() => attempt(invocation), invocation.signal, options);
      } catch (thrown) {
        throw RelayError.from(thrown);
      }
    },
  };
}

async function refuseOwnRetries(client: BedrockAgentCoreClient): Promise<void> {
  const maxAttempts = await client.config.maxAttempts();
  if (maxAttempts === 1) return;
  throw new RelayError('internal_error', {
    cause: `the AWS SDK's client was built with maxAttempts ${maxAttempts}; it must be 1, or the agent may run twice for one request`,
  });
}

/** In Node the SDK hands out the HTTP response itself. */
function readStream(output: InvokeAgentRuntimeCommandOutput): Readable {
  if (output.response instanceof Readable) return output.response;
  throw new RelayError('internal_error', { cause: "the AWS SDK's request handler gave no Node.js stream" });
}

function describeFailure(thrown: unknown, now: () => number): AgentFailure {
  const fields: Readonly<Record<string, unknown>> = Object(thrown);
  const response = readObject(fields['$response']);
  const status = readObject(fields['$metadata'])['httpStatusCode'] ?? response['statusCode'];
  if (typeof status !== 'number' || status < 300) return { error: describeConnectionFailure(thrown) };
  const name = readErrorName(fields['name']);
  return describeRefusal({
    status,
    // The SDK's own names for "there was none", and for a body that is not JSON.
    errorName: name === 'Unknown' || name === 'UnknownError' || name === 'SyntaxError' ? undefined : name,
    text: thrown instanceof Error ? thrown.message : undefined,
    retryAfterSeconds: readRetryAfter(readText(readObject(response['headers'])['retry-after']), now),
  });
}

function describeConnectionFailure(thrown: unknown): RelayError {
  // The SDK's connection timeout has no code; its text is all that tells it from a request timeout.
  if (thrown instanceof Error && thrown.name === 'TimeoutError' && thrown.message.includes('establish a connection')) {
    return describeBreak(Object.assign(new Error(thrown.message), { code: 'ETIMEDOUT', syscall: 'connect' }));
  }
  return describeBreak(thrown);
}

function readObject(value: unknown): Readonly<Record<string, unknown>> {
  // The SDK's HttpResponse is a class instance, so it counts too.
  return isJsonObject(value) ? value : {};
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
