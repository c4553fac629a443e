import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKeyArguments, readUserArguments } from './arguments.ts';

const now = (): number => Date.parse('2026-11-22T20:00:00.789Z');

test('reads every option of every action, and has a default for each', () => {
  const lines: readonly [line: string, told: unknown][] = [
    ['create alice', { action: 'create', file: 'relay-keys.json', id: 'alice', expiresAt: undefined, note: undefined }],
    [
      'create --file a.json alice --expires 90d --note=laptop',
      { action: 'create', file: 'a.json', id: 'alice', expiresAt: '2027-02-20T20:00:00Z', note: 'laptop' },
    ],
    ['list', { action: 'list', file: 'relay-keys.json' }],
    ['list --file=a.json', { action: 'list', file: 'a.json' }],
    ['revoke alice', { action: 'revoke', file: 'relay-keys.json', id: 'alice', which: undefined }],
    ['revoke alice --all', { action: 'revoke', file: 'relay-keys.json', id: 'alice', which: 'all' }],
    [
      'revoke alice --hash-prefix sha256:0f',
      { action: 'revoke', file: 'relay-keys.json', id: 'alice', which: { hashPrefix: '0f' } },
    ],
    ['revoke -- --all', { action: 'revoke', file: 'relay-keys.json', id: '--all', which: undefined }],
    ['--help', { action: 'help' }],
    ['-h', { action: 'help' }],
    ['create --help', { action: 'help' }],
    ['list -h', { action: 'help' }],
  ];
  for (const [line, told] of lines) assert.deepEqual(readKeyArguments(line.split(' '), now), told, line);
  assert.deepEqual(readUserArguments(['create', 'bob']), {
    action: 'create',
    file: 'relay-users.json',
    id: 'bob',
    passwordFromInput: false,
  });
  assert.deepEqual(readUserArguments(['create', 'böb smith', '--password-stdin', '--file', 'u.json']), {
    action: 'create',
    file: 'u.json',
    id: 'böb smith',
    passwordFromInput: true,
  });
  assert.deepEqual(readUserArguments(['remove', 'bob']), { action: 'remove', file: 'relay-users.json', id: 'bob' });
  assert.deepEqual(readUserArguments(['remove', '--help']), { action: 'help' });
});

test('reads when a key expires', () => {
  for (const [text, expiresAt] of [
    ['12h', '2026-11-23T08:00:00Z'],
    ['1d', '2026-11-23T20:00:00Z'],
    ['2027-01-01', '2027-01-01T00:00:00Z'],
    ['2028-02-29', '2028-02-29T00:00:00Z'],
    ['2027-01-01T12:30:00Z', '2027-01-01T12:30:00Z'],
  ] as const) {
    const told = readKeyArguments(['create', 'alice', '--expires', text], now);
    assert.equal(told.action === 'create' ? told.expiresAt : undefined, expiresAt, text);
  }
});

test('says in a sentence what is wrong with a command line', () => {
  const when = 'it must be days or hours from now, like 90d or 12h, or a date, like 2027-01-01 or 2027-01-01T12:00:00Z';
  const lines: readonly [line: readonly string[], message: string][] = [
    [[], 'the action is missing; allowed are create, list, revoke'],
    [['delete'], 'unknown action "delete"; allowed are create, list, revoke'],
    [['constructor'], 'unknown action "constructor"; allowed are create, list, revoke'],
    [['create'], '<id> is missing'],
    [['create', 'a', 'b'], 'unexpected argument "b"'],
    [['list', 'a'], 'unexpected argument "a"'],
    [['create', ''], '<id> is ""; it must have 1 to 128 characters, and no control characters'],
    [['create', 'a\nb'], '<id> is "a\\nb"; it must have 1 to 128 characters, and no control characters'],
    [['list', '--note', 'x'], 'unknown option --note; allowed are --file, --help'],
    [['list', '--toString'], 'unknown option --toString; allowed are --file, --help'],
    [['create', 'a', '-f', 'x'], 'unknown option -f; allowed are --file, --expires, --note, --help'],
    [['create', 'a', '--file'], '--file needs a value'],
    [['create', 'a', '--file='], '--file needs a value'],
    [['create', 'a', '--file', '--note'], '--file needs a value'],
    [['create', 'a', '--file', 'x', '--file', 'y'], '--file is given twice'],
    [['create', 'a', '--note', 'x'.repeat(1_001)], '--note has 1001 characters; it may have 1000'],
    [['create', 'a', '--expires', 'soon'], `--expires is "soon"; ${when}`],
    [['create', 'a', '--expires', '2027-02-30'], `--expires is "2027-02-30"; ${when}`],
    [['create', 'a', '--expires', '2027-13-01'], `--expires is "2027-13-01"; ${when}`],
    [['create', 'a', '--expires', '2027-01-01T12:00'], `--expires is "2027-01-01T12:00"; ${when}`],
    [['create', 'a', '--expires', '2026-11-22'], '--expires is "2026-11-22", which is over'],
    [['create', 'a', '--expires', '0d'], '--expires is "0d", which is over'],
    [['revoke', 'a', '--all=yes'], '--all takes no value, and got "yes"'],
    [['revoke', 'a', '--all', '--hash-prefix', '00'], '--hash-prefix and --all exclude each other'],
    [
      ['revoke', 'a', '--hash-prefix', 'XY'],
      '--hash-prefix is "XY"; it must be lower-case hex digits, as "key list" prints them',
    ],
  ];
  for (const [line, message] of lines) {
    assert.throws(() => readKeyArguments(line, now), { name: 'UsageError', message });
  }
  for (const [line, message] of [
    [['create', 'a:b'], '<id> is "a:b"; it must have no colon, which ends an id'],
    [['list'], 'unknown action "list"; allowed are create, remove'],
    [['remove', 'a', '--password-stdin'], 'unknown option --password-stdin; allowed are --file, --help'],
  ] as const) {
    assert.throws(() => readUserArguments(line), { name: 'UsageError', message });
  }
});
