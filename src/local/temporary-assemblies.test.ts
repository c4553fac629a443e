import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { createTemporaryAssemblies } from './temporary-assemblies.ts';

const project = mkdtempSync(path.join(tmpdir(), 'temporary-assemblies-'));
after(() => rmSync(project, { recursive: true }));

test('makes folders beside the assembly, and removes its own only', () => {
  const assembly = path.join(project, 'cdk.out');
  const temporary = createTemporaryAssemblies(assembly);
  const [first, second, third] = [temporary.make(), temporary.make(), temporary.make()];
  writeFileSync(path.join(first, 'manifest.json'), '{}');
  temporary.remove(first);
  temporary.remove(project);
  assert.deepEqual(
    [first, second, third, project].map((folder) => existsSync(folder)),
    [false, true, true, true],
  );
  assert.ok(readdirSync(project).every((name) => name.startsWith('cdk.out.watch-')));
  temporary.removeAll();
  assert.deepEqual(readdirSync(project), []);
});

test('says where no folder can be made', () => {
  const assembly = path.join(project, 'gone', 'cdk.out');
  assert.throws(() => createTemporaryAssemblies(assembly).make(), {
    name: 'LocalChainError',
    message: /^no folder can be made beside ".*\/gone\/cdk\.out": ENOENT/u,
  });
});

test('leaves none behind where the process ends without a word', () => {
  const program = `
    import { createTemporaryAssemblies } from ${JSON.stringify(import.meta.resolve('./temporary-assemblies.ts'))};
    process.stdout.write(createTemporaryAssemblies(process.argv[1]).make());
    process.exit(130);`;
  const line = ['--input-type=module', '-e', program, path.join(project, 'cdk.out')];
  const { status, stdout } = spawnSync(process.execPath, line, { encoding: 'utf8' });
  assert.deepEqual([status, path.dirname(stdout), readdirSync(project)], [130, project, []]);
});
