import type * as AgUi1 from 'ag-ui-client-1';
import { loadClient } from './installed.ts';

/** The versions of `@ag-ui/client`, as the package of clients calls them. */
export const agUiNames = ['ag-ui-client-0-0-45', 'ag-ui-client-0-0-59', 'ag-ui-client-1'] as const;

/** One of {@link agUiNames}. */
export type AgUiName = (typeof agUiNames)[number];

/** What is used of `@ag-ui/client`, and the same in all of these versions. */
type AgUiClient = Pick<typeof AgUi1, 'HttpAgent'>;

/** A message, as JSON has it: without members that are undefined. */
export type AgUiMessage = Readonly<Record<string, unknown>>;

/** What came of one run, as the client understood it. */
export interface AgUiAnswer {
  /** The messages that are new. */
  readonly messages: readonly AgUiMessage[];
  /** What it was told besides. */
  readonly customs: readonly { readonly name: string; readonly value: unknown }[];
  /** How often a step began, and ended. */
  readonly steps: readonly [started: number, finished: number];
  /** `RUN_FINISHED`, without its type; undefined where there was none. */
  readonly finish: Readonly<Record<string, unknown>> | undefined;
  /** `RUN_ERROR`, without its type; undefined where there was none. */
  readonly error: Readonly<Record<string, unknown>> | undefined;
  /** What `runAgent` rejected with; undefined where it did not. */
  readonly failure: { readonly message: string; readonly status: unknown; readonly payload: unknown } | undefined;
}

/** A conversation with a client. */
export interface AgUiConversation {
  /** Says something, if anything is to be said, and runs the agent. */
  run(content?: unknown, parameters?: AgUi1.RunAgentParameters): Promise<AgUiAnswer>;
  /** Leaves the run. */
  abort(): void;
  /** All messages, as {@link AgUiMessage}. */
  readonly messages: readonly AgUiMessage[];
}

/**
 * Begins a conversation, with the ids of the client's messages and runs counted: `message-1`, `run-1`. Where it is not named
 * the client does it.
 */
export async function beginConversation(
  name: AgUiName,
  url: string,
  threadId?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<AgUiConversation> {
  const { HttpAgent } = await loadClient<AgUiClient>(name);
  const agent = new HttpAgent({ url, headers, ...(threadId === undefined ? {} : { threadId }) });
  let runCount = 0;
  return {
    async run(content, parameters) {
      runCount += 1;
      // The types know no content of a wrong type, and the versions differ in those of parts.
      const message = { id: `message-${runCount}`, role: 'user', content } as AgUi1.Message;
      if (content !== undefined) agent.addMessage(message);
      const customs: AgUiAnswer['customs'][number][] = [];
      let started = 0;
      let finished = 0;
      let finish: AgUiAnswer['finish'];
      let error: AgUiAnswer['error'];
      let failure: AgUiAnswer['failure'];
      const before = new Set(agent.messages.map(({ id }) => id));
      try {
        await agent.runAgent(
          { runId: `run-${runCount}`, ...parameters },
          {
            onEvent({ event }) {
              const { type, ...rest } = plain(event);
              switch (type) {
                case 'CUSTOM':
                  customs.push({ name: String(rest['name']), value: rest['value'] });
                  break;
                case 'STEP_STARTED':
                  started += 1;
                  break;
                case 'STEP_FINISHED':
                  finished += 1;
                  break;
                case 'RUN_FINISHED':
                  finish = rest;
                  break;
                case 'RUN_ERROR':
                  error = rest;
                  break;
                default:
              }
            },
          },
        );
      } catch (thrown) {
        const { message, status, payload } = thrown as Error & {
          readonly status?: unknown;
          readonly payload?: unknown;
        };
        failure = { message, status, payload };
      }
      const messages = agent.messages.filter(({ id }) => !before.has(id)).map(plain);
      return { messages, customs, steps: [started, finished], finish, error, failure };
    },
    abort: () => agent.abortRun(),
    get messages() {
      return agent.messages.map(plain);
    },
  };
}

function plain(value: object): AgUiMessage {
  return JSON.parse(JSON.stringify(value)) as AgUiMessage;
}
