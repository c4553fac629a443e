import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listErrorKinds } from '../src/errors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = globSync(['*.md', 'docs/**/*.md', 'test/**/README.md', 'examples/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
});
const read = (file: string) => readFileSync(join(root, file), 'utf8');

describe('the documents', () => {
  it('list every error code with its status', () => {
    const rows = Array.from(
      read('docs/errors.md').matchAll(/^\| `(\w+)` +\| (\d{3}) /gmu),
      ([, code = '', status = '']) => `${code} ${status}`,
    );
    const kinds = listErrorKinds().map(({ code, status }) => `${code} ${status}`);
    assert.deepEqual(rows.sort(), kinds.sort());
  });

  it('have no link to a file that is not there', () => {
    const broken = documents.flatMap((file) =>
      Array.from(read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/gu), ([, target = '']) => target)
        .filter((target) => !existsSync(join(root, dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    );
    assert.deepEqual(broken, []);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = documents.flatMap((file) =>
      Array.from(read(file).matchAll(/npm run ([\w:-]+)/gu), ([, name = '']) => name),
    );
    assert.deepEqual(
      [...new Set(named)].filter((name) => !(name in scripts)),
      [],
    );
  });
});
