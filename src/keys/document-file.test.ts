import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, afterEach, test } from 'node:test';
import { RelayError } from '../errors.ts';
import { isJsonObject, parseJson } from '../json.ts';
import { changeDocumentFile, readDocumentFile } from './document-file.ts';
import type { DocumentFormat } from './document-file.ts';

type List = { readonly list: readonly unknown[] };

const format: DocumentFormat<List> = {
  empty: { list: [] },
  parse(text) {
    const document = parseJson(text);
    if (!isJsonObject(document) || !Array.isArray(document['list'])) {
      throw new RelayError('internal_error', { cause: 'it is no list' });
    }
    return { list: document['list'] };
  },
};

const add =
  (entry: unknown) =>
  ({ list }: List): List => ({ list: [...list, entry] });

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-keys-'));
  file = join(folder, 'list.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('makes the file for its owner alone, and leaves nothing beside it', async () => {
  await changeDocumentFile(file, format, add('a'));
  assert.equal(readFileSync(file, 'utf8'), '{\n  "list": [\n    "a"\n  ]\n}\n');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['list.json']);
});

test('keeps what is in the file, and who may read it', async () => {
  writeFileSync(file, '{"list":["a"]}');
  chmodSync(file, 0o640);
  await changeDocumentFile(file, format, add('b'));
  assert.deepEqual(await readDocumentFile(file, format), { list: ['a', 'b'] });
  assert.equal(statSync(file).mode & 0o777, 0o640);
});

test('changes the file that a link leads to, and leaves the link', async () => {
  writeFileSync(file, '{"list":["a"]}');
  const link = join(folder, 'link.json');
  symlinkSync(file, link);
  await changeDocumentFile(link, format, add('b'));
  assert.deepEqual(await readDocumentFile(file, format), { list: ['a', 'b'] });
  assert.deepEqual(await readDocumentFile(link, format), { list: ['a', 'b'] });
});

for (const [what, text] of [
  ['is empty', ''],
  ['is no JSON', '{"list":['],
  ['is another document', '{"users":[]}'],
] as const) {
  test(`refuses a file that ${what}, and leaves it as it is`, async () => {
    writeFileSync(file, text);
    const refusal = { name: 'CommandError', message: `"${file}" cannot be used: it is no list` };
    await assert.rejects(changeDocumentFile(file, format, add('a')), refusal);
    await assert.rejects(readDocumentFile(file, format), refusal);
    assert.equal(readFileSync(file, 'utf8'), text);
    assert.deepEqual(readdirSync(folder), ['list.json']);
  });
}

test('leaves the file as it is where the change cannot be made, or would make another document of it', async () => {
  writeFileSync(file, '{"list":["a"]}');
  const refused = new Error('not that one');
  await assert.rejects(
    changeDocumentFile(file, format, () => {
      throw refused;
    }),
    refused,
  );
  const broken = { list: 'a' } as unknown as List;
  await assert.rejects(
    changeDocumentFile(file, format, () => broken),
    { message: `"${file}" cannot be used: it is no list` },
  );
  assert.equal(readFileSync(file, 'utf8'), '{"list":["a"]}');
  assert.deepEqual(readdirSync(folder), ['list.json']);
});

test('loses no entry where several change the file at the same time: each is in it, or was refused', async () => {
  const entries = ['a', 'b', 'c', 'd', 'e'];
  const outcomes = await Promise.allSettled(entries.map((entry) => changeDocumentFile(file, format, add(entry))));
  const added = entries.filter((_entry, index) => outcomes[index]?.status === 'fulfilled');
  const { list } = await readDocumentFile(file, format);
  assert.deepEqual([list.length, new Set(list)], [added.length, new Set(added)]);
  assert.ok(added.length > 0);
  assert.deepEqual(readdirSync(folder), ['list.json']);
});

test('says what to do where another command was interrupted, and touches nothing', async () => {
  writeFileSync(file, '{"list":["a"]}');
  writeFileSync(`${file}.new`, 'half');
  await assert.rejects(changeDocumentFile(file, format, add('b')), {
    name: 'CommandError',
    message: `"${file}" is being changed by another command; where that one was interrupted, remove "${file}.new" and try again`,
  });
  assert.equal(readFileSync(file, 'utf8'), '{"list":["a"]}');
  assert.equal(readFileSync(`${file}.new`, 'utf8'), 'half');
});

test('says that a file is missing, or cannot be written', async () => {
  await assert.rejects(readDocumentFile(file, format), {
    name: 'CommandError',
    message: `there is no file "${file}"`,
  });
  const nowhere = join(folder, 'nowhere', 'list.json');
  await assert.rejects(changeDocumentFile(nowhere, format, add('a')), {
    name: 'CommandError',
    message: `"${nowhere}" cannot be written: ENOENT: no such file or directory, open '${nowhere}.new'`,
  });
});

test('says whether the file fits into a secret', async () => {
  assert.deepEqual(await changeDocumentFile(file, format, add('a')), { fitsSecret: true });
  const rest = 65_536 - Buffer.byteLength(readFileSync(file));
  const overhead = ',\n    ""'.length;
  assert.deepEqual(await changeDocumentFile(file, format, add('x'.repeat(rest - overhead))), { fitsSecret: true });
  assert.equal(statSync(file).size, 65_536);
  assert.deepEqual(await changeDocumentFile(file, format, ({ list }) => ({ list: [...list, 1] })), {
    fitsSecret: false,
  });
});
