import { renderOpenAiError } from './openai-error.ts';
import { formatResponseId, readResponsesRequest } from './openai-responses-request.ts';
import { createResponsesWriter } from './openai-responses-writer.ts';
import type { EventFormat, EventProtocol } from './protocol.ts';

/** What of a run OpenAI's Responses API shows, and how much of it is held. */
export interface OpenAiResponsesOptions {
  /**
   * The agent's calls of its own tools: `mcp-call` shows them as `mcp_call` items, which clients take for the service's own
   * and never execute; `hide` leaves them out. Default: `mcp-call`.
   */
  readonly tools?: 'mcp-call' | 'hide' | undefined;
  /** `server_label` of the `mcp_call` items, where a client expects the name of an MCP server. Default: `agent`. */
  readonly serverLabel?: string | undefined;
  /** What the model thinks: `summary` shows it as the summary of a reasoning item, `off` leaves it out. Default: `summary`. */
  readonly reasoning?: 'summary' | 'off' | undefined;
  /**
   * The longest answer, in characters of JSON, because the protocol's last event repeats all of it and so all of it is held.
   * A longer one ends as `response.incomplete` with the reason `max_output_tokens`, and the agent's call is cancelled.
   * Default: 8,388,608.
   */
  readonly maxHeldLength?: number | undefined;
}

/** What the answer to one request depends on. */
interface Asked {
  readonly model: string;
  readonly previousResponseId: string | null;
  readonly isWhole: boolean;
}

/**
 * Creates the protocol of OpenAI's Responses API, `POST /v1/responses`: the stream of `openai` 6 and 7 and of LangChain's
 * `useResponsesApi`, or, without `"stream": true`, one JSON document.
 */
export function createOpenAiResponses(options: OpenAiResponsesOptions = {}): EventProtocol {
  const { tools = 'mcp-call', serverLabel = 'agent', reasoning = 'summary', maxHeldLength = 8 * 1024 * 1024 } = options;

  function createFormat({ model, previousResponseId, isWhole }: Asked): EventFormat {
    return {
      kind: 'events',
      headers: { 'content-type': isWhole ? 'application/json; charset=utf-8' : 'text/event-stream; charset=utf-8' },
      isWhole,
      hasKeepAlive: !isWhole,
      createWriter({ requestId, conversationId, startedAtMs }) {
        const id = formatResponseId(requestId, conversationId);
        return createResponsesWriter({
          frame: { id, startedAtMs, model, previousResponseId },
          requestId,
          isWhole,
          showsReasoning: reasoning === 'summary',
          showsTools: tools === 'mcp-call',
          serverLabel,
          maxHeldLength,
        });
      },
    };
  }

  return {
    ...createFormat({ model: 'agent', previousResponseId: null, isWhole: false }),
    name: 'openai-responses',
    endpoint: {
      path: '/v1/responses',
      methods: ['POST'],
      read(request, limits) {
        const { call, model, previousResponseId, isStream } = readResponsesRequest(request, limits);
        return { ...call, format: createFormat({ model, previousResponseId, isWhole: !isStream }) };
      },
    },
    renderError: renderOpenAiError,
  };
}
