import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { LocalChain, LocalChainOptions } from '../../src/local.ts';
import { startWatchedChain } from '../watched-servers.ts';
import { openCheckpoints } from './checkpoints.ts';
import { synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly, LooseResource } from './fixture-assembly.ts';
import { isAlive } from './run-cli.ts';

let assembly: FixtureAssembly;
/** The fixture, with time enough for an answer that is held while much else is done. */
let patient: string;
/** The same with one more header in its response headers policy. */
let changed: string;
before(() => {
  assembly = synthesizeFixture();
  patient = assembly.copyWith(waitLonger);
  changed = assembly.copyWith((resource) => addHeader(waitLonger(resource)));
});
after(() => assembly.remove());

test('meets new requests with the new assembly, ends old ones on the old one, and then its processes', async () => {
  await using checkpoints = await openCheckpoints();
  const retired = Promise.withResolvers<string>();
  await using chain = await start({ checkpoints: checkpoints.url, onRetired: (old) => retired.resolve(old) });
  const old = await openAnswer(chain);
  const { url, agentCoreEndpoint } = chain;
  await chain.reload(changed);
  assert.deepEqual([await versionOf(chain), chain.url], ['2', url]);
  assert.notEqual(chain.agentCoreEndpoint, agentCoreEndpoint);
  assert.ok(isAlive(old.pid), 'the old process ended before its answer');
  checkpoints.release('middle');
  checkpoints.release('end');
  assert.equal(await old.rest, 'abcd');
  assert.equal(await retired.promise, patient);
  assert.ok(!isAlive(old.pid), 'the old process is still there');
});

test('goes on as it is where the new assembly cannot be read, and takes the next one', async () => {
  await using chain = await start({});
  const broken = assembly.copyWith(waitLonger);
  writeFileSync(path.join(broken, 'manifest.json'), '{');
  await assert.rejects(chain.reload(broken), {
    name: 'LocalChainError',
    message: /^".*manifest\.json" cannot be read: /u,
  });
  assert.equal(await versionOf(chain), null);
  await chain.reload(changed);
  assert.equal(await versionOf(chain), '2');
});

test('reads its own assembly anew where no other is named, and never says that it may be removed', async () => {
  const copy = assembly.copyWith(waitLonger);
  const retired: string[] = [];
  const chain = await start({ assembly: copy, onRetired: (old) => retired.push(old) });
  const { agentCoreEndpoint } = chain;
  await chain.reload();
  assert.notEqual(chain.agentCoreEndpoint, agentCoreEndpoint);
  rmSync(path.join(copy, 'Front.template.json'));
  await assert.rejects(chain.reload(), { message: /Front\.template\.json" cannot be read: ENOENT/u });
  await chain.close();
  assert.deepEqual(retired, []);
});

test('replaces one assembly after another where several come at once', async () => {
  const retired: string[] = [];
  await using chain = await start({ onRetired: (old) => retired.push(old) });
  await Promise.all([chain.reload(changed), chain.reload(patient), chain.reload(changed)]);
  assert.equal(await versionOf(chain), '2');
  await chain.close();
  assert.deepEqual([...new Set(retired)], [patient]);
});

test('ends both where it is closed with an answer under way on the old one', async () => {
  await using checkpoints = await openCheckpoints();
  const chain = await start({ checkpoints: checkpoints.url });
  const old = await openAnswer(chain);
  await chain.reload(changed);
  const reloading = chain.reload(patient);
  await Promise.all([
    chain.close(),
    assert.rejects(reloading, { name: 'LocalChainError', message: 'the local chain is closed' }),
    assert.rejects(old.rest),
  ]);
  assert.ok(!isAlive(old.pid), 'the old process is still there');
  await assert.rejects(chain.reload(changed), { message: 'the local chain is closed' });
});

function start({
  checkpoints = '',
  ...options
}: Partial<LocalChainOptions> & { readonly checkpoints?: string }): Promise<LocalChain> {
  return startWatchedChain({
    assembly: patient,
    port: 0,
    relayEnvironment: { FIXTURE_URL: checkpoints },
    ...options,
  });
}

function waitLonger(resource: LooseResource): LooseResource {
  if (resource.Type === 'AWS::CloudFront::Distribution') {
    const { Origins } = resource.Properties['DistributionConfig'] as {
      Origins: { CustomOriginConfig: { OriginReadTimeout: number } }[];
    };
    for (const { CustomOriginConfig } of Origins) CustomOriginConfig.OriginReadTimeout = 60;
  }
  return resource;
}

function addHeader(resource: LooseResource): LooseResource {
  if (resource.Type === 'AWS::CloudFront::ResponseHeadersPolicy') {
    const config = resource.Properties['ResponseHeadersPolicyConfig'] as Record<string, unknown>;
    config['CustomHeadersConfig'] = { Items: [{ Header: 'x-version', Value: '2', Override: true }] };
  }
  return resource;
}

async function versionOf(chain: LocalChain): Promise<string | null> {
  const response = await fetch(chain.url, { method: 'POST', body: 'x' });
  await response.arrayBuffer();
  return response.headers.get('x-version');
}

/** An answer that is held in its middle. */
async function openAnswer(chain: LocalChain): Promise<{ readonly pid: number; readonly rest: Promise<string> }> {
  const { headers, body } = await fetch(chain.url, {
    method: 'POST',
    body: 'abcd',
    headers: { 'x-fixture-relay': 'hold-middle' },
  });
  assert.ok(body !== null);
  const rest = text(body);
  // It is awaited later; until then the failure of an assertion says more.
  rest.catch(() => undefined);
  return { pid: Number(headers.get('x-fixture-pid')), rest };
}
