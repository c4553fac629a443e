import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readCommandLine, readOnlyOperand, refuseOldNode, refuseOperands } from './command-line.ts';
import type { KnownOptions } from './command-line.ts';

const known = { file: 'value', context: 'values', all: 'flag', help: 'flag' } as const satisfies KnownOptions;

test('takes options in every form, and leaves the rest in its order', () => {
  const line = readCommandLine(
    ['one', '--file=a=b', '--all', '--context', 'x=1', '-cy=2', 'two', '-h', '--', '--all'],
    known,
    { c: 'context' },
  );
  assert.deepEqual(
    [line.operands, Object.fromEntries(line.options), line.valuesOf('context'), line.valuesOf('file')],
    [['one', 'two', '--all'], { file: 'a=b', all: '', help: '' }, ['x=1', 'y=2'], []],
  );
});

test('says in a sentence which option is wrong', () => {
  const allowed = 'allowed are --file, --context, --all, --help';
  const lines: readonly [line: readonly string[], message: string][] = [
    [['--bogus'], `unknown option --bogus; ${allowed}`],
    [['--toString'], `unknown option --toString; ${allowed}`],
    [['--__proto__'], `unknown option --__proto__; ${allowed}`],
    [['-x'], `unknown option -x; ${allowed}`],
    [['--file'], '--file needs a value'],
    [['--file='], '--file needs a value'],
    [['--file', '--all'], '--file needs a value'],
    [['-c'], '-c needs a value'],
    [['--all=yes'], '--all takes no value, and got "yes"'],
    [['--file', 'a', '--file', 'b'], '--file is given twice'],
    [['-h', '--help'], '--help is given twice'],
  ];
  for (const [line, message] of lines) {
    assert.throws(() => readCommandLine(line, known, { c: 'context' }), { name: 'UsageError', message });
  }
});

test('takes a short name only where it is told one', () => {
  assert.throws(() => readCommandLine(['-c', 'x'], known), {
    message: 'unknown option -c; allowed are --file, --context, --all, --help',
  });
  assert.throws(() => readCommandLine(['-h'], { file: 'value' }), {
    message: 'unknown option -h; allowed are --file',
  });
});

test('gives back whatever stands after an equals sign', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.array(fc.string({ minLength: 1 })), (file, contexts) => {
      const line = readCommandLine([`--file=${file}`, ...contexts.map((context) => `--context=${context}`)], known);
      assert.deepEqual([line.operands, [...line.options], line.valuesOf('context')], [[], [['file', file]], contexts]);
    }),
  );
});

test('reads one operand, or none', () => {
  assert.equal(readOnlyOperand(['a'], '<id>'), 'a');
  assert.throws(() => readOnlyOperand([], '<id>'), { name: 'UsageError', message: '<id> is missing' });
  assert.throws(() => readOnlyOperand(['a', 'b'], '<id>'), { name: 'UsageError', message: 'unexpected argument "b"' });
  refuseOperands([]);
  assert.throws(() => refuseOperands(['a', 'b']), { name: 'UsageError', message: 'unexpected argument "a"' });
});

test('refuses a Node.js that is older than what the package asks for', () => {
  const packageFile = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  assert.match(packageFile, /"engines": \{\s*"node": ">=22\.18"\s*\}/u);
  assert.deepEqual(
    ['20.20.2', '22.17.9', '22.18.0', '23.0.0', '24.21.0'].map((version) => refuseOldNode(version)),
    [
      'needs Node.js 22.18 or newer, got 20.20.2',
      'needs Node.js 22.18 or newer, got 22.17.9',
      undefined,
      undefined,
      undefined,
    ],
  );
});
