import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { LocalEvent } from '../../src/local.ts';
import { synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly } from './fixture-assembly.ts';
import { runCli, startCli } from './run-cli.ts';

let assembly: FixtureAssembly;
let projectDirectory: string;
before(() => {
  assembly = synthesizeFixture();
  projectDirectory = mkdtempSync(path.join(tmpdir(), 'local-json-'));
});
after(() => {
  assembly.remove();
  rmSync(projectDirectory, { recursive: true, force: true });
});

test('writes one JSON object a line for what happens, and nothing else', async () => {
  const line = ['local', '--assembly', assembly.directory, '--port', '0', '--json'];
  await using running = startCli(projectDirectory, line);
  await running.stdout.until(/"type":"ready".*\n/u);
  const ready = eventsOf(running.stdout.text()).find(({ type }) => type === 'ready');
  assert.ok(ready?.type === 'ready');
  const { url, agentCoreEndpoint, startMs, ...rest } = ready;
  assert.deepEqual(rest, { type: 'ready', auth: [], secrets: [] });
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/u);
  assert.match(String(agentCoreEndpoint), /^http:\/\/127\.0\.0\.1:\d+$/u);
  assert.ok(startMs > 50 && Number.isInteger(startMs), `${startMs} ms`);
  const response = await fetch(`${url}/some/path?prompt=hunter2`, {
    method: 'POST',
    body: 'abcd',
    headers: { 'x-fixture-relay': 'throw' },
  });
  await response.arrayBuffer();
  await running.stdout.until(/"type":"request".*\n/u);
  running.child.kill('SIGINT');
  assert.equal(await running.ended, 0);
  const events = eventsOf(running.stdout.text());
  const { at, requestId, bytes, firstByteMs, totalMs, hops, ...request } = requestOf(events);
  assert.deepEqual(request, {
    type: 'request',
    method: 'POST',
    path: '/some/path',
    status: 502,
    ending: 'complete',
    cacheResult: 'Error from cloudfront',
    faults: [],
  });
  assert.deepEqual(
    [at, bytes, firstByteMs, totalMs, hops.viewerFunctionMs].map((value) => typeof value),
    Array.from({ length: 5 }, () => 'number'),
  );
  assert.equal(requestId, response.headers.get('x-amz-cf-id'));
  const logs = events.flatMap((event) => (event.type === 'log' ? [event] : []));
  assert.ok(
    logs.some(({ source, text }) => source.startsWith('Relay') && text.includes('the relay was told to throw')),
    'the log of the function is missing',
  );
  assert.deepEqual(events.at(-1), { type: 'stopped' });
  assert.ok(!running.stdout.text().includes('hunter2'), 'the query is in it');
  assert.equal(running.stderr.text(), '');
});

test('says also there what is wrong, before it has begun', async () => {
  const [usage, chain] = await Promise.all([
    runCli(projectDirectory, ['local', '--json', '--bogus']),
    runCli(projectDirectory, ['local', '--json', '--assembly', 'nowhere']),
  ]);
  const [wrong, missing] = [usage, chain].map(({ stdout }) => eventsOf(stdout));
  assert.equal(usage.code, 2);
  assert.match(usage.stderr, /^agentcore-relay local: unknown option --bogus;/u);
  assert.deepEqual(
    [wrong?.length, wrong?.[0]?.type === 'error' && wrong[0].message.startsWith('unknown option --bogus;')],
    [1, true],
  );
  const message =
    'there is no cloud assembly in "nowhere": manifest.json is missing; synthesize the CDK app first (cdk synth, or --synth)';
  assert.deepEqual(
    [chain.code, chain.stderr, missing],
    [1, `agentcore-relay local: ${message}\n`, [{ type: 'error', message }]],
  );
});

function eventsOf(stdout: string): readonly LocalEvent[] {
  const lines = stdout.split('\n');
  assert.equal(lines.pop(), '', 'the last line is not whole');
  return lines.map((line) => JSON.parse(line) as LocalEvent);
}

function requestOf(events: readonly LocalEvent[]): LocalEvent & { readonly type: 'request' } {
  const [request, ...others] = events.flatMap((event) => (event.type === 'request' ? [event] : []));
  assert.ok(request !== undefined && others.length === 0);
  return request;
}
