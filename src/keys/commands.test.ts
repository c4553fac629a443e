import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { parseKeyDocument } from '../identity/key-document.ts';
import { hashApiKey } from '../identity/new-key.ts';
import { deriveByScrypt, parsePasswordHash } from '../identity/password-hash.ts';
import { parseUserDocument } from '../identity/user-document.ts';
import { runKeyCommand } from './key-command.ts';
import { runUserCommand } from './user-command.ts';

let folder: string;
let keys: string;
let users: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-keys-'));
  keys = join(folder, 'keys.json');
  users = join(folder, 'users.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('prints a new key alone on its line, and stores no more than its hash', async () => {
  const made = await run('key', 'create', 'alice', '--file', keys, '--expires', '90d', '--note', 'laptop');
  assert.match(made.printed, /^relay_[A-Za-z0-9_-]{43}\n$/u);
  assert.deepEqual(
    { code: made.code, explained: made.explained },
    {
      code: 0,
      explained: `A key of "alice", which expires at 2027-02-20T20:00:00Z. It is shown only now: ${keys} has no more than its hash.

To use it on this machine:  agentcore-relay local --keys ${keys}
To put it on AWS:           aws secretsmanager put-secret-value --secret-id <name> --secret-string file://${keys}
`,
    },
  );
  const hash = hashApiKey(made.printed.trimEnd());
  const text = readFileSync(keys, 'utf8');
  assert.deepEqual(parseKeyDocument(text), {
    keys: [{ id: 'alice', hash, note: 'laptop', expiresAt: '2027-02-20T20:00:00Z' }],
  });
  assert.ok(!text.includes(made.printed.trimEnd()));
});

test('gives one id several keys, lists them, and revokes only the one that is named', async () => {
  const first = await run('key', 'create', 'alice', '--file', keys, '--expires', '2027-01-01');
  const second = await run('key', 'create', 'alice', '--file', keys, '--note', 'new\nline');
  const other = await run('key', 'create', 'bob', '--file', keys);
  const [a, b, c] = [first, second, other].map(({ printed }) => hashApiKey(printed.trimEnd()).slice(7, 19));
  const lines = [
    `${a}  alice  expires 2027-01-01T00:00:00Z`,
    `${b}  alice  does not expire  "new\\nline"`,
    `${c}  bob  does not expire`,
  ];
  assert.deepEqual(await run('key', 'list', '--file', keys), {
    code: 0,
    printed: `${lines.join('\n')}\n`,
    explained: '',
  });

  const before = readFileSync(keys, 'utf8');
  assert.deepEqual(await run('key', 'revoke', 'alice', '--file', keys), {
    code: 1,
    printed: '',
    explained: `agentcore-relay key: "alice" has 2 keys to choose from; name one with --hash-prefix, or all of them with --all:\n  ${lines[0]}\n  ${lines[1]}\n`,
  });
  assert.equal(readFileSync(keys, 'utf8'), before);

  const revoked = await run('key', 'revoke', 'alice', '--file', keys, '--hash-prefix', String(a));
  assert.equal(revoked.code, 0);
  assert.equal(revoked.explained.split('\n')[0], `Revoked: ${lines[0]}`);
  assert.equal((await run('key', 'list', '--file', keys)).printed, `${lines[1]}\n${lines[2]}\n`);
});

test('revokes the only key of an id without more words, and all of several where that is said', async () => {
  await run('key', 'create', 'alice', '--file', keys);
  assert.equal((await run('key', 'revoke', 'alice', '--file', keys)).code, 0);
  assert.deepEqual(await run('key', 'list', '--file', keys), {
    code: 0,
    printed: '',
    explained: `There is no key in ${keys}.\n`,
  });
  await run('key', 'create', 'alice', '--file', keys);
  await run('key', 'create', 'alice', '--file', keys);
  await run('key', 'create', 'bob', '--file', keys);
  assert.equal((await run('key', 'revoke', 'alice', '--all', '--file', keys)).code, 0);
  assert.deepEqual(
    parseKeyDocument(readFileSync(keys, 'utf8')).keys.map(({ id }) => id),
    ['bob'],
  );
});

test('revokes nothing of another id, and says so', async () => {
  const { printed } = await run('key', 'create', 'bob', '--file', keys);
  const digits = hashApiKey(printed.trimEnd()).slice(7, 19);
  const before = readFileSync(keys, 'utf8');
  const outcomes = [
    await run('key', 'revoke', 'alice', '--file', keys),
    await run('key', 'revoke', 'alice', '--file', keys, '--all'),
    await run('key', 'revoke', 'bob', '--file', keys, '--hash-prefix', `${digits}0`.repeat(2)),
    await run('key', 'revoke', 'bob', '--file', `${keys}.other`),
  ];
  assert.deepEqual(
    outcomes.map(({ code, explained }) => [code, explained]),
    [
      [1, `agentcore-relay key: "alice" has no key in ${keys}\n`],
      [1, `agentcore-relay key: "alice" has no key in ${keys}\n`],
      [
        1,
        `agentcore-relay key: "bob" has no key whose hash begins with ${digits}0${digits}0; name one with --hash-prefix, or all of them with --all:\n  ${digits}  bob  does not expire\n`,
      ],
      [1, `agentcore-relay key: there is no file "${keys}.other"\n`],
    ],
  );
  assert.equal(readFileSync(keys, 'utf8'), before);
});

