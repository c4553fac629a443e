import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { localUsage } from '../src/local/arguments.ts';
import { knownFaults } from '../src/local/faults/known-faults.ts';
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

describe('the other tables of docs/local.md', () => {
  it('name every option of the command, and none that it does not have', () => {
    const named = readTables(page, 'option', 'meaning').flatMap((row) => optionsIn(row.join(' ')));
    const ofCommand = optionsIn(localUsage).filter((option) => option !== '--help');
    assert.deepEqual([...new Set(named)].toSorted(), [...new Set(ofCommand)].toSorted());
  });

  it('say of every fault what the command says of it', () => {
    assert.deepEqual(
      readTables(page, 'fault', 'what it does'),
      Object.values(knownFaults).map(({ example, meaning }) => [`\`${example}\``, meaning]),
    );
  });
});

function optionsIn(text: string): readonly string[] {
  return text.match(/(?<![\w-])--?[a-z][a-z-]*/gu) ?? [];
}
