import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { findBundle } from './bundles.ts';

test('fails at synth when the bundles were not built, and names the command that builds them', async (t) => {
  const functions = await emptyDirectory(t);
  assert.throws(() => findBundle('relay', pathToFileURL(`${functions}/`)), {
    message: `${functions}/relay/index.mjs does not exist; run "npm run build" in the agentcore-relay package first`,
  });
});

test('fails at synth when a directory is there without the file that is started', async (t) => {
  const functions = await emptyDirectory(t);
  await mkdir(join(functions, 'agent'));
  await writeFile(join(functions, 'agent', 'index.mjs'), '');
  assert.throws(() => findBundle('agent', pathToFileURL(`${functions}/`)), /agent\/main\.mjs does not exist/u);
});

test('finds a bundle that was built', async (t) => {
  const functions = await emptyDirectory(t);
  await mkdir(join(functions, 'viewer-request'));
  await writeFile(join(functions, 'viewer-request', 'index.js'), '');
  assert.deepEqual(findBundle('viewer-request', pathToFileURL(`${functions}/`)), {
    directory: join(functions, 'viewer-request'),
    entryFile: 'index.js',
  });
});

async function emptyDirectory(t: { after(cleanUp: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'relay-bundles-'));
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}
