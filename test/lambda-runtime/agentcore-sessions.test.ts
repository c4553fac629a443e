import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StopRuntimeSessionCommand } from '@aws-sdk/client-bedrock-agentcore';
import {
  agentRuntimeArn,
  clientOf,
  credentials,
  invocation,
  json,
  sessionId,
  start,
  textOf,
} from './agentcore-harness.ts';
import { processIsGone, untilGone, untilTrue } from './until.ts';

const scratch = mkdtempSync(join(tmpdir(), 'agentcore-'));
after(() => rmSync(scratch, { recursive: true }));

describe('a runtime session', () => {
  it('has one process for all its invocations, and another session has another', async (t) => {
    const { client, lines } = await start(t);
    const first = await json(client, { prompt: 'who' });
    const again = await json(client, { prompt: 'who' });
    const other = await json(client, { prompt: 'who' }, { runtimeSessionId: `other-${sessionId}` });
    assert.deepEqual([again['pid'], again['invocations'], other['invocations']], [first['pid'], 2, 1]);
    assert.notEqual(other['pid'], first['pid']);
    assert.deepEqual(
      lines.map(({ coldStartMs }) => coldStartMs !== undefined),
      [true, false, true],
    );
  });

  it('is started once where two invocations come at the same time: the second is told to try again', async (t) => {
    const { client, agentCore } = await start(t);
    const first = json(client, { prompt: 'who' });
    await assert.rejects(client.send(invocation({ prompt: 'who' })), {
      name: 'RetryableConflictException',
      message: 'Session operation in progress, please retry',
    });
    const second = await json(clientOf(agentCore, credentials, 10), { prompt: 'who' });
    assert.equal(second['pid'], (await first)['pid']);
  });

  it('ends when it has been idle for its time, and starts afresh, after 409 while it is being ended', async (t) => {
    const { client, agentCore } = await start(t, {}, { idleTimeoutMs: 50 });
    const { pid } = await json(client, { prompt: 'who' });
    await untilGone(Number(pid));
    const retrying = clientOf(agentCore, credentials, 5);
    assert.equal((await json(retrying, { prompt: 'who' }))['invocations'], 1);
  });

  it('is not idle while the agent says that it is busy', async (t) => {
    const { client } = await start(t, {}, { idleTimeoutMs: 50, environment: { BUSY: 'yes' } });
    const { pid } = await json(client, { prompt: 'who' });
    const startedMs = performance.now();
    await untilTrue(() => performance.now() - startedMs > 400);
    assert.equal(processIsGone(Number(pid)), false);
    await json(client, { prompt: 'be lazy' });
    await untilGone(Number(pid));
  });

  it('is not idle while an invocation runs', async (t) => {
    const { client } = await start(t, {}, { idleTimeoutMs: 20 });
    const output = await client.send(invocation({ prompt: 'stream', count: 30 }));
    assert.equal((await textOf(output)).split('\n\n').length, 31);
  });

  it('ends after its longest life, also in the middle of an answer', async (t) => {
    const { client } = await start(t, {}, { maxLifetimeMs: 1000 });
    const output = await client.send(
      invocation({ prompt: 'wait for the caller to leave', file: join(scratch, 'life') }),
    );
    await assert.rejects(textOf(output), { code: 'ECONNRESET' });
  });

  it('is idle from when its status changed: one that says so each time it is asked lives on, and it is told', async (t) => {
    const { client, notes } = await start(t, {}, { idleTimeoutMs: 50, environment: { ALWAYS_UPDATED: 'yes' } });
    const { pid } = await json(client, { prompt: 'who' });
    await untilTrue(() => notes.length > 0);
    const toldMs = performance.now();
    await untilTrue(() => performance.now() - toldMs > 200);
    assert.equal(processIsGone(Number(pid)), false);
    assert.deepEqual(notes, [
      'an idle agent says in time_of_last_update of GET /ping that its status has changed; where it says so each time it is asked, its sessions never become idle',
    ]);
  });

  it('streams no more once it is being stopped, however long its process takes to end', async (t) => {
    const { client } = await start(t, {}, { environment: { TERM_MS: '500' } });
    const { pid } = await json(client, { prompt: 'who' });
    const output = await client.send(
      invocation({ prompt: 'wait for the caller to leave', file: join(scratch, 'stopped') }),
    );
    const stopped = client.send(new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId }));
    await assert.rejects(textOf(output), { code: 'ECONNRESET' });
    assert.equal(processIsGone(Number(pid)), false);
    await stopped;
    assert.equal(processIsGone(Number(pid)), true);
  });

  it('cannot be stopped while it is being started', async (t) => {
    const { client } = await start(t);
    const first = json(client, { prompt: 'who' });
    const stop = new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId });
    await untilTrue(() =>
      client.send(stop).then(
        () => false,
        (error: Error) => error.name === 'RetryableConflictException',
      ),
    );
    await first;
  });

  it('is stopped once by a token, which answers the same again, and for nothing else', async (t) => {
    const { client } = await start(t);
    await json(client, { prompt: 'who' });
    const clientToken = 'token-0123456789-0123456789-01234';
    const stop = { agentRuntimeArn, runtimeSessionId: sessionId, clientToken };
    const answers = [
      await client.send(new StopRuntimeSessionCommand(stop)),
      await client.send(new StopRuntimeSessionCommand(stop)),
    ];
    assert.deepEqual(
      answers.map(({ statusCode, runtimeSessionId }) => [statusCode, runtimeSessionId]),
      [
        [200, sessionId],
        [200, sessionId],
      ],
    );
    const refusals: unknown[] = [];
    for (const changes of [
      { runtimeSessionId: `other-${sessionId}` },
      { clientToken: 'short' },
      { clientToken: `${clientToken}-` },
      { clientToken: `new-${clientToken}` },
      { qualifier: 'other', clientToken: `new-${clientToken}` },
    ]) {
      await client
        .send(new StopRuntimeSessionCommand({ ...stop, ...changes }))
        .catch((error: { readonly name: string; readonly reason?: string }) =>
          refusals.push([error.name, error.reason]),
        );
    }
    assert.deepEqual(refusals, [
      ['ValidationException', 'IdempotentParameterMismatchException'],
      ['ValidationException', 'FieldValidationFailed'],
      ['ValidationException', 'FieldValidationFailed'],
      ['ResourceNotFoundException', undefined],
      ['ResourceNotFoundException', undefined],
    ]);
  });

  it('ends by StopRuntimeSession; one that does not exist is 404', async (t) => {
    const { client } = await start(t);
    const { pid } = await json(client, { prompt: 'who' });
    const stop = new StopRuntimeSessionCommand({ agentRuntimeArn, runtimeSessionId: sessionId });
    const { runtimeSessionId, statusCode } = await client.send(stop);
    assert.deepEqual({ runtimeSessionId, statusCode }, { runtimeSessionId: sessionId, statusCode: 200 });
    assert.equal(processIsGone(Number(pid)), true);
    await assert.rejects(client.send(stop), { name: 'ResourceNotFoundException' });
  });

  it('leaves no process behind when the data plane closes', async (t) => {
    const { client, agentCore } = await start(t);
    const { pid } = await json(client, { prompt: 'who' });
    await agentCore.close();
    await untilGone(Number(pid));
  });

  it('leaves no process behind when the data plane is killed', async () => {
    const program = fileURLToPath(new URL('agentcore-and-wait.ts', import.meta.url));
    const parent = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)));
    assert.equal(processIsGone(pid), false);
    parent.kill('SIGKILL');
    await untilGone(pid);
  });
});
