import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { compileFunction } from 'node:vm';
import type { LocalChain } from '../../src/local.ts';
import { startDeployedChain } from '../end-to-end/deployed-chain.ts';
import { clientNames, loadClient, skipReason } from './installed.ts';
import type { ClientName } from './installed.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');

const section = /^## Three lines for each\n([^]*?)^## /mu.exec(read('docs/protocols.md'))?.[1] ?? '';

/** What stands under "Three lines for each": the snippets by the bold names before them. */
const snippets = new Map(
  Array.from(
    section.matchAll(/^\*\*(.+?)\*\*.*\n\n```\w+\n([^]*?)^```$/gmu),
    ([, name = '', code = '']) => [name, code] as const,
  ),
);

function findSnippet(name: string): string {
  return snippets.get(name) ?? assert.fail(`docs/protocols.md has no snippet "${name}"`);
}

const question = 'What is 12*(3+4)?';
const introduction = 'I am the offline model: no real model is configured, so I answer by a few rules.';
const answer = `${introduction}\n\nLet me see.\n\n12*(3+4) = 84`;
const openAiNames = clientNames.filter((name) => /^openai\d/u.test(name));
const agUiNames = clientNames.filter((name) => name.startsWith('ag-ui-client-'));

/** The snippets that Node.js runs: with the packages that a person imports, and what they then print. */
const cases: readonly { readonly name: string; readonly packages: readonly ClientName[]; readonly prints: string }[] = [
  ...agUiNames.map((client) => ({ name: 'AG-UI by itself', packages: [client], prints: answer })),
  ...openAiNames.map((client) => ({ name: 'openai, JavaScript', packages: [client], prints: answer })),
  ...openAiNames
    .filter((client) => client !== 'openai4')
    .map((client) => ({
      name: 'openai, JavaScript, Responses',
      packages: [client],
      prints: `${introduction}\n\nNice to meet you, Ada! Your name is Ada.\n`,
    })),
  { name: 'LangChain', packages: ['@langchain/openai'], prints: answer },
  { name: 'AI SDK on a server', packages: ['@ai-sdk/openai-compatible', 'ai7'], prints: answer },
];

describe('docs/protocols.md', { skip: skipReason }, () => {
  let chain: LocalChain;

  before(async () => {
    chain = await startDeployedChain();
  });
  after(async () => {
    await chain.close();
  });

  for (const { name, packages, prints } of cases) {
    it(`prints the agent's answer: ${name}, with ${packages.join(' and ')}`, async () => {
      const modules = await Promise.all(
        packages.map((client) => loadClient<Readonly<Record<string, unknown>>>(client)),
      );
      let output = '';
      const scope: Readonly<Record<string, unknown>> = {
        // As `import { … }` has them; `default` is no name for a variable.
        ...Object.fromEntries(
          modules.flatMap((module) =>
            Object.entries(module).filter(([key]) => /^[A-Za-z]+$/u.test(key) && key !== 'default'),
          ),
        ),
        messages: [{ role: 'user', content: question }],
        process: {
          // The chain lets everybody in, but OpenAI's clients insist on a key.
          env: { RELAY_KEY: 'none' },
          stdout: { write: (text: string) => void (output += text) },
        },
        console: { log: (...texts: string[]) => void (output += `${texts.join(' ')}\n`) },
        crypto,
      };
      const code = findSnippet(name).replaceAll('https://…', chain.url);
      assert.notEqual(code, findSnippet(name), 'the snippet holds no https://…');
      const run = compileFunction(`return (async () => {${code}})();`, Object.keys(scope));
      await run(...Object.values(scope));
      assert.equal(output, prints);
    });
  }

  const hasCurl = spawnSync('curl', ['--version']).status === 0;
  it("prints the agent's answer: curl", { skip: hasCurl ? false : 'curl is not installed' }, async () => {
    const command = findSnippet('curl').replaceAll('https://…', chain.url);
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { timeout: 60_000 });
    const pieces = Array.from(
      stdout.matchAll(/"content":("(?:[^"\\]|\\.)*")/gu),
      ([, piece = '""']) => JSON.parse(piece) as string,
    );
    assert.equal(pieces.join(''), answer);
    assert.match(stdout, /\ndata: \[DONE\]\n\n$/u);
  });

  // Their tests run these files.
  it('shows of the examples of React and CopilotKit what stands in them', () => {
    const statements = (code: string) =>
      code
        .replaceAll(/\/\/.*$/gmu, '')
        .replaceAll("new URL('/ag-ui', RELAY_URL).href", "'https://…/ag-ui'")
        .replaceAll(/,(?=\s*[}\])])|\s+/gu, '');
    const files = { 'React, `useChat`': 'examples/use-chat.tsx', CopilotKit: 'examples/copilotkit-runtime.ts' };
    for (const [name, file] of Object.entries(files)) {
      const example = statements(read(file));
      for (const line of findSnippet(name).trimEnd().split('\n')) {
        assert.ok(example.includes(statements(line)), `${file} has no ${line}`);
      }
    }
  });

  it('has no snippet that nobody runs, but for Python', () => {
    const run = new Set([...cases.map(({ name }) => name), 'React, `useChat`', 'CopilotKit', 'curl', 'openai, Python']);
    assert.deepEqual([...snippets.keys()].sort(), [...run].sort());
    assert.equal(section.match(/^```\w/gmu)?.length, run.size);
  });
});
