import { clients, explainSkip, installCommand } from './client-packages.ts';

/** The entry points of the packages of `test/clients/package.json`, by the names that they have there. */
export const clientNames = [
  '@ai-sdk/openai-compatible',
  '@ai-sdk/react',
  '@langchain/core/messages',
  '@langchain/openai',
  'ag-ui-client-0-0-45',
  'ag-ui-client-0-0-59',
  'ag-ui-client-1',
  'ai5',
  'ai6',
  'ai7',
  'jsdom',
  'openai4',
  'openai6',
  'openai7',
  'react',
  'react-dom',
  'react-dom/client',
] as const;

/** One of {@link clientNames}. */
export type ClientName = (typeof clientNames)[number];

/** For the `skip` option of `node:test`: why the clients cannot be driven here; false where they can, or where `CI` is set. */
export const skipReason: string | false = explainSkip(clients);

/**
 * Loads a client.
 *
 * @typeParam Module - Its namespace: `import type * as OpenAI7 from 'openai7'`, then `typeof OpenAI7`.
 * @throws Error where it is not installed; the message names the command that installs it.
 * @example
 * const { OpenAI } = await loadClient<typeof OpenAI7>('openai7');
 */
export async function loadClient<Module>(name: ClientName): Promise<Module> {
  try {
    return (await import(name)) as Module;
  } catch (thrown) {
    throw new Error(`cannot load ${name}; run ${installCommand}`, { cause: thrown });
  }
}
