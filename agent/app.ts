import type { Socket } from 'node:net';
import { Agent } from '@strands-agents/sdk';
import type { AgentStreamEvent, Model, Tool } from '@strands-agents/sdk';
import { BedrockAgentCoreApp } from 'bedrock-agentcore/runtime';
import { z } from 'zod';
import { describeFailure } from './failure.ts';
import { invocationSchema } from './invocation.ts';
import { createSessions } from './sessions.ts';
import type { Sessions, Turn } from './sessions.ts';

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
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly raw: { readonly socket: Socket };
}

/**
 * Puts the agent behind AgentCore's HTTP contract: `POST /invocations`, `GET /ping`.
 *
 * The answer is a stream of Strands' `modelStreamUpdateEvent` and `toolResultEvent`; nothing else of the run is sent.
 * A bad payload gets 400, a busy session 409, both as JSON; an error in the middle is the SDK's `event: error`.
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
      process: ({ prompt, messages, connection }, { sessionId, log }) => {
        // Here it still becomes a status. The turn itself begins with the stream: where the caller takes no stream, the
        // SDK never starts it, and would never end it.
        sessions.assertIdle(sessionId);
        return answer({
          begin: () => sessions.begin(sessionId, messages),
          prompt,
          connection,
          logFailure: (error) => {
            const failure = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
            log.error({ failure }, 'the run failed');
          },
        });
      },
    },
    config: {
      // AgentCore counts and times the requests; two lines for each would only hide what the agent itself says.
      logging: { disableRequestLogging: true },
      contentTypeParsers: [
        {
          contentType: 'application/json',
          parseAs: 'string',
          bodyLimit: maxBodyBytes,
          parser: async (request: BodyRequest, body: string | Buffer): Promise<Arrival> => {
            assertIdle(sessions, request);
            return { payload: parseJson(String(body)), connection: request.raw.socket };
          },
        },
      ],
    },
  });
}

const sessionIdHeader = 'x-amzn-bedrock-agentcore-runtime-session-id';

/** Before the handler runs, because after that the SDK makes a 500 of everything, and a caller cannot act on that. */
function assertIdle(sessions: Sessions, { headers }: BodyRequest): void {
  const sessionId = headers[sessionIdHeader];
  try {
    if (typeof sessionId === 'string') sessions.assertIdle(sessionId);
  } catch (error) {
    throw Object.assign(new Error(error instanceof Error ? error.message : 'this session is busy'), {
      statusCode: 409,
    });
  }
}

// A request without a body has not been through the parser.
const arrivalSchema = z.custom<Arrival | undefined>().transform((arrival, context) => {
  const invocation = invocationSchema.safeParse(arrival?.payload);
  if (invocation.success) return { ...invocation.data, connection: arrival?.connection };
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
  readonly begin: () => Turn;
  readonly prompt: string;
  readonly connection: Socket | undefined;
  readonly logFailure: (error: unknown) => void;
}

async function* answer({ begin, prompt, connection, logFailure }: Answering): AsyncGenerator<AgentStreamEvent, void> {
  const turn = begin();
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  // The SDK notices that the caller has left only when the next event is to be sent; until then the run would go on.
  connection?.once('close', leave);
  let isComplete = false;
  try {
    if (connection?.destroyed === true) leave();
    for await (const event of turn.agent.stream(prompt, { cancelSignal: leaving.signal })) {
      if (event.type === 'modelStreamUpdateEvent' || event.type === 'toolResultEvent') yield event;
    }
    isComplete = !leaving.signal.aborted;
  } catch (error) {
    if (leaving.signal.aborted) return;
    logFailure(error);
    throw new Error(describeFailure(error), { cause: error });
  } finally {
    connection?.off('close', leave);
    leave();
    turn.end(isComplete);
  }
}
