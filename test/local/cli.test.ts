import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { openCheckpoints } from './checkpoints.ts';
import { synthesizeFixture } from './fixture-assembly.ts';
import type { FixtureAssembly } from './fixture-assembly.ts';
import { isAlive, runCli, startCli } from './run-cli.ts';
import type { CliResult } from './run-cli.ts';

let assembly: FixtureAssembly;
let projectDirectory: string;
before(() => {
  assembly = synthesizeFixture();
  projectDirectory = mkdtempSync(path.join(tmpdir(), 'local-cli-'));
});
after(() => {
  assembly.remove();
  rmSync(projectDirectory, { recursive: true, force: true });
});

test('says its usage, on stdout where it was asked for and on stderr where it was not', async () => {
  const asked = await run('--help');
  assert.deepEqual(
    [asked.code, asked.stderr, asked.stdout.split('\n')[0]],
    [0, '', 'Usage: agentcore-relay <command> [options]'],
  );
  const local = await run('local', '--help');
  assert.deepEqual(
    [local.code, local.stderr, local.stdout.split('\n')[0]],
    [0, '', 'Usage: agentcore-relay local [options]'],
  );
  const nothing = await run();
  assert.deepEqual([nothing.code, nothing.stdout, nothing.stderr], [2, '', asked.stdout]);
});

test('says in a sentence that its Node.js is too old, before anything needs a newer one', async () => {
  const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  await using running = startCli(projectDirectory, ['local', '--synth'], {
    NODE_OPTIONS: `--import=data:text/javascript,${older}`,
  });
  assert.deepEqual(
    [await running.ended, running.stdout.text(), running.stderr.text()],
    [2, '', 'agentcore-relay: needs Node.js 22.18 or newer, got 20.20.2\n'],
  );
});

test('answers what it cannot do with a sentence and an exit code, never with a stack', async () => {
  const silent = await refusedPort();
  const answers = await Promise.all(
    [
      ['deploy'],
      ['local', '--bogus'],
      ['local', '--assembly', 'nowhere'],
      ['local', '--synth', '--port', '0'],
      ['local', '--assembly', assembly.directory, '--agent-url', `http://127.0.0.1:${silent}`],
    ].map((line) => run(...line)),
  );
  assert.deepEqual(
    answers.map(({ code, stdout, stderr }) => [code, stdout, stderr]),
    [
      [2, '', 'agentcore-relay: unknown command "deploy"; allowed are local, key and user\n'],
      [
        2,
        '',
        'agentcore-relay local: unknown option --bogus; allowed are --port, --assembly, --parameter, --synth, --context, --build, --watch, --keys, --users, --agent, --agent-url, --agent-arn, --profile, --region, --agent-protocol, --fault, --fault-seed, --trace, --json, --help\nagentcore-relay local --help says more\n',
      ],
      [
        1,
        '',
        'agentcore-relay local: there is no cloud assembly in "nowhere": manifest.json is missing; synthesize the CDK app first (cdk synth, or --synth)\n',
      ],
      [1, '', 'agentcore-relay local: there is no CDK app to synthesize: "cdk.json" does not exist\n'],
      [
        1,
        '',
        `agentcore-relay local: no agent answers at http://127.0.0.1:${silent}: connect ECONNREFUSED 127.0.0.1:${silent}\n`,
      ],
    ],
  );
});

