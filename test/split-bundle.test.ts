import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { splitBundle, writeBundle } from '../scripts/split-bundle.ts';

const root = mkdtempSync(join(tmpdir(), 'split-bundle-'));
after(() => rmSync(root, { recursive: true }));
let projects = 0;

/** Bundles a function whose modules these are; its entry point is `main.ts`. */
async function bundle(modules: Readonly<Record<string, string>>) {
  const folder = join(root, String((projects += 1)));
  for (const [name, text] of Object.entries(modules)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const files = await splitBundle({
    absWorkingDir: folder,
    entryPoint: 'main.ts',
    bundle: true,
    format: 'esm',
    minify: true,
    platform: 'node',
  });
  await writeBundle(join(folder, 'out'), files);
  const textOf = (name: string): string => files.find((file) => file.name === name)?.text ?? assert.fail(name);
  const load = (): Promise<{ readonly handler: (name: string) => unknown }> =>
    import(pathToFileURL(join(folder, 'out/index.mjs')).href);
  return { names: files.map(({ name }) => name).sort(), textOf, load };
}

const main = `import { Fault } from './fault.ts';
import { once } from 'a-package';
const kinds = { red: () => import('./kinds/red.ts'), blue: () => import('./kinds/blue.ts') };
export const handler = async (name) => {
  const { paint } = await kinds[name]();
  try {
    return paint() + once();
  } catch (thrown) {
    return thrown instanceof Fault ? 'fault of ' + name : 'other';
  }
};`;

const painter = {
  'main.ts': main,
  'fault.ts': `export class Fault extends Error {}`,
  'brush.ts': `export const stroke = (color) => '<brushed ' + color + '>';`,
  'kinds/red.ts': `import { stroke } from '../brush.ts';
export const paint = () => stroke('red');`,
  'kinds/blue.ts': `import { Fault } from '../fault.ts';
import { stroke } from '../brush.ts';
import { once } from 'a-package';
export const paint = () => { if (once() > 1) throw new Fault(stroke('blue')); return stroke('blue'); };`,
  'node_modules/a-package/package.json': '{"name":"a-package","main":"index.js"}',
  'node_modules/a-package/index.js': `let count = 0; exports.once = () => (count += 1);`,
};

describe('a bundle that is split', () => {
  it('is one file for the start and one for each module that is loaded, which imports nothing but the first', async () => {
    const { names, textOf } = await bundle(painter);
    assert.deepEqual(names, ['blue.mjs', 'index.mjs', 'red.mjs']);
    for (const name of ['blue.mjs', 'red.mjs']) {
      const imported = Array.from(textOf(name).matchAll(/(?:from|import)"([^"]*)"/gu), ([, path]) => path);
      assert.deepEqual(imported, ['./index.mjs'], name);
    }
    assert.doesNotMatch(textOf('index.mjs'), /(?:from|import)"\./u);
  });

  it('has in the file of the start only what the start needs', async () => {
    const { textOf } = await bundle(painter);
    assert.deepEqual(
      ['index.mjs', 'red.mjs', 'blue.mjs'].map((name) => textOf(name).includes('<brushed ')),
      [false, true, true],
    );
  });

  it('has once what the start and what is loaded both need', async () => {
    const { handler } = await (await bundle(painter)).load();
    // The package counts for both, and the error of the one is known to the other.
    assert.deepEqual([await handler('red'), await handler('blue')], ['<brushed red>1', 'fault of blue']);
  });

  it('is one file where nothing is loaded', async () => {
    const { names, load } = await bundle({ 'main.ts': `export const handler = (name) => name + '!';` });
    assert.deepEqual([names, (await load()).handler('hi')], [['index.mjs'], 'hi!']);
  });

  it('is not made where the start imports what it says to load later', async () => {
    const modules = {
      ...painter,
      'main.ts': `import { paint } from './kinds/red.ts';\n${main}\nexport const p = paint;`,
    };
    await assert.rejects(bundle(modules), /^Error: kinds\/red\.ts is loaded by import\(\), but the start/u);
  });

  it('is not made where two files would have one name', async () => {
    const modules = {
      'main.ts': `export const handler = (name) => (name === 'a' ? import('./a/kind.ts') : import('./b/kind.ts'));`,
      'a/kind.ts': `export const kind = 'a';`,
      'b/kind.ts': `export const kind = 'b';`,
    };
    await assert.rejects(bundle(modules), /^Error: two modules that are loaded by import\(\) have one name/u);
  });
});
