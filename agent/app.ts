import type { Socket } from 'node:net';
import { Agent } from '@strands-agents/sdk';
import type { AgentStreamEvent, Model, Tool } from '@strands-agents/sdk';
import { BedrockAgentCoreApp } from 'bedrock-agentcore/runtime';
import { z } from 'zod';
import { describeFailure } from './failure.ts';
import { invocationSchema } from './invocation.ts';
import { createSessions } from './sessions.ts';
import type { Turn } from './sessions.ts';

/** What AgentCore passes on at most (InvokeAgentRuntime, `payload`), in bytes. */
const maxBodyBytes = 100_000_000;

const systemPrompt =
  'You are a helpful assistant. Answer briefly, in the language of the user. ' +
  'Use the calculator for arithmetic and the clock for dates and times.';

/** What the agent is made of. */
export interface AgentAppOptions {
  readonly model: Model;
  readonly tools: readonly Tool[];
  /** How many sessions are remembered. */
  readonly maxSessions: number;
}

/** A parsed body, with the connection that it came on: the SDK tells a handler nothing of a caller who leaves. */
interface Arrival {
  readonly payload: unknown;
  readonly connection: Socket;
}

/** What is used of Fastify's request. */
interface BodyRequest {
  readonly raw: { readonly socket: Socket };
}

/**
 * Puts the agent behind AgentCore's HTTP contract: `POST /invocations`, `GET /ping`.
 *
 * The answer is a stream of Strands' `modelStreamUpdateEvent` and `toolResultEvent`; nothing else of the run is sent. A bad
 * payload gets 400, a busy session 500, both as JSON; an error in the middle is the SDK's `event: error`.
 */
export function createAgentApp({ model, tools, maxSessions }: AgentAppOptions): BedrockAgentCoreApp {
  const sessions = createSessions({
    maxSessions,
    createAgent: (earlier) =>
      new Agent({
        model,
        tools: [...tools],
        systemPrompt,
        // The SDK's printer writes the conversation to the log.
        printer: false,
        messages: earlier.map(({ role, content }) => ({ role, content: [{ text: content }] })),
      }),
  });

  return new BedrockAgentCoreApp({
    invocationHandler: {
      requestSchema: arrivalSchema,
      process: ({ prompt, messages, connection }, { sessionId, log }) =>
        answer({
          turn: sessions.begin(sessionId, messages),
          prompt,
          connection,
          logFailure: (error) => {
            log.error(
              { failure: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' },
              'the run failed',
            );
          },
        }),
    },
    config: {
      contentTypeParsers: [
        {
          contentType: 'application/json',
          parseAs: 'string',
          bodyLimit: maxBodyBytes,
          parser: async (request: BodyRequest, body: string | Buffer): Promise<Arrival> => ({
            payload: parseJson(String(body)),
            connection: request.raw.socket,
          }),
        },
      ],
    },
  });
}

const arrivalSchema = z.custom<Arrival>().transform(({ payload, connection }, context) => {
  const invocation = invocationSchema.safeParse(payload);
  if (invocation.success) return { ...invocation.data, connection };
  for (const { message, path } of invocation.error.issues) {
    context.issues.push({ code: 'custom', message, path, input: undefined });
  }
  return z.NEVER;
});

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // Fastify answers with the status that an error names. The cause quotes the body, and would be logged.
    throw Object.assign(new Error('the body is not valid JSON'), { statusCode: 400 });
  }
}

interface Answering {
  readonly turn: Turn;
  readonly prompt: string;
  readonly connection: Socket;
  readonly logFailure: (error: unknown) => void;
}

async function* answer({ turn, prompt, connection, logFailure }: Answering): AsyncGenerator<AgentStreamEvent, void> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  connection.once('close', leave);
  let isComplete = false;
  try {
    // Without this, a run for someone who has left would go on until its next event.
    if (connection.destroyed) leave();
    for await (const event of turn.agent.stream(prompt, { cancelSignal: leaving.signal })) {
      if (event.type === 'modelStreamUpdateEvent' || event.type === 'toolResultEvent') yield event;
    }
    isComplete = !leaving.signal.aborted;
  } catch (error) {
    if (leaving.signal.aborted) return;
    logFailure(error);
    throw new Error(describeFailure(error), { cause: error });
  } finally {
    connection.off('close', leave);
    leave();
    turn.end(isComplete);
  }
}
