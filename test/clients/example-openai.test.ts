import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LocalChain } from '../../src/local.ts';
import { startDeployedChain } from '../end-to-end/deployed-chain.ts';
import { skipReason } from './installed.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const hasCurl = spawnSync('curl', ['--version']).status === 0;

let chain: LocalChain;

before(async () => {
  chain = await startDeployedChain();
});
after(async () => {
  await chain.close();
});

async function runExample(command: string, ...parameters: string[]): Promise<string> {
  const { stdout, stderr } = await run(command, parameters, {
    cwd: root,
    env: { ...process.env, RELAY_URL: chain.url },
    timeout: 60_000,
  });
  assert.equal(stderr, '');
  return stdout;
}

const introduction = 'I am the offline model: no real model is configured, so I answer by a few rules.';

/** By the history that the client sends, then by the name of the conversation. */
const conversations = `${introduction}

Nice to meet you, Ada!

Your name is Ada.

${introduction}

Nice to meet you, Grace!

Your name is Grace.

`;

describe('an example', () => {
  for (const file of ['examples/openai.ts', 'examples/langchain.ts']) {
    it(`remembers by the history and by the conversation's name: ${file}`, { skip: skipReason }, async () => {
      const output = await runExample(process.execPath, '--import', './test/clients/resolve-from-clients.ts', file);
      assert.equal(output, conversations);
    });
  }

  it('in curl has an answer in every format', { skip: hasCurl ? false : 'curl is not installed' }, async () => {
    const output = await runExample('examples/curl.sh');
    const sections = output.split(/^## /mu).slice(1);
    const endings = Object.fromEntries(
      sections.map((section) => {
        const lines = section.split('\n').filter((line) => line !== '');
        return [lines[0], lines.at(-1)?.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}/gu, '…')];
      }),
    );
    const last = (name: string) => endings[name] ?? assert.fail(`there is no section "${name}"`);
    assert.deepEqual(Object.keys(endings), [
      'original',
      'transformed',
      'transformed, by GET',
      'ndjson',
      'openai-chat',
      'openai-chat, whole',
      'openai-chat, remembered',
      'openai-chat, models',
      'openai-responses',
      'ui-message',
      'ag-ui',
    ]);
    assert.match(last('original'), /^data: \{"type":"modelStreamUpdateEvent","event":\{"type":"modelMetadataEvent"/u);
    assert.equal(last('transformed'), '{"runtimeSessionId":"…"}');
    assert.equal(last('transformed, by GET'), '{"runtimeSessionId":"…"}');
    assert.match(last('ndjson'), /^\{"type":"run-end","stopReason":"end-turn"/u);
    assert.equal(last('openai-chat'), 'data: [DONE]');
    assert.match(last('openai-chat, whole'), /"content":"[^"]+Nice to meet you, Ada!"/u);
    assert.match(last('openai-chat, remembered'), /"content":"Your name is Ada\."/u);
    assert.equal(
      last('openai-chat, models'),
      '{"object":"list","data":[{"id":"agent","object":"model","created":0,"owned_by":"agentcore-relay"}]}',
    );
    assert.match(last('openai-responses'), /^data: \{"type":"response\.completed"/u);
    assert.equal(last('ui-message'), 'data: [DONE]');
    assert.match(last('ag-ui'), /^data: \{"type":"RUN_FINISHED","threadId":"thread-…","runId":"run-1"/u);
  });
});