test('says what is wrong with a file, a fault or a command that it is given', async () => {
  const damaged = assembly.copyWith((resource) => resource);
  writeFileSync(path.join(damaged, 'manifest.json'), '{"artifacts":');
  const file = path.join(damaged, 'manifest.json');
  const given = ['--assembly', assembly.directory, '--port', '0'];
  const lines: readonly [line: readonly string[], code: number, lastSentence: string | RegExp][] = [
    [['--assembly', damaged], 1, /^"[^"]+manifest\.json" cannot be read: Unexpected end of JSON input/u],
    [
      [...given, '--trace', path.join('no', 'such', 'trace.har')],
      1,
      /^the trace "no.such.trace\.har" cannot be written: ENOENT: /u,
    ],
    [[...given, '--parameter', 'Stage=live'], 1, /^no template has the parameter Stage; there are BootstrapVersion$/u],
    [[...given, '--fault', 'splat=1'], 2, /^--fault: the fault "splat=1" is not known; known are split, /u],
    [['--synth', '--port', '0', '--assembly', file], 1, `"${file}" is a file; a CDK app is synthesized into a folder`],
    [
      ['--synth', '--port', '0', '--build', 'no-such-command --fast'],
      1,
      'the build failed (exit code 127): no-such-command --fast',
    ],
  ];
  const answers = await Promise.all(lines.map(([line]) => run('local', ...line)));
  for (const [at, { code, stdout, stderr }] of answers.entries()) {
    const [line = [], expectedCode, sentence = ''] = lines[at] ?? [];
    const last = stderr.split('\n').findLast((text) => text.startsWith('agentcore-relay local: ')) ?? '';
    assert.deepEqual([code, stdout], [expectedCode, ''], line.join(' '));
    assert.match(last.replace('agentcore-relay local: ', ''), toPattern(sentence));
    assert.ok(!/^ +at /mu.test(stderr), stderr);
  }
});

test('says of cdk.json that it is no JSON, or no object', async () => {
  for (const [contents, reason] of [
    ['{', /^agentcore-relay local: "cdk\.json" cannot be read: /u],
    ['[]', /^agentcore-relay local: "cdk\.json" holds no JSON object\n$/u],
  ] as const) {
    writeFileSync(path.join(projectDirectory, 'cdk.json'), contents);
    const { code, stderr } = await run('local', '--synth', '--port', '0');
    rmSync(path.join(projectDirectory, 'cdk.json'));
    assert.equal(code, 1);
    assert.match(stderr, reason);
  }
});

test('ends the app with itself where it is interrupted in the middle of the synthesis', async () => {
  await using checkpoints = await openCheckpoints();
  writeFileSync(
    path.join(projectDirectory, 'app.mjs'),
    'import { writeFileSync } from "node:fs"; writeFileSync("pid", String(process.pid)); await fetch(process.env.FIXTURE_URL + "/synthesis");',
  );
  writeFileSync(path.join(projectDirectory, 'cdk.json'), JSON.stringify({ app: `"${process.execPath}" app.mjs` }));
  await using running = startCli(projectDirectory, ['local', '--synth', '--port', '0'], {
    FIXTURE_URL: checkpoints.url,
  });
  await checkpoints.reached('synthesis');
  running.child.kill('SIGTERM');
  assert.equal(await running.ended, 130);
  const pid = Number(readFileSync(path.join(projectDirectory, 'pid'), 'utf8'));
  rmSync(path.join(projectDirectory, 'cdk.json'));
  await untilGone(pid);
});

test('says which CDK app failed, after what that app wrote', async () => {
  const app = `"${process.execPath}" -e "console.error('the bundle is missing'); process.exit(3)"`;
  writeFileSync(path.join(projectDirectory, 'cdk.json'), JSON.stringify({ app }));
  const { code, stdout, stderr } = await run('local', '--synth', '--port', '0');
  rmSync(path.join(projectDirectory, 'cdk.json'));
  assert.deepEqual(
    [code, stdout, stderr.split('\n')],
    [
      1,
      '',
      [
        `synthesizing the CDK app: ${app}`,
        'the bundle is missing',
        `agentcore-relay local: the CDK app failed (exit code 3): ${app}`,
        '',
      ],
    ],
  );
});

test('says that the port is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await run('local', '--assembly', assembly.directory, '--port', String(port));
  server.close();
  assert.deepEqual(
    [code, stderr],
    [
      1,
      `agentcore-relay local: port ${port} of 127.0.0.1 is taken; choose another one with --port, or end what listens there\n`,
    ],
  );
});

