import type { JsonObject } from '../json.ts';
import type { AgentCall, InvocationContext } from '../protocols/protocol.ts';
import type { AgentProtocol } from '../settings.ts';

/** Makes an agent's JSON input of what a client asks. */
export type AgentInput = (call: AgentCall, context: InvocationContext) => JsonObject;

/** `{"prompt","messages"?,"system"?}`: an agent that remembers needs the prompt only. */
const createPromptInput: AgentInput = ({ prompt, messages = [], system }) => ({
  prompt,
  ...(messages.length === 0 ? {} : { messages }),
  ...(system === undefined ? {} : { system }),
});

/**
 * A `RunAgentInput` (`@ag-ui/core` 1.0): the client's own where it speaks AG-UI itself, else one with its messages.
 *
 * Agents keep what they remember under `threadId`, often in one store for all. So it is the runtime session's id, which no
 * two principals share; only where sessions are as given does the client's own go through.
 */
const createRunAgentInput: AgentInput = ({ prompt, messages = [], system, runAgentInput }, context) => {
  const { requestId, conversationId, runtimeSessionId } = context;
  if (runAgentInput !== undefined) {
    return runtimeSessionId === conversationId ? runAgentInput : nameThread(runAgentInput, runtimeSessionId);
  }
  const all = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    ...messages,
    { role: 'user', content: prompt },
  ];
  return {
    threadId: runtimeSessionId,
    runId: requestId,
    state: {},
    messages: all.map(({ role, content }, index) => ({ id: `${requestId}-${index}`, role, content })),
    tools: [],
    context: [],
    forwardedProps: {},
  };
};

/**
 * Of `threadId` and `thread_id`, `model_dump()` gives the second one (`ag-ui-protocol` 1.0, PyPI); the JSON of Go and .NET does
 * not tell upper from lower case, and there the last one counts.
 */
const threadNames = /^thread[_-]?id$/iu;

function nameThread(runAgentInput: JsonObject, threadId: string): JsonObject {
  const others = Object.entries(runAgentInput).filter(([name]) => !threadNames.test(name));
  return { threadId, ...Object.fromEntries(others) };
}

/** The input that agents of each protocol take. */
export const agentInputs: Readonly<Record<AgentProtocol, AgentInput>> = {
  HTTP: createPromptInput,
  AGUI: createRunAgentInput,
};
