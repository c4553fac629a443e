import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');

/** Who may import whom, besides itself. The table of ARCHITECTURE.md; lint enforces the same per folder. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  sse: ['errors', 'settings', 'json'],
  events: ['errors', 'settings', 'json', 'sse'],
  dialects: ['errors', 'settings', 'json', 'sse', 'events'],
  protocols: ['errors', 'settings', 'json', 'scrub', 'sse', 'events'],
  identity: ['errors', 'settings', 'auth-settings', 'json', 'builtin-crypto'],
  relay: [
    'errors',
    'settings',
    'json',
    'builtin-crypto',
    'scrub',
    'sse',
    'events',
    'dialects',
    'protocols',
    'identity',
  ],
  agentcore: ['errors', 'settings', 'json', 'builtin-crypto', 'relay'],
  'secrets-manager': ['errors', 'settings', 'json', 'identity', 'agentcore'],
  hosts: ['errors', 'settings', 'json', 'relay', 'protocols'],
  environment: [
    'errors',
    'settings',
    'auth-settings',
    'cors-settings',
    'json',
    'protocols',
    'identity',
    'relay',
    'agentcore',
    'secrets-manager',
    'hosts',
  ],
  edge: [],
  cdk: ['errors', 'settings', 'auth-settings', 'cors-settings'],
  local: ['errors', 'settings', 'json', 'command-line'],
  keys: ['errors', 'settings', 'json', 'command-line', 'identity'],
  functions: ['lambda', 'hosts'],
};

/** The modules directly in `src` that are no door of the package. */
const leaves = [
  'errors',
  'settings',
  'auth-settings',
  'cors-settings',
  'json',
  'builtin-crypto',
  'command-line',
  'scrub',
];

const modules = globSync('**/*.ts', { cwd: source }).filter((file) => !file.endsWith('.test.ts'));

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  return Array.from(text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/gu), ([, path = '']) => path);
}

/** The folder of a module, or the name of a module that lies directly in `src`. */
function layerOf(path: string): string {
  return (path.split(sep)[0] ?? '').replace(/\.[jt]s$/u, '');
}

describe('the layers', () => {
  it('import nothing from above or beside themselves', () => {
    const violations = modules.flatMap((file) => {
      const layer = layerOf(file);
      const rules = allowed[layer];
      if (rules === undefined) return [];
      return importsOf(file)
        .map((path) => layerOf(relative(source, join(source, dirname(file), path))))
        .filter((target) => target !== layer && !rules.includes(target))
        .map((target) => `${file} imports ${target}`);
    });
    assert.deepEqual(violations, []);
  });

  it('are all in the table', () => {
    const folders = new Set(modules.filter((file) => file.includes(sep)).map(layerOf));
    assert.deepEqual([...folders].sort(), Object.keys(allowed).sort());
  });

  it('are enforced by a lint rule per folder', () => {
    const { overrides } = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')) as {
      overrides: { files: string[]; rules: Record<string, [string, { patterns: { group: string[] }[] }] | string> }[];
    };
    const folders = Object.keys(allowed);
    for (const [folder, rules] of Object.entries(allowed)) {
      const override = overrides.find(({ files }) => files.length === 1 && files[0] === `src/${folder}/**`);
      const rule = override?.rules['no-restricted-imports'];
      const group = typeof rule === 'object' ? rule[1].patterns.flatMap((pattern) => pattern.group) : [];
      const forbidden = folders.filter((other) => other !== folder && !rules.includes(other));
      assert.deepEqual(
        group.filter((pattern) => pattern.endsWith('/**')).sort(),
        forbidden.map((other) => `**/../${other}/**`).sort(),
        folder,
      );
      assert.deepEqual(
        leaves.filter((leaf) => group.includes(`**/../${leaf}.ts`)).sort(),
        leaves.filter((leaf) => !rules.includes(leaf)).sort(),
        folder,
      );
    }
  });

  it('of the neutral door reach no module that only Node has', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const path of importsOf(file)) visit(join(dirname(file), path));
    };
    visit('index.ts');
    const nodeImports = [...reached].filter((file) => /from 'node:/u.test(readFileSync(join(source, file), 'utf8')));
    assert.deepEqual(nodeImports, []);
  });
});
