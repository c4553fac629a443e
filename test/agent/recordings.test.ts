import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { buildAgent, invoke, node22, runAgent } from './running-agent.ts';

const folder = new URL('../fixtures/agent-streams/', import.meta.url);

interface Recording {
  readonly name: string;
  readonly file: string;
  readonly status: number;
  readonly contentType: string;
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body: unknown };
}

test('the recordings of this agent are what it still sends, but for how long it took', async () => {
  const manifest = JSON.parse(await readFile(new URL('manifest.json', folder), 'utf8')) as readonly Recording[];
  const recordings = manifest.filter(({ name }) => name.startsWith('demo-'));
  assert.ok(recordings.length > 0);
  await using built = await buildAgent();
  await using agent = await runAgent({ file: built.file, node: node22 });
  for (const { file, status, contentType, request } of recordings) {
    const response = await invoke(agent, { payload: request.body, headers: request.headers });
    assert.deepEqual(
      {
        file,
        status: response.status,
        contentType: response.headers.get('content-type'),
        body: timeless(await response.text()),
      },
      { file, status, contentType, body: timeless(await readFile(new URL(file, folder), 'utf8')) },
    );
  }
});

function timeless(body: string): string {
  return body.replaceAll(/"latencyMs":\d+/gu, '"latencyMs":0');
}
