import { renderJsonError } from './json-error.ts';
import { promptEndpoint } from './prompt-endpoint.ts';
import type { EventProtocol } from './protocol.ts';

const rule = '\n----------\n';

/**
 * The text as it comes, then a rule and the usage, then the session id. Plain text has no place for a keep-alive, for
 * reasoning or for tools.
 */
export const transformed: EventProtocol = {
  kind: 'events',
  name: 'transformed',
  endpoint: promptEndpoint,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  hasKeepAlive: false,
  renderError: renderJsonError,
  createWriter({ conversationId }) {
    return {
      write(event) {
        switch (event.type) {
          case 'text-delta':
            return event.text;
          case 'run-end': {
            const { usage, metrics } = event;
            const measured = usage === undefined ? '' : rule + JSON.stringify({ usage, metrics });
            return `${measured}\n${JSON.stringify({ runtimeSessionId: conversationId })}`;
          }
          case 'error':
            return rule + JSON.stringify({ error: { code: event.code, message: event.message } });
          default:
            return '';
        }
      },
      keepAlive: () => '',
    };
  },
};
