/** The relay's own formats. */
export const ownFormats = ['original', 'transformed', 'ndjson'] as const;

/** All formats of the deployed relay. */
export const relaySubjects = [
  'original',
  'transformed',
  'ndjson',
  'ui-message',
  'ag-ui',
  'openai-chat',
  'openai-responses',
] as const;

/** The deployed relay in one of its formats. */
export type RelaySubject = (typeof relaySubjects)[number];

/** What is measured: the deployed relay, one that has `original` alone, or the handler that only pipes. */
export type Subject = RelaySubject | 'original-alone' | 'pipe';
