import type * as CopilotKit from '@copilotkit/runtime';
import { copilotKit, explainSkip, installCommand } from '../client-packages.ts';

/** For the `skip` option of `node:test`: why CopilotKit cannot be run here; false where it can, or where `CI` is set. */
export const copilotKitSkipReason: string | false = explainSkip(copilotKit);

/**
 * Loads CopilotKit's runtime, with its telemetry off.
 *
 * @throws Error where it is not installed; the message names the command that installs it.
 */
export async function loadCopilotKit(): Promise<typeof CopilotKit> {
  process.env['COPILOTKIT_TELEMETRY_DISABLED'] = 'true';
  const name = '@copilotkit/runtime';
  try {
    return (await import(name)) as typeof CopilotKit;
  } catch (thrown) {
    throw new Error(`cannot load ${name}; run ${installCommand}`, { cause: thrown });
  }
}
