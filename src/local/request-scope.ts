import type { RequestFaults } from './faults/request-faults.ts';
import type { ExchangeTrace } from './hop-trace.ts';
import type { RecordHop } from './request-line.ts';

/** What follows one request over all hops. */
export interface RequestScope {
  /** Adds to the line that is written when it is over. */
  readonly record: RecordHop;
  /** What is to go wrong with it. */
  readonly faults: RequestFaults;
  /** Every hop's times and sizes; `untraced` where nobody asked for them. */
  readonly trace: ExchangeTrace;
}
