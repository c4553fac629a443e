import type { JsonObject } from '../json.ts';
import type { AgentCall, StreamContext } from '../protocols/protocol.ts';
import type { AgentProtocol } from '../settings.ts';

/** Makes an agent's JSON input of what a client asks. */
export type AgentInput = (call: AgentCall, context: StreamContext) => JsonObject;

/** `{"prompt","messages"?,"system"?}`: an agent that remembers needs the prompt only. */
const createPromptInput: AgentInput = ({ prompt, messages = [], system }) => ({
  prompt,
  ...(messages.length === 0 ? {} : { messages }),
  ...(system === undefined ? {} : { system }),
});

/** A `RunAgentInput` (`@ag-ui/core` 1.0): the client's own where it speaks AG-UI itself, else one with its messages. */
const createRunAgentInput: AgentInput = ({ prompt, messages = [], system, runAgentInput }, context) => {
  if (runAgentInput !== undefined) return runAgentInput;
  const { requestId, conversationId } = context;
  const all = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    ...messages,
    { role: 'user', content: prompt },
  ];
  return {
    threadId: conversationId,
    runId: requestId,
    state: {},
    messages: all.map(({ role, content }, index) => ({ id: `${requestId}-${index}`, role, content })),
    tools: [],
    context: [],
    forwardedProps: {},
  };
};

/** The input that agents of each protocol take. */
export const agentInputs: Readonly<Record<AgentProtocol, AgentInput>> = {
  HTTP: createPromptInput,
  AGUI: createRunAgentInput,
};
