import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { chainTemplate } from './chain-template.ts';
import { openCheckpoints } from './checkpoints.ts';
import { synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly } from './fixture-assembly.ts';
import { isAlive, startCli } from './run-cli.ts';
import type { RunningCli } from './run-cli.ts';

/**
 * A CDK app in a few lines: its assembly is the fixture's with a header that `version.txt` says, as the build has left it.
 * `fail` in there makes it fail, and `hold` makes it wait for the test.
 */
const app = `
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
const version = readFileSync('dist/version.txt', 'utf8').trim();
if (version === 'fail') { console.error('the app was told to fail'); process.exit(3); }
if (version === 'hold') {
  writeFileSync('.app-pid', String(process.pid));
  await fetch(process.env.FIXTURE_URL + '/synthesis');
}
const out = process.env.CDK_OUTDIR;
cpSync(process.env.FIXTURE, out, { recursive: true });
const file = out + '/Front.template.json';
const template = JSON.parse(readFileSync(file, 'utf8'));
const resources = Object.values(template.Resources);
const policy = resources.find(({ Type }) => Type === 'AWS::CloudFront::ResponseHeadersPolicy');
policy.Properties.ResponseHeadersPolicyConfig.CustomHeadersConfig = { Items: [{ Header: 'x-version', Value: version, Override: true }] };
const distribution = resources.find(({ Type }) => Type === 'AWS::CloudFront::Distribution');
for (const origin of distribution.Properties.DistributionConfig.Origins) origin.CustomOriginConfig.OriginReadTimeout = 60;
const relay = resources.find(({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Environment !== undefined);
relay.Properties.Environment.Variables.FIXTURE_URL = process.env.FIXTURE_URL;
if (version === 'bad') distribution.Type = 'AWS::S3::Bucket';
writeFileSync(file, JSON.stringify(template));
`;

const build = `
import { cpSync, mkdirSync } from 'node:fs';
mkdirSync('dist', { recursive: true });
cpSync('version.txt', 'dist/version.txt');
`;

let assembly: FixtureAssembly;
let project: string;
before(() => {
  assembly = synthesizeFixture();
});
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), 'local-watch-'));
  write('cdk.json', JSON.stringify({ app: `"${process.execPath}" app.mjs` }));
  write('app.mjs', app);
  write('build.mjs', build);
  write('version.txt', '1');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));
after(() => assembly.remove());

test('runs what a change makes of the app behind the same port, and leaves no folder behind', async () => {
  await using checkpoints = await openCheckpoints();
  await using running = startWatching(checkpoints.url);
  const url = await urlOf(running);
  assert.match(running.stdout.text(), /^Ready after \d+\.\d s, watching this folder\. Ctrl-C ends it\.$/mu);
  const held = await fetch(url, { method: 'POST', body: 'abcd', headers: { 'x-fixture-relay': 'hold-middle' } });
  const rest = held.text();
  // It is awaited later; until then the failure of an assertion says more.
  rest.catch(() => undefined);
  const pid = Number(held.headers.get('x-fixture-pid'));
  write('version.txt', '2');
  await running.stderr.until(
    /^rebuilt in \d+\.\d s after a change of version\.txt; sessions begin anew; AgentCore is at http:\S+ now$/mu,
  );
  assert.deepEqual([held.headers.get('x-version'), await versionOf(url)], ['1', '2']);
  assert.equal(folders().length, 1, 'what runs is not in a folder of its own');
  write('node_modules/x/index.js', 'no source');
  write('deep/er/new.ts', 'a source');
  await running.stderr.until(/after a change of deep\/er\/new\.ts;/u);
  // The folder before goes when its processes have ended.
  while (folders().length > 1) {
    await setImmediate();
  }
  assert.equal(await versionOf(url), '2');
  checkpoints.release('middle');
  checkpoints.release('end');
  assert.equal(await rest, 'abcd');
  await stop(running);
  assert.ok(!isAlive(pid), `process ${pid} is still there`);
  assert.deepEqual(folders(), []);
});

test('says what is wrong with a change, goes on with what ran before, and takes the next', async () => {
  await using running = startWatching('');
  const url = await urlOf(running);
  for (const [version, sentence] of [
    ['fail', `the CDK app failed (exit code 3): "${process.execPath}" app.mjs; what ran before goes on`],
    ['bad', 'AWS::CloudFront::Distribution'],
  ] as const) {
    write('version.txt', version);
    await running.stderr.until(new RegExp(`^agentcore-relay local: .*${escape(sentence)}`, 'mu'));
    assert.equal(await versionOf(url), '1');
    assert.deepEqual(folders(), []);
  }
  write('build.mjs', 'process.exit(4)');
  await running.stderr.until(
    /^agentcore-relay local: the build failed \(exit code 4\): .*; what ran before goes on$/mu,
  );
  write('version.txt', '3');
  write('build.mjs', build);
  await running.stderr.until(/^rebuilt in/mu);
  assert.equal(await versionOf(url), '3');
  await stop(running);
});

