import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StopRuntimeSessionCommand } from '@aws-sdk/client-bedrock-agentcore';
import { defaultLifecycle } from '../../src/local/agentcore/agentcore-settings.ts';
import type { AgentCoreSettings, AgentHosting } from '../../src/local/agentcore/agentcore-settings.ts';
import { contractOf } from '../../src/local/container-contract.ts';
import { agentFolder, agentRuntimeArn, invocation, json, scopeWith, sessionId, start } from './agentcore-harness.ts';
import type { Started } from './agentcore-harness.ts';
import { processIsGone, untilGone, untilTrue } from './until.ts';

const scratch = mkdtempSync(join(tmpdir(), 'agentcore-command-'));
after(() => rmSync(scratch, { recursive: true }));

const otherSession = { runtimeSessionId: `other-${sessionId}` };

describe('a command', () => {
  it('is a process per session, with the port in its environment or in its own words', async (t) => {
    for (const command of ['node main.mjs', 'PORT={port} node main.mjs']) {
      const { client, lines, notes } = await startCommand(t, command);
      const first = await json(client, { prompt: 'who' });
      const again = await json(client, { prompt: 'who' });
      const other = await json(client, { prompt: 'who' }, otherSession);
      assert.deepEqual([again['pid'], again['invocations'], other['invocations'], notes], [first['pid'], 2, 1, []]);
      assert.notEqual(first['pid'], other['pid']);
      assert.deepEqual(
        lines.map(({ coldStartMs }) => typeof coldStartMs),
        ['number', 'undefined', 'number'],
      );
    }
  });

  it('is started before the first session, which gets that process', async (t) => {
    const { client, log } = await startCommand(t, 'node main.mjs');
    await untilTrue(() => log.some(({ text }) => text === 'listening'));
    assert.deepEqual(log, [{ runtimeSessionId: '', stream: 'stdout', text: 'listening' }]);
    await json(client, { prompt: 'who' });
    assert.equal(log.length, 1);
  });

  it("sees the developer's environment, the template's over it, and where it is to listen", async (t) => {
    const { client } = await startCommand(t, 'node main.mjs', {
      environment: { ...process.env, OWN: 'value', HOST: '0.0.0.0' },
    });
    const { OWN, HOST, PORT, HOME } = await json(client, { prompt: 'environment' });
    assert.deepEqual([OWN, HOST, HOME], ['value', '127.0.0.1', process.env['HOME']]);
    assert.match(String(PORT), /^\d+$/u);
  });

  it('that listens on the port of the contract serves all sessions with one process, which is told once', async (t) => {
    const { client, notes, log, port } = await startCommand(t, 'TERM_MS=300 PORT=$CONTRACT_PORT node main.mjs');
    const [first, other] = await Promise.all([
      json(client, { prompt: 'who' }),
      json(client, { prompt: 'who' }, otherSession),
    ]);
    assert.equal(first['pid'], other['pid']);
    const told = `the agent listens on port ${port} and not on the one in PORT: one process serves all sessions, and what it remembers of one is not kept from the others`;
    assert.deepEqual(notes, [told]);
    // The last session that ends takes the process with it; the next one has a new one.
    await client.send(new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId }));
    assert.equal(processIsGone(Number(first['pid'])), false);
    const stopped = client.send(new StopRuntimeSessionCommand({ agentRuntimeArn, ...otherSession }));
    await untilTrue(() => log.some(({ text }) => text === 'ending'));
    const next = json(client, { prompt: 'who' });
    await stopped;
    assert.equal(processIsGone(Number(first['pid'])), true);
    assert.ok(
      log.some(({ text }) => text === 'ended'),
      'it had no time to end by itself',
    );
    assert.deepEqual([(await next)['invocations'], notes], [1, [told]]);
  });

  it('that shares a port waits for the one before it: that of a chain whose place is taken', async (t) => {
    const port = await findFreePort();
    const command = 'PORT=$CONTRACT_PORT node main.mjs';
    const old = await startCommand(t, command, {}, port);
    const first = await json(old.client, { prompt: 'who' });
    const next = await startCommand(t, command, {}, port);
    const answer = json(next.client, { prompt: 'who' });
    assert.equal((await json(old.client, { prompt: 'who' }))['pid'], first['pid']);
    await old.agentCore.close();
    const { pid, invocations } = await answer;
    assert.deepEqual([invocations, next.notes.length], [1, 1]);
    assert.notEqual(pid, first['pid']);
  });

  it('whose port is taken by another program is told of it', async (t) => {
    const port = await findFreePort();
    const other = createServer((_request, response) => response.end('{"status":"Healthy"}'));
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    t.after(() => other.close());
    const { client, notes } = await startCommand(t, 'PORT=$CONTRACT_PORT node main.mjs', {}, port);
    await assert.rejects(client.send(invocation({ prompt: 'who' })), { name: 'RuntimeClientError' });
    assert.match(
      notes[0] ?? '',
      new RegExp(
        `^the agent ended with exit code 1 before it was healthy: Error: listen EADDRINUSE: .*; port ${port}, the contract's own, is another program's$`,
        'u',
      ),
    );
  });

  it('is not confused by another program on the port of the contract', async (t) => {
    const port = await findFreePort();
    const { client, notes, log } = await startCommand(t, 'node slow.mjs', {}, port);
    await untilTrue(() => log.some(({ text }) => text === 'starting'));
    // It comes while the agent is still starting.
    const other = createServer((_request, response) => response.end('{"status":"Healthy"}'));
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    t.after(() => other.close());
    assert.deepEqual([(await json(client, { prompt: 'who' }))['invocations'], notes], [1, []]);
  });

  const dead: readonly (readonly [string, string, RegExp])[] = [
    [
      'is not there',
      'no-such-python main.py',
      /^the agent ended with exit code 127 before it was healthy: .*no-such-python.*not found$/u,
    ],
    [
      'fails at its start',
      'FAIL_AT_START=yes node main.mjs',
      /^the agent ended with exit code 4 before it was healthy: the agent cannot start$/u,
    ],
    ['ends at once', 'true', /^the agent ended with exit code 0 before it was healthy$/u],
    ['is killed', 'kill -9 $$', /^the agent ended with SIGKILL before it was healthy$/u],
  ];
  for (const [what, command, expected] of dead) {
    it(`that ${what} is told of before anybody asks; who asks gets 424`, async (t) => {
      const { client, notes } = await startCommand(t, command);
      await untilTrue(() => notes.length === 1);
      assert.match(notes[0] ?? '', expected);
      await assert.rejects(client.send(invocation({ prompt: 'who' })), {
        name: 'RuntimeClientError',
        message: 'An error occurred when starting the runtime. Please check your CloudWatch logs for more information.',
      });
      assert.match(notes[1] ?? '', expected);
    });
  }

  it('that gives no healthy answer in time is told of', async (t) => {
    const { client, notes, port } = await startCommand(t, 'NEVER_HEALTHY=yes node main.mjs', {}, undefined, {
      startTimeoutMs: 300,
    });
    await assert.rejects(client.send(invocation({ prompt: 'who' })), { name: 'RuntimeClientError' });
    assert.match(
      notes[0] ?? '',
      new RegExp(`^the agent gave no healthy answer to GET /ping on port \\d+ or ${port} in 0\\.3 s$`, 'u'),
    );
  });

  it('that is mended is started anew by the next request', async (t) => {
    const file = join(scratch, 'mended');
    const { client, notes } = await startCommand(t, `test -e ${file} && exec node main.mjs`);
    await untilTrue(() => notes.length === 1);
    writeFileSync(file, '');
    assert.equal((await json(client, { prompt: 'who' }))['invocations'], 1);
  });

  it('that dies before the first session is started anew for it', async (t) => {
    const file = join(scratch, 'pid');
    const { client, log } = await startCommand(t, `echo $$ > ${file}; TELL_PING=yes exec node main.mjs`);
    await untilTrue(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
    const pid = Number(readFileSync(file, 'utf8'));
    await untilTrue(() => log.some(({ text }) => text === 'asked'));
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    assert.notEqual((await json(client, { prompt: 'who' }))['pid'], pid);
  });

  it('ends with all that it started: by a fault, with the data plane, and when that is killed', async (t) => {
    const file = join(scratch, 'grandchild');
    const command = `sleep 600 & echo $! > ${file}; node main.mjs`;
    const scope = scopeWith({ crashAfter: { unit: 'messages', count: 1 } });
    const crashed = await startCommand(t, command, {}, undefined, { scopeOf: scope.scopeOf });
    const grandchild = await readPid(file);
    const output = await crashed.client.send(invocation({ prompt: 'stream' }));
    (output.response as NodeJS.ReadableStream).on('error', () => undefined);
    await untilGone(grandchild);

    const closed = await startCommand(t, command);
    const next = await readPid(file);
    await closed.agentCore.close();
    await untilGone(next);

    const program = fileURLToPath(new URL('agentcore-and-wait.ts', import.meta.url));
    const parent = spawn(process.execPath, [program, command], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)));
    const last = await readPid(file);
    assert.deepEqual([processIsGone(pid), processIsGone(last)], [false, false]);
    parent.kill('SIGKILL');
    await Promise.all([untilGone(pid), untilGone(last)]);
  });

  async function readPid(file: string): Promise<number> {
    await untilTrue(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(file, 'utf8'));
    rmSync(file);
    return pid;
  }
});

async function startCommand(
  t: TestContext,
  command: string,
  changes: Partial<Extract<AgentHosting, { readonly kind: 'command' }>> = {},
  contractPort?: number,
  settings: Partial<AgentCoreSettings> = {},
): Promise<Started & { readonly port: number }> {
  const port = contractPort ?? (await findFreePort());
  const environment = { ...process.env, CONTRACT_PORT: String(port), ...changes.environment } as Record<string, string>;
  const started = await start(t, {
    hosting: { ...defaultLifecycle, kind: 'command', command, workingDirectory: agentFolder, ...changes, environment },
    contract: contractOf('HTTP', { port }),
    ...settings,
  });
  return { ...started, port };
}

async function findFreePort(): Promise<number> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
