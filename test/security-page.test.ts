import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { block } from '../src/cdk/firewall-rule.ts';
import type { FirewallCode } from '../src/cdk/firewall-rule.ts';
import { listErrorKinds } from '../src/errors.ts';
import { listMentions, listTests, readFile, readTables } from './page-mentions.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');

const isName = (code: string) => /^\w+$/u.test(code);

function escape(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}]/gu, String.raw`\$&`);
}

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  KiB: 1_024,
  MiB: 1_048_576,
  bytes: 1,
  characters: 1,
};

/** A value as the page has it: `5 min` in milliseconds, `1 MiB` in bytes, `2^14`, `1,000`. */
function readValue(cell: string): number {
  const [, digits = '', power, unit] = /^([\d,]+)(?:\^(\d+))?(?: (\w+))?$/u.exec(cell) ?? [];
  const factor = unit === undefined ? 1 : units[unit];
  assert.ok(digits !== '' && factor !== undefined, `"${cell}" is no value`);
  return Number(digits.replaceAll(',', '')) ** Number(power ?? 1) * factor;
}

/** A constant's value as the code has it, in milliseconds where it is one of seconds: `timeoutMs = 5_000`, `10 * 1024`. */
function readConstant(code: string): number {
  const [, name = '', formula = ''] = /^(\w+)(?::| =|\()\s*([\d_ *]+)\)?$/u.exec(code) ?? [];
  assert.notEqual(formula, '', `"${code}" is no constant`);
  const product = formula
    .split(/(?<!\*)\*(?!\*)/u)
    .map((factor) => factor.split('**').map((number) => Number(number.replaceAll('_', ''))))
    .reduce((value, [base = 0, exponent = 1]) => value * base ** exponent, 1);
  return name.endsWith('Seconds') ? product * 1_000 : product;
}

describe('docs/security.md', () => {
  const mentions = listMentions(page);

  it('names only files that exist', () => {
    const missing = mentions.map(({ file }) => file).filter((file) => !existsSync(join(root, file)));
    assert.deepEqual(missing, []);
    assert.ok(mentions.length > 100, `${mentions.length} files are named`);
  });

  it('names only exports that their files have, and constants that are written there so', () => {
    const missing = mentions.flatMap(({ file, code }) =>
      code
        .filter((text) => {
          const pattern = isName(text)
            ? String.raw`^export (?:async )?(?:function|const|class|interface|type) ${text}\b`
            : String.raw`\b${escape(text)}(?!\w|\.\d| \*)`;
          return !new RegExp(pattern, 'mu').test(readFile(file));
        })
        .map((text) => `${file}: ${text}`),
    );
    assert.deepEqual(missing, []);
  });

  it('names only tests that their files have', () => {
    const missing = mentions.flatMap(({ file, tests }) => {
      const known = tests.length === 0 ? [] : listTests(file);
      return tests.filter((name) => !known.includes(name)).map((name) => `${file}: ${name}`);
    });
    assert.deepEqual(missing, []);
  });

  it('names for every threat what stands against it, in which code, and which test shows it', () => {
    const rows = readTables(page, 'threat', 'what stands against it', 'in', 'shown by');
    assert.ok(rows.length > 40, `${rows.length} threats`);
    const bare = rows.filter(([threat = '', answer = '', code = '', shown = '']) => {
      const files = listMentions(code);
      const tests = listMentions(shown);
      const isWhole =
        files.length > 0 &&
        files.every((mention) => mention.code.some(isName)) &&
        tests.length > 0 &&
        tests.every((mention) => mention.file.endsWith('.test.ts') && mention.tests.length > 0);
      return threat === '' || answer === '' || !isWhole;
    });
    assert.deepEqual(bare, []);
  });

  it('says of every limit what the code says', () => {
    const rows = readTables(page, 'what', 'value', 'in the code');
    assert.ok(rows.length > 30, `${rows.length} limits`);
    const differing = rows.filter(([, value = '', code = '']) => {
      const [constant = ''] = listMentions(code).flatMap((mention) => mention.code);
      return readValue(value) !== readConstant(constant);
    });
    assert.deepEqual(differing, []);
  });

  it('says of every refusal the status that it has, and leaves out none that says who may call', () => {
    const rows = readTables(page, 'code', 'status', 'from').map(([code = '', status = '', from = '']) => ({
      code: code.replaceAll('`', ''),
      status: Number(status),
      from,
    }));
    const kinds = new Map(listErrorKinds().map(({ code, status }) => [code, status]));
    const firewall = (code: string) => {
      const { customResponse } = block(code as FirewallCode).block as {
        readonly customResponse: { readonly responseCode: number };
      };
      return customResponse.responseCode;
    };
    for (const { code, status, from } of rows) {
      if (from.includes('the relay')) assert.equal(status, kinds.get(code), code);
      if (from.includes('the firewall')) assert.equal(status, firewall(code), code);
    }
    const [, whoYouAre = ''] = /^## Who you are\n([^]*?)^## /mu.exec(readFile('docs/errors.md')) ?? [];
    const identityCodes = Array.from(whoYouAre.matchAll(/^\| `(\w+)` /gmu), ([, code = '']) => code);
    assert.ok(identityCodes.length > 0);
    assert.deepEqual(
      rows.map(({ code }) => code).filter((code) => identityCodes.includes(code)),
      identityCodes,
    );
  });
});
