import { clients, installCommand } from './client-packages.ts';

/** The packages of `test/clients/package.json`, by the names that they have there, and their entry points. */
export type ClientName =
  | '@ai-sdk/openai-compatible'
  | '@ai-sdk/react'
  | '@langchain/core/messages'
  | '@langchain/openai'
  | 'ag-ui-client-0-0-45'
  | 'ag-ui-client-0-0-59'
  | 'ag-ui-client-1'
  | 'ai5'
  | 'ai6'
  | 'ai7'
  | 'jsdom'
  | 'openai4'
  | 'openai6'
  | 'openai7'
  | 'react'
  | 'react-dom'
  | 'react-dom/client';

/**
 * For the `skip` option of `node:test`: a sentence where the clients are not installed. Where `CI` is set it is false
 * nonetheless, so that the tests fail.
 */
export const skipReason: string | false =
  clients.isInstalled() || (process.env['CI'] ?? '') !== ''
    ? false
    : `skipped: the clients are not installed, or not as their lock says; run ${installCommand}`;

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
