import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRuntimeExit } from './runtime-exit.ts';

test("says how a runtime ended in Lambda's words", () => {
  const exits = [
    { code: 0, signal: null },
    { code: 7, signal: null },
    { code: null, signal: 'SIGKILL' },
    { code: null, signal: 'SIGABRT' },
    { code: null, signal: 'SIGUSR2' },
  ];
  assert.deepEqual(exits.map(describeRuntimeExit), [
    'Runtime exited without providing a reason',
    'Runtime exited with error: exit status 7',
    'Runtime exited with error: signal: killed',
    'Runtime exited with error: signal: aborted',
    'Runtime exited with error: signal: SIGUSR2',
  ]);
});
