import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { filesOfAssembly, sourcesOf } from './watched-files.ts';
import type { Deployment } from './template/deployment.ts';

test('takes for sources all of an app but what is made, named with a dot, or written by this run', () => {
  const { counts, folder, what } = sourcesOf('app', 'app/out', ['app/trace.json', 'elsewhere/keys.json']);
  assert.deepEqual([folder, what], [path.resolve('app'), 'app']);
  const counted = ['src', 'src/a.ts', 'cdk.json', 'out.ts', 'src/out', 'keys.json', 'logs/a.txt'];
  const uncounted = [
    'node_modules',
    'packages/a/node_modules',
    'dist',
    'cdk.out',
    '.git',
    '.env',
    'src/.cache',
    '__pycache__',
    'venv',
    'out',
    'out.watch-AbCdEf',
    'trace.json',
    'run.log',
    'src/a.ts~',
    'run.har',
  ];
  assert.deepEqual(
    [...counted, ...uncounted].filter((file) => counts(file)),
    counted,
  );
});

test('takes of an assembly that others make its JSON, and enters no asset', () => {
  const [files, ...others] = filesOfAssembly('some/cdk.out', {} as Deployment, []);
  assert.ok(files !== undefined && others.length === 0);
  assert.deepEqual([files.folder, files.what], [path.resolve('some'), path.join('some', 'cdk.out')]);
  const counted = [
    'cdk.out',
    'cdk.out/manifest.json',
    'cdk.out/Front.template.json',
    'cdk.out/assembly-Stage',
    'cdk.out/assembly-Stage/Front.template.json',
  ];
  const uncounted = ['other.json', 'cdk.out/asset.0123', 'cdk.out/asset.0123/package.json', 'cdk.out/synth.lock'];
  assert.deepEqual(
    [...counted, ...uncounted].filter((file) => files.counts(file)),
    counted,
  );
});
