import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { clients, copilotKit } from '../client-packages.ts';
import { copilotKitSkipReason, loadCopilotKit } from './installed.ts';

function readVersion(folder: string): string {
  return (JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { readonly version: string }).version;
}

describe('CopilotKit', { skip: copilotKitSkipReason }, () => {
  it('can be loaded', async () => {
    const { CopilotRuntime, copilotRuntimeNodeHttpEndpoint } = await loadCopilotKit();
    assert.deepEqual([typeof CopilotRuntime, typeof copilotRuntimeNodeHttpEndpoint], ['function', 'function']);
  });

  it('brings the version of the AG-UI client that the tests drive for its sake', () => {
    assert.equal(
      readVersion(`${clients.folder}/node_modules/ag-ui-client-0-0-59`),
      readVersion(`${copilotKit.folder}/node_modules/@ag-ui/client`),
    );
  });
});
