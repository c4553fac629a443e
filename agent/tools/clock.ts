import { tool } from '@strands-agents/sdk';
import type { InvokableTool } from '@strands-agents/sdk';
import { z } from 'zod';

/** What the clock shows. */
export type ClockReading = {
  /** IANA name. */
  timeZone: string;
  /** UTC, ISO 8601. */
  iso: string;
  /** Date and time in that zone, as a person reads it. */
  local: string;
};

/**
 * The agent's clock.
 *
 * @param now milliseconds since the epoch.
 */
export function createClock(now: () => number): InvokableTool<{ timeZone: string }, ClockReading> {
  return tool({
    name: 'clock',
    description: 'Tells the date and the time of day, now, in a time zone.',
    inputSchema: z.object({
      timeZone: z.string().default('UTC').describe('an IANA time zone, such as Europe/Berlin'),
    }),
    callback: ({ timeZone }) => ({
      timeZone,
      iso: new Date(now()).toISOString(),
      local: formatterOf(timeZone).format(now()),
    }),
  });
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'short' });
  } catch (error) {
    throw new Error(`"${timeZone}" is no time zone; it must be an IANA name such as Europe/Berlin`, { cause: error });
  }
}
