import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { agentCodeDirectory, functionCodeDirectory } from './code-directory.ts';
import { openTemplates } from './templates.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'code-directory-'));
  mkdirSync(path.join(directory, 'folder'));
  writeFileSync(path.join(directory, 'one.mjs'), 'export const handler = 1;');
  writeFileSync(path.join(directory, 'one.zip'), '');
});
after(() => rmSync(directory, { recursive: true, force: true }));

test('takes a folder as it is, and one file or inline code alone, as it would be packed', () => {
  const file = codeOf('./one.mjs');
  const inline = codeOf({ ZipFile: 'exports.handler = 1;' });
  assert.deepEqual(
    {
      folder: codeOf('folder'),
      file: [readdirSync(file), readFileSync(path.join(file, 'one.mjs'), 'utf8')],
      inline: [readdirSync(inline), readFileSync(path.join(inline, 'index.js'), 'utf8')],
      again: codeOf({ ZipFile: 'exports.handler = 1;' }),
      agent: agentCodeOf('./folder'),
    },
    {
      folder: path.join(directory, 'folder'),
      file: [['one.mjs'], 'export const handler = 1;'],
      inline: [['index.js'], 'exports.handler = 1;'],
      again: inline,
      agent: path.join(directory, 'folder'),
    },
  );
});

test('says that an archive is not run, that a path leads nowhere, and that an assembly has no paths', () => {
  for (const [code, within, message] of [
    ['one.zip', 'template', /property Code is "one.zip"; the local chain runs folders and files, not archives$/u],
    ['gone', 'template', /property Code is "gone", and there is nothing at .+gone$/u],
    ['folder', 'assembly', /property Code is "folder"; a cloud assembly names assets, not paths$/u],
    [{ S3Bucket: 'b', S3Key: 'k.zip' }, 'template', /is deployed from "k.zip", which is no asset of this assembly$/u],
  ] as const) {
    assert.throws(() => codeOf(code, within), { name: 'LocalChainError', message });
  }
});

function codeOf(code: unknown, within: 'template' | 'assembly' = 'template'): string {
  const { assembly, resource } = open('AWS::Lambda::Function', { Code: code }, within);
  return functionCodeDirectory(assembly, resource);
}

function agentCodeOf(code: unknown): string {
  const { assembly, resource } = open('AWS::BedrockAgentCore::Runtime', { Code: code }, 'template');
  return agentCodeDirectory(assembly, resource.get('Code'), resource);
}

function open(type: string, properties: unknown, within: 'template' | 'assembly') {
  const stack = {
    name: 'Front',
    region: undefined,
    accountId: undefined,
    resources: { Owner: { Type: type, Properties: properties } },
    parameters: {},
    outputs: {},
    directory: within === 'template' ? directory : undefined,
  };
  const assembly = { directory, stacks: [stack], assets: new Map<string, string>() };
  const [resource = assert.fail('there is no resource')] = openTemplates(assembly, {
    accountId: '000000000000',
    region: 'eu-west-1',
  }).all(type);
  return { assembly, resource };
}
