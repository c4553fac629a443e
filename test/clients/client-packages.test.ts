import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createClientPackage } from './client-packages.ts';

type Entries = Readonly<Record<string, { readonly integrity?: string; readonly optional?: boolean }>>;

const locked: Entries = {
  '': {},
  'node_modules/a': { integrity: 'sha512-a1' },
  'node_modules/only-elsewhere': { integrity: 'sha512-e1', optional: true },
};

describe('a package of clients', () => {
  const cases: readonly [string, Entries | undefined, boolean][] = [
    ['is there when all that its lock names is there', { 'node_modules/a': { integrity: 'sha512-a1' } }, true],
    ['is not there before it is installed', undefined, false],
    ['is not there when an older lock was installed', { 'node_modules/a': { integrity: 'sha512-a0' } }, false],
    ['is not there when a package of the lock is missing', { 'node_modules/b': { integrity: 'sha512-b1' } }, false],
  ];
  for (const [name, installed, isInstalled] of cases) {
    it(name, (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'clients-'));
      t.after(() => rmSync(folder, { recursive: true }));
      mkdirSync(join(folder, 'node_modules'));
      writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: locked }));
      if (installed !== undefined) {
        writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
      }
      assert.equal(createClientPackage(folder).isInstalled(), isInstalled);
    });
  }
});
