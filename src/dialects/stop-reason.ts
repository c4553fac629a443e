import type { StopReason } from '../events/agent-event.ts';

// Bedrock ConverseStream `messageStop.stopReason` and Strands Python (snake case); Strands TypeScript (camel case).
const stopReasons: ReadonlyMap<string, StopReason> = new Map([
  ['endturn', 'end-turn'],
  ['tooluse', 'tool-use'],
  ['maxtokens', 'max-tokens'],
  ['modelcontextwindowexceeded', 'max-tokens'],
  ['stopsequence', 'stop-sequence'],
  ['guardrailintervened', 'content-filter'],
  ['contentfiltered', 'content-filter'],
  ['refusal', 'content-filter'],
  ['malformedmodeloutput', 'malformed'],
  ['malformedtooluse', 'malformed'],
  ['interrupt', 'interrupt'],
  ['cancelled', 'cancelled'],
]);

/** Reads a stop reason of any of the supported frameworks; what is not known is `other`. */
export function readStopReason(value: unknown): StopReason {
  if (typeof value !== 'string') return 'other';
  return stopReasons.get(value.replaceAll('_', '').toLowerCase()) ?? 'other';
}
