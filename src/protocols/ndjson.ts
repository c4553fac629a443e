import { renderJsonError } from './json-error.ts';
import { promptEndpoint } from './prompt-endpoint.ts';
import type { EventProtocol } from './protocol.ts';

/**
 * Every event as one line of JSON, in the relay's own vocabulary (`AgentEvent`). The first line also holds the ids, the
 * last one is `run-end` or `error`, a blank line is a keep-alive.
 */
export const ndjson: EventProtocol = {
  kind: 'events',
  name: 'ndjson',
  endpoint: promptEndpoint,
  headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
  hasKeepAlive: true,
  renderError: renderJsonError,
  createWriter({ requestId, conversationId }) {
    return {
      write(event) {
        const line = event.type === 'run-start' ? { ...event, requestId, runtimeSessionId: conversationId } : event;
        return `${JSON.stringify(line)}\n`;
      },
      keepAlive: () => '\n',
    };
  },
};