test('says which keys have expired', async () => {
  const hash = `sha256:${'0'.repeat(64)}`;
  writeFileSync(keys, JSON.stringify({ keys: [{ id: 'alice', hash, expiresAt: '2026-11-22T20:00:00Z' }] }));
  assert.equal(
    (await run('key', 'list', '--file', keys)).printed,
    '000000000000  alice  expired 2026-11-22T20:00:00Z\n',
  );
});

test('makes a user with a new password, printed alone on its line, and stores no more than its hash', async () => {
  const { code, printed, explained } = await run('user', 'create', 'bob', '--file', users);
  assert.match(printed, /^[A-Za-z0-9_-]{24}\n$/u);
  assert.equal(
    explained.split('\n')[0],
    `The password of "bob". It is shown only now: ${users} has no more than its hash.`,
  );
  assert.equal(code, 0);
  assert.ok(await isPasswordOf('bob', printed.trimEnd()));
  assert.ok(!readFileSync(users, 'utf8').includes(printed.trimEnd()));
});

test('takes a password that is piped in, without the line break after it, and prints nothing', async () => {
  const made = await run('user', 'create', 'bob', '--file', users, '--password-stdin', { input: 'pass: wörd\r\n' });
  assert.deepEqual([made.code, made.printed], [0, '']);
  assert.ok(await isPasswordOf('bob', 'pass: wörd'));
});

test('refuses a password that cannot be one, and makes no file', async () => {
  const inputs = [undefined, '', '\n', 'short\n', 'x'.repeat(1_025), 'two\nlines'];
  const outcomes = await Promise.all(
    inputs.map((input) => run('user', 'create', 'bob', '--file', users, '--password-stdin', { input })),
  );
  assert.deepEqual(
    outcomes.map(({ code, explained }) => [code, explained]),
    [
      '--password-stdin reads from a pipe: a terminal would show what is typed',
      'the password has 0 characters; it must have 8 to 1024',
      'the password has 0 characters; it must have 8 to 1024',
      'the password has 5 characters; it must have 8 to 1024',
      'the password has 1025 characters; it must have 8 to 1024',
      'the password must have no control characters',
    ].map((sentence) => [1, `agentcore-relay user: ${sentence}\n`]),
  );
  assert.throws(() => readFileSync(users), { code: 'ENOENT' });
});

test('keeps the password of a user that there is, until that one is removed', async () => {
  const { printed } = await run('user', 'create', 'bob', '--file', users);
  await run('user', 'create', 'eve', '--file', users);
  assert.deepEqual(await run('user', 'create', 'bob', '--file', users), {
    code: 1,
    printed: '',
    explained: `agentcore-relay user: there is a user "bob" in ${users}; for a new password, remove that one first\n`,
  });
  assert.ok(await isPasswordOf('bob', printed.trimEnd()));
  assert.equal((await run('user', 'remove', 'bob', '--file', users)).explained.split('\n')[0], 'Removed: "bob"');
  assert.deepEqual(
    parseUserDocument(readFileSync(users, 'utf8')).users.map(({ id }) => id),
    ['eve'],
  );
  assert.deepEqual(await run('user', 'remove', 'bob', '--file', users), {
    code: 1,
    printed: '',
    explained: `agentcore-relay user: there is no user "bob" in ${users}\n`,
  });
});

test('leaves a document of another kind as it is', async () => {
  await run('user', 'create', 'bob', '--file', users);
  const before = readFileSync(users, 'utf8');
  const sentence = `"${users}" cannot be used: the document of keys must be a JSON object with the one member "keys", a list`;
  assert.deepEqual(await run('key', 'create', 'alice', '--file', users), {
    code: 1,
    printed: '',
    explained: `agentcore-relay key: ${sentence}\n`,
  });
  assert.equal(readFileSync(users, 'utf8'), before);
});

test('quotes a file for the shell, and says where it is too large for a secret', async () => {
  const file = join(folder, "bob's keys.json");
  const entries = Array.from({ length: 800 }, (_value, index) => ({
    id: `user-${index}`,
    hash: `sha256:${index.toString(16).padStart(64, '0')}`,
  }));
  writeFileSync(file, JSON.stringify({ keys: entries }));
  const { explained } = await run('key', 'create', 'alice', '--file', file);
  const quoted = `'file://${folder}/bob'\\''s keys.json'`;
  assert.ok(explained.includes(` --secret-string ${quoted}\n`), explained);
  assert.match(explained, /more than the 65,536 bytes that a secret on AWS may have/u);
});

interface Outcome {
  readonly code: number;
  readonly printed: string;
  readonly explained: string;
}

async function run(
  command: 'key' | 'user',
  ...line: readonly (string | { readonly input: string | undefined })[]
): Promise<Outcome> {
  let printed = '';
  let explained = '';
  const input = line.find((part) => typeof part === 'object')?.input;
  const runCommand = command === 'key' ? runKeyCommand : runUserCommand;
  const code = await runCommand(
    line.filter((part) => typeof part === 'string'),
    {
      print: (text) => {
        printed += text;
      },
      explain: (text) => {
        explained += text;
      },
      readInput: () => Promise.resolve(input),
      now: () => Date.parse('2026-11-22T20:00:00Z'),
    },
  );
  return { code, printed, explained };
}

async function isPasswordOf(id: string, password: string): Promise<boolean> {
  const entry = parseUserDocument(readFileSync(users, 'utf8')).users.find((user) => user.id === id);
  const stored = parsePasswordHash(entry?.hash ?? '') ?? assert.fail(`there is no user ${id}`);
  const derived = await deriveByScrypt(password, stored.salt, stored.parameters, stored.hash.length);
  return derived.equals(stored.hash);
}
