/** A protocol of one's own: `POST /lines`, a line of JSON for each piece of text. */
import { checkPrompt, readJsonBody, renderJsonError } from 'agentcore-relay/relay';
import type { EventProtocol } from 'agentcore-relay/relay';

/** Takes `{"say":"…","room":"…"}`; gives `{"text":"…"}` as it comes, and `{"done":true}` or `{"error":"…"}` at the end. */
export const lines: EventProtocol = {
  kind: 'events',
  name: 'lines',
  endpoint: {
    path: '/lines',
    methods: ['POST'],
    read(request, { maxPromptLength }) {
      const { say, room } = readJsonBody(request);
      return {
        prompt: checkPrompt('"say"', typeof say === 'string' ? say : '', maxPromptLength),
        conversationId: typeof room === 'string' ? room : undefined,
      };
    },
  },
  headers: { 'content-type': 'application/jsonl; charset=utf-8' },
  hasKeepAlive: true,
  renderError: renderJsonError,
  createWriter: () => ({
    write(event) {
      if (event.type === 'text-delta') return `${JSON.stringify({ text: event.text })}\n`;
      if (event.type === 'run-end') return '{"done":true}\n';
      return event.type === 'error' ? `${JSON.stringify({ error: event.message })}\n` : '';
    },
    keepAlive: () => '\n',
  }),
};
