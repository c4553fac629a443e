/** A filter: nobody sees which tools the agent calls, and what they give back. */
import type { EventFilter } from 'agentcore-relay/relay';

/** Drops every tool call and its result, for every agent and in every protocol that is written from events. */
export const hideTools: EventFilter = (event) => {
  switch (event.type) {
    case 'tool-start':
    case 'tool-delta':
    case 'tool-end':
    case 'tool-result':
      return undefined;
    default:
      return event;
  }
};
