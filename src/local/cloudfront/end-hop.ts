import type { HopOutcome, HopRecorder } from '../hop-trace.ts';
import type { EdgeResponse } from './messages.ts';

/** Writes down that a hop ended with a response of its own, and gives it back. */
export function endHop(recorder: HopRecorder, outcome: HopOutcome, response: EdgeResponse): EdgeResponse {
  recorder.head(response.status, response.headers);
  recorder.chunk(response.body.byteLength);
  recorder.end(outcome);
  return response;
}
