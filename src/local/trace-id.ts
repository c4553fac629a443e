import { randomBytes } from 'node:crypto';

/**
 * Makes a trace id, `1-<seconds in hex>-<24 hex digits>` (X-Ray, Tracing header).
 *
 * @param nowMs milliseconds since the epoch
 */
export function newTraceId(nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, '0');
  return `1-${seconds}-${randomBytes(12).toString('hex')}`;
}
