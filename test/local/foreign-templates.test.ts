/** Chains that are not ours: the CDK's constructs alone, and a template written by hand. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { LocalChain, LocalChainOptions } from '../../src/local.ts';
import { startWatchedChain } from '../watched-servers.ts';
import { chainTemplate } from './chain-template.ts';
import { openCheckpoints } from './checkpoints.ts';
import { synthesizeForeignApp } from './foreign-app.ts';

let foreignApp: string;
before(() => {
  foreignApp = mkdtempSync(path.join(tmpdir(), 'foreign-app-'));
  synthesizeForeignApp(foreignApp);
});
after(() => rmSync(foreignApp, { recursive: true, force: true }));

test("runs and streams an app of the CDK's own constructs, which has no agent", async () => {
  await using checkpoints = await openCheckpoints();
  await using chain = await start({ assembly: foreignApp, relayEnvironment: { FIXTURE_URL: checkpoints.url } });
  const response = await fetch(chain.url);
  const pieces = readPieces(response);
  const first = await pieces.next();
  await checkpoints.reached('middle');
  checkpoints.release('middle');
  assert.deepEqual(
    {
      agent: [chain.agent, chain.agentCoreEndpoint, chain.deployment.agentRuntimeArn],
      notices: chain.deployment.notices.map(({ property }) => property),
      status: response.status,
      first: first.value,
      second: await pieces.next(),
      end: (await pieces.next()).done,
    },
    {
      agent: [undefined, undefined, undefined],
      notices: ['Environment.Variables.TABLE', 'DistributionConfig.DefaultCacheBehavior.CachePolicyId'],
      status: 200,
      first: '{"GREETING":"from afar","STAGE":"foreign"}\n',
      second: { done: false, value: '{"done":true}\n' },
      end: true,
    },
  );
});

test("refuses a body without its hash where no edge function makes it, and takes the viewer's own", async () => {
  await using chain = await start({ assembly: foreignApp });
  const post = (headers: Readonly<Record<string, string>>) =>
    fetch(chain.url, { method: 'POST', body: 'hello', headers: { 'content-type': 'text/plain', ...headers } });
  const refused = await post({});
  const taken = await post({ 'x-amz-content-sha256': createHash('sha256').update('hello').digest('hex') });
  assert.deepEqual(
    [
      refused.status,
      refused.headers.get('x-amzn-errortype'),
      taken.status,
      JSON.parse((await taken.text()).split('\n', 1)[0] ?? ''),
    ],
    [403, 'InvalidSignatureException', 200, { GREETING: 'from afar', STAGE: 'foreign', body: 'hello' }],
  );
});

test('runs a template that is written by hand in YAML, with its edge functions', async () => {
  await using chain = await start({ assembly: chainTemplate });
  const response = await fetch(chain.url, { method: 'POST', body: 'hello', headers: { 'content-type': 'text/plain' } });
  assert.deepEqual(
    {
      status: response.status,
      frameOptions: response.headers.get('x-frame-options'),
      lines: (await response.text())
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    },
    {
      status: 200,
      frameOptions: 'DENY',
      lines: [
        {
          GREETING: 'hello from chain in us-east-1',
          STAGE: 'test',
          fromEdge: 'yes',
          fromOrigin: 'test',
          body: 'hello',
        },
        { done: true },
      ],
    },
  );
});

test('says that no agent can stand for one that no function invokes', async () => {
  await assert.rejects(start({ assembly: chainTemplate, agent: { kind: 'url', url: 'http://127.0.0.1:1' } }), {
    name: 'LocalChainError',
    message: /^there is no agent that another could stand for: /u,
  });
});

function start(options: LocalChainOptions): Promise<LocalChain> {
  return startWatchedChain({ port: 0, ...options });
}

async function* readPieces(response: Response): AsyncGenerator<string> {
  for await (const piece of response.body ?? []) {
    yield Buffer.from(piece).toString();
  }
}
