import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEntry } from '../relay/relay-request.ts';
import { createConsoleLog } from './console-log.ts';

const entries: readonly LogEntry[] = [
  { level: 'debug', message: 'a' },
  { level: 'info', message: 'b\nc', status: 200, errorCode: undefined },
  { level: 'warn', message: 'd' },
  { level: 'error', message: 'e', isFinal: true },
];

test('writes one line of JSON per entry, by the console’s method of its level', () => {
  const { lines, console } = record();
  const log = createConsoleLog({ console, now: () => Date.parse('2026-11-22T12:00:00Z') });
  for (const entry of entries) log(entry);
  const timestamp = '"timestamp":"2026-11-22T12:00:00.000Z"';
  assert.deepEqual(lines, [
    ['debug', `{${timestamp},"level":"debug","message":"a"}`],
    ['info', `{${timestamp},"level":"info","message":"b\\nc","status":200}`],
    ['warn', `{${timestamp},"level":"warn","message":"d"}`],
    ['error', `{${timestamp},"level":"error","message":"e","isFinal":true}`],
  ]);
});

test('hands a console that makes JSON itself the entry, so that it is not wrapped twice', () => {
  const { lines, console } = record();
  const log = createConsoleLog({ console, isStructured: true });
  for (const entry of entries) log(entry);
  assert.deepEqual(
    lines,
    entries.map((entry) => [entry.level, entry]),
  );
});

function record(): { readonly lines: unknown[]; readonly console: Pick<Console, 'debug' | 'info' | 'warn' | 'error'> } {
  const lines: unknown[] = [];
  const write = (level: string) => (line: unknown) => void lines.push([level, line]);
  return { lines, console: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') } };
}
