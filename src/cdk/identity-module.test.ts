import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleIdentity } from './identity-module.ts';

const notInstalled = (): undefined => undefined;

test('names the command that installs esbuild where a module in TypeScript needs it', async (t) => {
  const entry = await write(t, 'who.ts', 'export const identify = (): undefined => undefined;');
  assert.throws(() => bundleIdentity(entry, notInstalled), {
    message: `the handler of auth, ${entry}, has to be bundled, and esbuild is not installed; run "npm install -D esbuild"`,
  });
});

for (const [text, name] of [
  ["import { verify } from 'jose';", 'jose'],
  ["import './other.mjs';", './other.mjs'],
  ["export * from './other.mjs';", './other.mjs'],
  ["const jose = await import('jose');", 'jose'],
  ["const jose = require('jose');", 'jose'],
] as const) {
  test(`does not deploy a module alone that says ${text}`, async (t) => {
    const entry = await write(t, 'who.mjs', `${text}\nexport const identify = () => undefined;`);
    assert.throws(() => bundleIdentity(entry, notInstalled), {
      message: `the handler of auth, ${entry}, imports "${name}" and has to be bundled, and esbuild is not installed; run "npm install -D esbuild"`,
    });
  });
}

test("deploys a module in JavaScript as it is that imports nothing but Node's own", async (t) => {
  const text = "import { createHash } from 'node:crypto';\nexport const identify = () => createHash('sha256');\n";
  assert.equal(bundleIdentity(await write(t, 'who.mjs', text), notInstalled), text);
});

test('bundles with the esbuild that is installed where the app runs', async (t) => {
  const entry = await write(t, 'who.ts', 'export const identify = (): undefined => undefined;');
  assert.match(bundleIdentity(entry), /export \{\s*identify\s*\}/u);
});

async function write(t: { after(cleanUp: () => Promise<void>): void }, name: string, text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'relay-identity-'));
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, name), text);
  return join(directory, name);
}
