import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listMentions, listTests, readTables } from './page-mentions.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'docs/local.md'), 'utf8');

describe('the table of docs/local.md', () => {
  const rows = readTables(page, 'behaviour', 'source', 'how sure', 'shown by');

  it('says of every behaviour where it is from and how sure that is', () => {
    assert.ok(rows.length > 80, `${rows.length} behaviours`);
    const certainties = ['documented', 'observed', 'assumed'];
    const bare = rows.filter(
      ([behaviour = '', source = '', certainty = '', shown = '']) =>
        behaviour === '' || source === '' || shown === '' || !certainties.includes(certainty),
    );
    assert.deepEqual(bare, []);
  });

  it('names of every behaviour a test that exists', () => {
    const unshown = rows.flatMap(([behaviour = '', , , shown = '']) => {
      const mentions = listMentions(shown);
      const isShown =
        mentions.length > 0 &&
        mentions.every(
          ({ file, tests }) =>
            existsSync(join(root, file)) && tests.length > 0 && tests.every((name) => listTests(file).includes(name)),
        );
      return isShown ? [] : [`${behaviour}: ${shown}`];
    });
    assert.deepEqual(unshown, []);
  });
});
