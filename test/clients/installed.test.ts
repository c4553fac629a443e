import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { clients } from './client-packages.ts';
import { clientNames, loadClient, skipReason } from './installed.ts';

function readVersion(place: string): string {
  const { version } = JSON.parse(readFileSync(`${clients.folder}/node_modules/${place}/package.json`, 'utf8')) as {
    readonly version: string;
  };
  return version;
}

describe('the clients', { skip: skipReason }, () => {
  for (const name of clientNames) {
    it(`can be loaded: ${name}`, async () => {
      assert.notDeepEqual(Object.keys(await loadClient<object>(name)), []);
    });
  }

  it('are each of the major that its name says, with the parts of that major', () => {
    const majors = {
      ai5: ['ai5', 'ai5/node_modules/@ai-sdk/provider'],
      ai6: ['ai6', 'ai6/node_modules/@ai-sdk/provider'],
      ai7: ['ai7', 'ai', '@ai-sdk/provider'],
      openai: ['openai4', 'openai6', 'openai7', 'openai'],
    };
    assert.deepEqual(
      Object.values(majors).map((places) => places.map((place) => readVersion(place).split('.', 1)[0])),
      [
        ['5', '2'],
        ['6', '3'],
        ['7', '7', '4'],
        ['4', '6', '7', '7'],
      ],
    );
    const agUi = ['ag-ui-client-1', 'ag-ui-client-1/node_modules/@ag-ui/core', 'ag-ui-client-0-0-59'];
    assert.deepEqual(
      [...agUi, 'ag-ui-client-0-0-59/node_modules/@ag-ui/core', 'ag-ui-client-0-0-45', '@ag-ui/core'].map(readVersion),
      ['1.0.0', '1.0.0', '0.0.59', '0.0.59', '0.0.45', '0.0.45'],
    );
  });
});
