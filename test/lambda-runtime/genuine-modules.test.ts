import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { compareRuntimes, skip } from './compare-runtimes.ts';

const folder = mkdtempSync(join(tmpdir(), 'genuine-modules-'));
after(() => rmSync(folder, { recursive: true }));

/** A bundle with modules as real ones are, and as they should not be. */
const files: Readonly<Record<string, string>> = {
  'esm.mjs': `
    export const handler = async () => 'esm';
    export const nested = { a: { handler } };
    export const falsy = 0;
    export default { inDefault: async () => 'default', falsy: async () => 'default falsy' };
    export class Service {
      name = 'service';
      async handler() { return this.name; }
    }
    export const lost = new Service().handler;
    export const withName = async () => { throw new (class Lost extends Error { name = 'Lost.Name'; })('x'); };
    export const restArguments = async (...values) => values.length;
    export const defaultArgument = async (event, context, third = 1) => [third, arguments.length];
    export const marked = Object.assign(async () => 1, { [Symbol.for('aws.lambda.runtime.handler.streaming')]: 'request' });
    export const unmarked = Object.assign(async () => 1, { [Symbol.for('aws.lambda.runtime.handler.streaming')]: 0 });
    export const streamCallback = awslambda.streamifyResponse(async (event, stream, context, fourth) => stream.end(String(fourth)));
    export const generator = async function* () { yield 1; };
  `,
  'esm-js.js': `exports.handler = async () => 'js is CommonJS here';`,
  'type/package.json': `{ "type": "module" }`,
  'type/index.js': `export const handler = async () => import.meta.dirname.split('/').pop();`,
  'common.cjs': `
    module.exports = { handler: async function () { return [typeof require, __filename.split('/').pop(), this === undefined]; } };
    module.exports.default = { inDefault: async () => 'default' };
    Object.defineProperty(module.exports, 'getter', { get: () => async () => 'getter', enumerable: true });
  `,
  'function.cjs': `module.exports = async () => 'the module itself';`,
  'several.js': `exports.handler = async () => 'js';`,
  'several.mjs': `export const handler = async () => 'mjs';`,
  'folder/index.js': `exports.handler = async () => 'the folder';`,
  'folder.mjs': `export const handler = async () => 'beside a folder';`,
  bare: `exports.handler = async () => 'no extension';`,
  'lib/deep/file.mjs': `export const handler = async () => 'deep';`,
  'file.mjs.d/file.mjs': `export const handler = async () => 'in a folder of its own name';`,
  'node_modules/package/package.json': `{ "main": "main.js" }`,
  'node_modules/package/main.js': `exports.handler = async () => 'a package';`,
  'waits.mjs': `
    const value = await new Promise((resolve) => setTimeout(resolve, 20, 'waited'));
    export const handler = async () => value;
  `,
  'requires-esm.cjs': `const { handler } = require('./esm.mjs'); exports.handler = handler;`,
  'requires-missing.cjs': `require('./nothing'); exports.handler = async () => 1;`,
  'imports-missing-package.mjs': `import 'no-such-package'; export const handler = async () => 1;`,
  'imports-missing-name.mjs': `import { nothing } from './esm.mjs'; export const handler = async () => nothing;`,
  'syntax.cjs': `exports.handler = async () => {;`,
  'bad-json.mjs': `JSON.parse('{'); export const handler = async () => 1;`,
  'reference.mjs': `missing; export const handler = async () => 1;`,
  'throws-text.mjs': `throw 'text'; export const handler = async () => 1;`,
  'throws-nothing.mjs': `throw undefined; export const handler = async () => 1;`,
  'throws-object.mjs': `throw { a: 1 }; export const handler = async () => 1;`,
  'throws-odd.mjs': `throw Object.assign(new Error('odd'), { name: 5 }); export const handler = async () => 1;`,
  'throws-nameless.mjs': `throw Object.assign(new Error('nameless'), { name: undefined }); export const handler = async () => 1;`,
  'throws-delete.mjs': `throw Object.assign(new Error('a\\u007Fb'), { name: 'c\\u007Fd' }); export const handler = async () => 1;`,
  'throws-null-prototype.mjs': `throw Object.create(null); export const handler = async () => 1;`,
  'exits.mjs': `process.exit(6); export const handler = async () => 1;`,
  'rejects.mjs': `Promise.reject(new Error('nobody waits')); export const handler = async () => 1;`,
  'never.mjs': `await new Promise(() => {}); export const handler = async () => 1;`,
  'no-global.mjs': `export const handler = async () => [typeof awslambda, typeof globalThis.awslambda?.InvokeStore];`,
  'own-global.mjs': `globalThis.awslambda = { own: true }; export const handler = async () => Object.keys(awslambda);`,
};
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const loadable = [
  'esm.handler',
  'esm.nested.a.handler',
  'esm.inDefault',
  'esm.falsy',
  'esm.lost',
  'esm.Service',
  'esm.withName',
  'esm.restArguments',
  'esm.defaultArgument',
  'esm.unmarked',
  'esm.streamCallback',
  'esm.generator',
  'esm-js.handler',
  'type/index.handler',
  'common.handler',
  'common.getter',
  'several.handler',
  'bare.handler',
  'lib/deep/file.handler',
  './esm.handler',
  '/esm.handler',
  'package.handler',
  'waits.handler',
  'requires-esm.handler',
  'own-global.handler',
];

const unloadable = [
  'common.inDefault',
  'esm.marked',
  'esm.',
  'esm.nested.b.handler',
  'esm..handler',
  '.handler',
  'lib/deep/none.handler',
  'folder.handler',
  'function.handler',
  'requires-missing.handler',
  'imports-missing-package.handler',
  'imports-missing-name.handler',
  'syntax.handler',
  'bad-json.handler',
  'reference.handler',
  'throws-text.handler',
  'throws-nothing.handler',
  'throws-object.handler',
  'throws-odd.handler',
  'throws-nameless.handler',
  'throws-delete.handler',
  'throws-null-prototype.handler',
  'exits.handler',
  'rejects.handler',
  'never.handler',
];

describe('modules under the local runtime beside the genuine one', { skip, concurrency: 1 }, () => {
  for (const handler of loadable) {
    it(`are loaded alike: ${handler}`, () => compareRuntimes({ handler, folder }));
  }
  for (const handler of unloadable) {
    it(`fail alike: ${handler}`, () => compareRuntimes({ handler, folder, dies: true }));
  }
  for (const handler of ['common.nothing', 'requires-missing.handler', 'syntax.handler']) {
    it(`fail alike where the log format is JSON: ${handler}`, () =>
      compareRuntimes({ handler, folder, variables: { AWS_LAMBDA_LOG_FORMAT: 'JSON' }, dies: true }));
  }
  it('see no global where the function asks for none', () =>
    compareRuntimes({
      handler: 'no-global.handler',
      folder,
      variables: { AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA: 'true' },
    }));
  it('are told why they may take no callback in the words for Node.js 22', () =>
    compareRuntimes({
      handler: 'index.withCallback',
      variables: { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' },
      dies: true,
    }));
});
