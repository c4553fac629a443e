import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashApiKey } from '../../src/identity/new-key.ts';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-keys-cli-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('makes a key that can be piped on, in a file of the current folder', async () => {
  const { code, stdout, stderr } = await run('key', 'create', 'alice', '--note', 'laptop');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^relay_[A-Za-z0-9_-]{43}\n$/u);
  const file = join(folder, 'relay-keys.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    keys: [{ id: 'alice', hash: hashApiKey(stdout.trimEnd()), note: 'laptop' }],
  });
  assert.ok(!stderr.includes(stdout.trimEnd()), 'the key is among the explanations');
});

test('takes the password of a new user from a pipe', async () => {
  const { code, stdout, stderr } = await run({ input: 'correct horse\n' }, 'user', 'create', 'bob', '--password-stdin');
  assert.deepEqual(
    [code, stdout, stderr.split('\n')[0]],
    [0, '', 'A user "bob", with the password that was given. relay-users.json has no more than its hash.'],
  );
});

test('answers what it cannot do with a sentence and an exit code, never with a stack', async () => {
  const file = join(folder, 'wrong.json');
  writeFileSync(file, '{}');
  const lines = [
    ['key'],
    ['key', 'create'],
    ['key', 'list', '--file', 'nowhere.json'],
    ['key', 'create', 'alice', '--file', file],
    ['user', 'create', 'bob', '--bogus'],
  ];
  const outcomes = await Promise.all(lines.map((line) => run(...line)));
  assert.deepEqual(
    outcomes.map(({ code, stdout, stderr }) => [code, stdout, stderr]),
    [
      [
        2,
        '',
        'agentcore-relay key: the action is missing; allowed are create, list, revoke\nagentcore-relay key --help says more\n',
      ],
      [2, '', 'agentcore-relay key: <id> is missing\nagentcore-relay key --help says more\n'],
      [1, '', 'agentcore-relay key: there is no file "nowhere.json"\n'],
      [
        1,
        '',
        `agentcore-relay key: "${file}" cannot be used: the document of keys must be a JSON object with the one member "keys", a list\n`,
      ],
      [
        2,
        '',
        'agentcore-relay user: unknown option --bogus; allowed are --file, --password-stdin, --help\nagentcore-relay user --help says more\n',
      ],
    ],
  );
  assert.equal(readFileSync(file, 'utf8'), '{}');
});

test('says its usage on stdout where it was asked for', async () => {
  for (const command of ['key', 'user']) {
    const { code, stdout, stderr } = await run(command, '--help');
    assert.deepEqual(
      [code, stdout.split('\n')[0], stderr],
      [0, `Usage: agentcore-relay ${command} <action> [options]`, ''],
    );
  }
});

test('loads only the command that is asked for', async () => {
  const loaded = join(folder, 'loaded.mjs');
  writeFileSync(
    loaded,
    `import { registerHooks } from 'node:module';
     registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`,
  );
  const [key, local] = await Promise.all(
    ['key', 'local'].map((command) => run({ preload: loaded }, command, '--help')),
  );
  assert.match(key?.stderr ?? '', /\/src\/keys\//u);
  assert.doesNotMatch(key?.stderr ?? '', /\/src\/local\//u);
  assert.match(local?.stderr ?? '', /\/src\/local\//u);
  assert.doesNotMatch(local?.stderr ?? '', /\/src\/(?:keys|identity)\//u);
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  /** Written to its standard input. */
  readonly input?: string;
  /** A module that is loaded first. */
  readonly preload?: string;
}

async function run(...line: readonly (string | Surroundings)[]): Promise<Outcome> {
  const { input = '', preload } = line.find((part) => typeof part === 'object') ?? {};
  const words = line.filter((part) => typeof part === 'string');
  const child = spawn(process.execPath, [...(preload === undefined ? [] : ['--import', preload]), cli, ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
