import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { describeEmptySecrets } from './console.ts';
import { findSecrets } from './secret-values.ts';
import type { DeployedAuth, DeployedSecret } from './template/deployment.ts';

const keysSecret: DeployedSecret = {
  kind: 'api-keys',
  arn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf',
  logicalId: 'Keys',
  value: '{"keys":[{"id":"alice"}]}',
};
const usersSecret: DeployedSecret = {
  kind: 'basic',
  arn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:users-AbCdEf',
  logicalId: undefined,
  value: undefined,
};
const both: DeployedAuth = { kinds: ['api-keys', 'basic'], secrets: [keysSecret, usersSecret] };

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'local-secrets-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('gives what the template puts into a secret, and nobody where that is nothing', async () => {
  const secrets = findSecrets(both, {});
  assert.deepEqual(
    await Promise.all(secrets.map(async ({ value, ...secret }) => ({ ...secret, value: await value() }))),
    [
      { kind: 'api-keys', arn: keysSecret.arn, file: undefined, isEmpty: false, value: keysSecret.value },
      { kind: 'basic', arn: usersSecret.arn, file: undefined, isEmpty: true, value: '{"users":[]}' },
    ],
  );
  assert.equal(
    describeEmptySecrets(secrets),
    'nobody gets in with a password yet; make a password with: agentcore-relay user create <id> --file relay-users.json, then start this with --users relay-users.json\n',
  );
});

test('gives what is in the file at the moment, each secret its own', async () => {
  const keysFile = join(folder, 'keys.json');
  const usersFile = join(folder, 'users.json');
  writeFileSync(keysFile, '{"keys":[]}');
  writeFileSync(usersFile, '{"users":[{"id":"bob"}]}');
  const secrets = findSecrets(both, { keysFile, usersFile });
  const [keys, users] = secrets;
  assert.deepEqual([await keys?.value(), keys?.isEmpty, keys?.file], ['{"keys":[]}', true, keysFile]);
  assert.deepEqual([await users?.value(), users?.isEmpty], ['{"users":[{"id":"bob"}]}', false]);
  assert.equal(
    describeEmptySecrets(secrets),
    `nobody gets in with a key yet; make a key with: agentcore-relay key create <id> --file ${keysFile}\n`,
  );
  writeFileSync(keysFile, '{"keys":[{"id":"alice"}]}');
  assert.equal(await keys?.value(), '{"keys":[{"id":"alice"}]}');
  rmSync(keysFile);
  await assert.rejects(keys?.value() ?? Promise.resolve(), { code: 'ENOENT' });
});

test('says in a sentence that a file is missing, is another document, or stands for nothing', () => {
  const file = join(folder, 'wrong.json');
  writeFileSync(file, '{"users":[]}');
  const open: DeployedAuth = { kinds: ['anonymous'], secrets: [] };
  const twice: DeployedAuth = { kinds: ['api-keys'], secrets: [keysSecret, { ...keysSecret, arn: 'arn:other' }] };
  for (const [auth, files, message] of [
    [both, { keysFile: 'nowhere.json' }, 'there is no file "nowhere.json"'],
    [
      both,
      { keysFile: file },
      `"${file}" does not list keys: it must be {"keys":[…]}, as "agentcore-relay key create" writes it`,
    ],
    [
      open,
      { keysFile: file },
      '--keys stands for the secret that lists keys, and the template has 0 of them; its relay authenticates by: anonymous',
    ],
    [
      { kinds: [], secrets: [] },
      { usersFile: file },
      '--users stands for the secret that lists users, and the template has 0 of them; its relay authenticates by: nothing',
    ],
    [
      twice,
      { keysFile: file },
      '--keys stands for the secret that lists keys, and the template has 2 of them; its relay authenticates by: api-keys',
    ],
  ] as const) {
    assert.throws(() => findSecrets(auth, files), { name: 'LocalChainError', message });
  }
});
