import { createAgUiPassThrough } from './ag-ui-pass-through.ts';
import { readRunRequest } from './ag-ui-request.ts';
import { createRunWriter } from './ag-ui-writer.ts';
import type { ShownParts } from './ag-ui-writer.ts';
import type { EventFormat, EventProtocol } from './protocol.ts';
import { readJsonBody } from './request-body.ts';

/** What an AG-UI client is shown. */
export interface AgUiOptions {
  /** Whether the model's reasoning is shown, with its signatures. Default: `show`. */
  readonly reasoning?: 'show' | 'hide' | undefined;
  /** Whether the agent's own tool calls are shown, with their results. Default: `show`. */
  readonly tools?: 'show' | 'hide' | undefined;
  /**
   * Longest result of a tool, in UTF-16 units; of a longer one the beginning is shown, with a note. The time that clients
   * take for a message grows with the square of its length, and they refuse one of 10 Mi. Default: 262,144.
   */
  readonly maxToolResultLength?: number | undefined;
}

/**
 * AG-UI (https://docs.ag-ui.com), for `HttpAgent` of `@ag-ui/client` 0.0.45, 0.0.59 and 1.0, and so for CopilotKit: only
 * events that the oldest of them knows, in an order that the verifiers of all of them take.
 *
 * A model call is a step and one message of the assistant's, with its text and the tools that it calls. Reasoning and the
 * results of tools are messages beside it. Where the agent forwards no results, empty ones stand for them, because to a
 * client a call without a result is its own to answer. The answer of an agent that speaks AG-UI itself passes through,
 * unless something of it is to be hidden.
 *
 * @example
 * createRelay({ agentRuntime, protocols: [createAgUi({ reasoning: 'hide' })] });
 */
export function createAgUi(options: AgUiOptions = {}): EventProtocol {
  const { reasoning = 'show', tools = 'show', maxToolResultLength = 262_144 } = options;
  const shown: ShownParts = { hasReasoning: reasoning === 'show', hasTools: tools === 'show', maxToolResultLength };
  const createFormat = (threadId?: string): Omit<EventFormat, 'createWriter'> => ({
    kind: 'events',
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    hasKeepAlive: true,
    native:
      shown.hasReasoning && shown.hasTools
        ? { agentProtocol: 'AGUI', format: createAgUiPassThrough(threadId) }
        : undefined,
  });
  return {
    ...createFormat(),
    name: 'ag-ui',
    endpoint: {
      path: '/ag-ui',
      methods: ['POST'],
      read(request, readOptions) {
        const runAgentInput = readJsonBody(request);
        const { threadId, runId, toolCallIds, call } = readRunRequest(runAgentInput, readOptions);
        return {
          ...call,
          conversationId: threadId,
          runAgentInput,
          format: {
            ...createFormat(threadId),
            createWriter: ({ requestId }) => createRunWriter({ requestId, threadId, runId, toolCallIds }, shown),
          },
        };
      },
    },
    // A JSON string: `HttpAgent` makes its message of the status and the body, and of an object it would show the JSON.
    renderError: ({ message }) => ({
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(message),
    }),
    createWriter: ({ requestId, conversationId }) =>
      createRunWriter({ requestId, threadId: conversationId, runId: requestId, toolCallIds: new Set() }, shown),
  };
}