test('prints what runs where and a line per request, and leaves no process behind on Ctrl-C', async () => {
  await using running = startCli(projectDirectory, ['local', '--assembly', assembly.directory, '--port', '0']);
  const output = running.stdout;
  await output.until(/^Ready after \d+\.\d s\. Ctrl-C ends it\.$/mu);
  const url = /http:\/\/127\.0\.0\.1:\d+/u.exec(output.text())?.[0] ?? '';
  for (const hop of [
    'CloudFront',
    'viewer request',
    'origin request',
    'origin response',
    'Function URL',
    'relay',
    'AgentCore',
    'agent',
  ]) {
    assert.match(output.text(), new RegExp(`^  (?:\\*: )?${hop} `, 'mu'));
  }
  assert.match(output.text(), new RegExp(`^  curl -N ${url} -d '\\{"prompt":`, 'mu'));
  const response = await fetch(`${url}/some/path?prompt=secret`);
  await response.arrayBuffer();
  await output.until(
    /^\d\d:\d\d:\d\d GET \/some\/path 200 [\d,]+ B  viewer function [\d.]+ · edge [\d.]+ · relay [\d.]+ \(cold \d+\) · edge response [\d.]+ · first byte \d+ · total \d+ ms$/mu,
  );
  assert.ok(!output.text().includes('secret'), 'the query is in the log');
  const relay = Number(response.headers.get('x-fixture-pid'));
  assert.ok(isAlive(relay));
  const interrupted = performance.now();
  running.child.kill('SIGINT');
  assert.equal(await running.ended, 0);
  assert.ok(performance.now() - interrupted < 2500, 'it took longer than its own bound to end');
  assert.ok(!isAlive(relay), `process ${relay} is still there`);
});

test('ends at once with an answer under way, and its process with it', async () => {
  await using checkpoints = await openCheckpoints();
  const holding = assembly.copyWith((resource) => {
    const { Environment } = resource.Properties as { Environment?: { Variables: Record<string, string> } };
    if (Environment !== undefined) Environment.Variables['FIXTURE_URL'] = checkpoints.url;
    return resource;
  });
  await using running = startCli(projectDirectory, ['local', '--assembly', holding, '--port', '0']);
  const [url] = await running.stdout.until(/http:\/\/127\.0\.0\.1:\d+/u);
  await running.stdout.until(/Ctrl-C ends it/u);
  const held = await fetch(url, { method: 'POST', body: 'abcd', headers: { 'x-fixture-relay': 'hold-middle' } });
  const interrupted = performance.now();
  const rest = assert.rejects(held.text());
  running.child.kill('SIGINT');
  assert.equal(await running.ended, 0);
  assert.ok(performance.now() - interrupted < 2500, 'it took longer than its own bound to end');
  await rest;
  assert.ok(!isAlive(Number(held.headers.get('x-fixture-pid'))), 'the process of the answer is still there');
});

test('ends by itself, without a stack, when nobody takes its output any more', async () => {
  await using running = startCli(projectDirectory, ['local', '--assembly', assembly.directory, '--port', '0']);
  const [url] = await running.stdout.until(/http:\/\/127\.0\.0\.1:\d+/u);
  await running.stdout.until(/Ctrl-C ends it/u);
  running.child.stdout.destroy();
  const response = await fetch(url);
  await response.arrayBuffer();
  assert.deepEqual([await running.ended, running.stderr.text()], [0, '\nstopping\n']);
});

const run = (...commandLine: readonly string[]): Promise<CliResult> => runCli(projectDirectory, commandLine);

function toPattern(sentence: string | RegExp): RegExp {
  return typeof sentence === 'string'
    ? new RegExp(`^${sentence.replaceAll(/[()./\\]/gu, String.raw`\$&`)}$`, 'u')
    : sentence;
}

/** What was killed may take a moment to be gone. */
async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) {
    await setImmediate();
  }
}

/** A port on which nothing listens, because what did has been closed. */
async function refusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
