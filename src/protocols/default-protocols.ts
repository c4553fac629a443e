import type { LazyProtocol } from './lazy-protocol.ts';

/**
 * The protocols that a relay has where the user names none, none of them loaded. The first one of an endpoint is its default.
 */
export const defaultProtocols: readonly LazyProtocol[] = [
  {
    name: 'original',
    endpoint: { path: '/', methods: ['GET', 'POST'] },
    load: async () => (await import('./original.ts')).original,
  },
  {
    name: 'transformed',
    endpoint: { path: '/', methods: ['GET', 'POST'] },
    load: async () => (await import('./transformed.ts')).transformed,
  },
  {
    name: 'ndjson',
    endpoint: { path: '/', methods: ['GET', 'POST'] },
    load: async () => (await import('./ndjson.ts')).ndjson,
  },
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
    answersDirectly: ['/v1/models', '/v1/models/'],
    load: async () => (await import('./openai-chat.ts')).createOpenAiChat(),
  },
  {
    name: 'openai-responses',
    endpoint: { path: '/v1/responses', methods: ['POST'] },
    load: async () => (await import('./openai-responses.ts')).createOpenAiResponses(),
  },
];
