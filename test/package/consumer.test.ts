import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'relay-consumer-'));
const installed = join(project, 'node_modules', 'agentcore-relay');

/** What an app of one's own has beside this package. */
const dependencies = ['aws-cdk-lib', 'constructs', 'eventsource-parser', 'aws4', 'jose'];

const app = `
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { AgentRelay, RelayAuth } from 'agentcore-relay/cdk';

const stack = new Stack(new App(), 'Mine', { env: { region: 'eu-west-1' } });
const relay = new AgentRelay(stack, 'Relay', {
  agent: 'arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/mine-abc1234567',
  auth: RelayAuth.anonymous(),
});
new CfnOutput(stack, 'Url', { value: relay.url });
`;

before(async () => {
  // The package was built before the tests; packing it must not build it once more.
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
    cwd: root,
  });
  const packed: unknown = JSON.parse(stdout);
  const [{ filename } = { filename: '' }] = (Array.isArray(packed) ? packed : Object.values(Object(packed))) as {
    filename: string;
  }[];
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(project, filename), '-C', installed, '--strip-components=1']);
  for (const name of dependencies) symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  writeFileSync(join(project, 'app.js'), app);
});
after(() => {
  rmSync(project, { recursive: true, force: true });
});

describe('the package, installed into another project', () => {
  it('opens every door that its exports name', async () => {
    const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const doors = Object.keys(exports).filter((door) => door !== './package.json' && door !== './aws-sdk');
    const script = doors
      .map((door) => `console.log(Object.keys(await import('agentcore-relay${door.slice(1)}')).length > 0)`)
      .join('\n');
    // The oldest major that `engines` allows, and the one of the tests.
    for (const node of [join(root, 'node_modules', 'node-22', 'bin', 'node'), process.execPath]) {
      const { stdout } = await run(node, ['--input-type=module', '-e', script], { cwd: project });
      assert.deepEqual(
        stdout.trim().split('\n'),
        doors.map(() => 'true'),
      );
    }
  });

  it('says what to install where a handler in TypeScript has to be bundled', async () => {
    writeFileSync(join(project, 'who.ts'), 'export const identify = (): undefined => undefined;');
    const script = `
      import { RelayAuth, AgentRelay } from 'agentcore-relay/cdk';
      import { App, Stack } from 'aws-cdk-lib';
      const stack = new Stack(new App(), 'Mine', { env: { region: 'eu-west-1' } });
      const agent = 'arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/mine-abc1234567';
      try {
        new AgentRelay(stack, 'Relay', { agent, auth: RelayAuth.handler('who.ts') });
      } catch (error) {
        console.log(error.message);
      }`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: project });
    assert.equal(
      stdout.trim(),
      'the handler of auth, who.ts, has to be bundled, and esbuild is not installed; run "npm install -D esbuild"',
    );
  });

  it('deploys its own bundles by the construct, and runs them by its command', { timeout: 60_000 }, async () => {
    const environment = { ...process.env, CDK_OUTDIR: join(project, 'cdk.out'), CDK_VALIDATION: 'false' };
    await run(process.execPath, ['app.js'], { cwd: project, env: environment });

    const agent = spawn(process.execPath, ['-e', agentScript], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [port] = (await once(agent.stdout, 'data')) as [Buffer];
    const command = join(installed, 'dist', 'cli.js');
    const chain = spawn(
      process.execPath,
      [command, 'local', '--port', '0', '--agent-url', `http://127.0.0.1:${String(port).trim()}`],
      {
        cwd: project,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    try {
      const printed = await readUntil(chain.stdout, /curl -N http:\S+/u);
      const [, url = ''] = /curl -N (http:\S+)/u.exec(printed) ?? [];
      const response = await fetch(url, { method: 'POST', body: '{"prompt":"hi","response":"transformed"}' });
      assert.match(await response.text(), /^You said hi\n\{"runtimeSessionId":/u);
    } finally {
      chain.kill('SIGINT');
      agent.kill();
      await once(chain, 'exit');
    }
  });
});

/** Reads on until the text is there; the pipe stays open, because a command whose output nobody takes ends. */
function readUntil(stream: Readable, pattern: RegExp): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (pattern.test(text)) resolve(text);
  });
  stream.once('end', () => reject(new Error(`it ended after: ${text}`)));
  return promise;
}

/** An agent of one's own: AgentCore's contract in a few lines. */
const agentScript = `
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/ping') return response.end('{"status":"Healthy"}');
  let body = '';
  request.on('data', (chunk) => (body += chunk)).on('end', () => {
    response.setHeader('content-type', 'text/event-stream');
    for (const word of ['You', ' said ', JSON.parse(body).prompt]) response.write('data: ' + JSON.stringify(word) + '\\n\\n');
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;
