import type { OfferedProtocol } from './lazy-protocol.ts';
import { ndjson } from './ndjson.ts';
import { original } from './original.ts';
import { transformed } from './transformed.ts';

/** What the package's protocols are told besides what each one's own options say. */
export interface DefaultProtocolOptions {
  /** Whether the agent's own error frames are scrubbed where its bytes pass through. Default: false. */
  readonly scrubAgentErrors?: boolean | undefined;
}

/**
 * Lists the package's protocols, in their order. The relay's own formats are a few lines each, less than it costs to open a
 * file; every other one is loaded when it is asked for.
 */
export function listProtocols(options: DefaultProtocolOptions = {}): readonly OfferedProtocol[] {
  return [
    options.scrubAgentErrors === true
      ? {
          name: original.name,
          endpoint: original.endpoint,
          load: async () => (await import('./scrubbed-original.ts')).scrubbedOriginal,
        }
      : original,
    transformed,
    ndjson,
    {
      name: 'ui-message',
      endpoint: { path: '/api/chat', methods: ['POST'] },
      answersDirectly: ['/api/chat/'],
      load: async () => (await import('./ui-message.ts')).createUiMessage(),
    },
    {
      name: 'ag-ui',
      endpoint: { path: '/ag-ui', methods: ['POST'] },
      load: async () => (await import('./ag-ui.ts')).createAgUi(),
    },
    {
      name: 'openai-chat',
      endpoint: { path: '/v1/chat/completions', methods: ['POST'] },
      answersDirectly: ['/v1/'],
      load: async () => (await import('./openai-chat.ts')).createOpenAiChat(),
    },
    {
      name: 'openai-responses',
      endpoint: { path: '/v1/responses', methods: ['POST'] },
      load: async () => (await import('./openai-responses.ts')).createOpenAiResponses(),
    },
  ];
}

/** The protocols that a relay has where the user names none. The first one of an endpoint is its default. */
export const defaultProtocols: readonly OfferedProtocol[] = listProtocols();
