import { tool } from '@strands-agents/sdk';
import type { Tool } from '@strands-agents/sdk';
import { z } from 'zod';

/**
 * The agent's clock: gives `{ timeZone, iso, local }`.
 *
 * @param now milliseconds since the epoch.
 */
export function createClock(now: () => number): Tool {
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
