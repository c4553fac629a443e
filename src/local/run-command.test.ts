import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from './run-command.ts';
import type { RunCommandOptions } from './run-command.ts';

const never = new AbortController().signal;

function options(command: string, more: Partial<RunCommandOptions> = {}): RunCommandOptions {
  return {
    command,
    what: 'the build',
    workingDirectory: process.cwd(),
    environment: { PATH: process.env['PATH'], MINE: 'yes', NOT_SET: undefined },
    signal: never,
    onLine: () => undefined,
    ...more,
  };
}

test('hands out what a command writes, and runs it under the Node that runs this', async () => {
  const lines: string[] = [];
  const program = `console.error(process.execPath); console.log(process.env.MINE, 'NOT_SET' in process.env)`;
  await runCommand(options(`node -e "${program}"`, { onLine: (text) => lines.push(text) }));
  assert.deepEqual(lines.sort(), [process.execPath, 'yes false'].sort());
});

test('says how a command failed', async () => {
  await assert.rejects(runCommand(options('exit 7')), {
    name: 'LocalChainError',
    message: 'the build failed (exit code 7): exit 7',
  });
  await assert.rejects(runCommand(options('no-such-command')), {
    message: 'the build failed (exit code 127): no-such-command',
  });
});

test('ends a command with all that it started, and begins none after that', async () => {
  const stopping = new AbortController();
  const command = 'echo begun; sleep 60 & sleep 60';
  const onLine = (): void => stopping.abort();
  await assert.rejects(runCommand(options(command, { signal: stopping.signal, onLine })), {
    message: `the build failed (SIGKILL): ${command}`,
  });
  await assert.rejects(runCommand(options('exit 0', { signal: stopping.signal })), { name: 'AbortError' });
});