test('ends with an interrupt in the middle of a rebuild, and the rebuild with it', async () => {
  await using checkpoints = await openCheckpoints();
  await using running = startWatching(checkpoints.url);
  await urlOf(running);
  write('version.txt', 'hold');
  await checkpoints.reached('synthesis');
  const pid = Number(readFileSync(path.join(project, '.app-pid'), 'utf8'));
  assert.ok(isAlive(pid));
  const begun = performance.now();
  await stop(running);
  assert.ok(performance.now() - begun < 2500, 'it took longer than its own bound to end');
  assert.ok(!isAlive(pid), 'the app is still there');
  assert.deepEqual(folders(), []);
  assert.ok(!running.stderr.text().includes('failed'), running.stderr.text());
});

test('reads an assembly anew that others have made', async () => {
  const copy = assembly.copyWith((resource) => resource);
  await using running = startCli(project, ['local', '--assembly', copy, '--watch', '--port', '0']);
  const url = await urlOf(running);
  assert.equal(await versionOf(url), null);
  const template = readFileSync(path.join(copy, 'Front.template.json'), 'utf8');
  const header = '{"Header":"x-version","Override":true,"Value":"4"}';
  rmSync(path.join(copy, 'Front.template.json'));
  await running.stderr.until(/Front\.template\.json" cannot be read: .*; what ran before goes on$/mu);
  writeFileSync(
    path.join(copy, 'Front.template.json'),
    template.replace(/("CustomHeadersConfig":\{"Items":\[)/u, `$1${header},`),
  );
  await running.stderr.until(/^rebuilt in .* after a change of copy-\d+\/Front\.template\.json;/mu);
  assert.equal(await versionOf(url), '4');
  await stop(running);
});

test('watches what lies about a template written by hand, and the code that it deploys from elsewhere', async () => {
  cpSync(path.dirname(chainTemplate), project, { recursive: true });
  renameSync(path.join(project, 'streaming'), path.join(project, 'dist'));
  const template = readFileSync(path.join(project, 'chain.yaml'), 'utf8');
  write('chain.yaml', template.replace('./streaming', './dist'));
  await using running = startCli(project, ['local', '--assembly', 'chain.yaml', '--watch', '--port', '0']);
  const url = await urlOf(running);
  assert.match(running.stdout.text(), /^Ready after \d+\.\d s, watching this folder, dist\. Ctrl-C ends it\.$/mu);
  const code = readFileSync(path.join(project, 'dist/index.mjs'), 'utf8');
  write('dist/index.mjs', code.replace('"done":true', '"done":"again"'));
  await running.stderr.until(/^rebuilt in .* after a change of index\.mjs;/mu);
  assert.match(await (await fetch(url)).text(), /^\{"done":"again"\}$/mu);
  const edge = readFileSync(path.join(project, 'body-hash/hash.mjs'), 'utf8');
  write('body-hash/hash.mjs', `${edge}// changed\n`);
  await running.stderr.until(/^rebuilt in .* after a change of body-hash\/hash\.mjs;/mu);
  await stop(running);
});

function escape(sentence: string): string {
  return sentence.replaceAll(/[()./\\]/gu, String.raw`\$&`);
}

function write(file: string, contents: string): void {
  mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
  writeFileSync(path.join(project, file), contents);
}

function startWatching(checkpoints: string): RunningCli {
  const node = `"${process.execPath}"`;
  const line = ['local', '--synth', '--watch', '--build', `${node} build.mjs`, '--port', '0'];
  return startCli(project, line, { FIXTURE: assembly.directory, FIXTURE_URL: checkpoints });
}

async function urlOf(running: RunningCli): Promise<string> {
  const [url] = await running.stdout.until(/http:\/\/127\.0\.0\.1:\d+/u);
  await running.stdout.until(/Ctrl-C ends it\./u);
  return url;
}

async function versionOf(url: string): Promise<string | null> {
  const response = await fetch(url, { method: 'POST', body: 'x' });
  await response.arrayBuffer();
  return response.headers.get('x-version');
}

async function stop(running: RunningCli): Promise<void> {
  running.child.kill('SIGINT');
  assert.equal(await running.ended, 0);
}

/** The assemblies that are there only for as long as they run. */
function folders(): readonly string[] {
  return readdirSync(project).filter((name) => name.startsWith('cdk.out.watch-'));
}
