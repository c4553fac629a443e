import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A file that the page names, and what it names of it right behind. */
export interface Mention {
  readonly file: string;
  /** In backticks: an export, or a constant as the code has it. */
  readonly code: readonly string[];
  readonly tests: readonly string[];
}

/** The files that a text names, tests below `test/` and all others below `src/`. */
export function listMentions(text: string): readonly Mention[] {
  return Array.from(
    text.matchAll(/`([\w./-]+\.ts)`((?:\s+(?:`(?![\w./-]+\.ts`)[^`]+`|“[^”]+”))*)/gu),
    ([, path = '', following = '']) => ({
      file: path.startsWith('test/') ? path : `src/${path}`,
      code: Array.from(following.matchAll(/`([^`]+)`/gu), ([, code = '']) => code),
      tests: Array.from(following.matchAll(/“([^”]+)”/gu), ([, name = '']) => name.replaceAll(/\s+/gu, ' ')),
    }),
  );
}

/** The cells of the tables whose head begins with these words. */
export function readTables(page: string, ...head: readonly string[]): readonly (readonly string[])[] {
  const cellsOf = (line: string) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/u)
      .map((cell) => cell.trim());
  return page
    .split(/\n\n+/u)
    .filter((part) => part.startsWith('|'))
    .map((table) => table.trim().split('\n').map(cellsOf))
    .filter(([first = []]) => head.every((name, index) => first[index] === name))
    .flatMap((rows) => rows.slice(2));
}

const sources = new Map<string, string>();

/** The text of a file of the repository; of one that is not there, nothing. */
export function readFile(file: string): string {
  const known = sources.get(file);
  if (known !== undefined) return known;
  const path = join(root, file);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  sources.set(file, text);
  return text;
}

/** The names of the tests of a file, with `…` for what is put into one. */
export function listTests(file: string): readonly string[] {
  const source = readFile(file);
  return Array.from(source.matchAll(/\b(?:it|test)\(\s*(['"`])/gu), ({ 0: call, 1: quote = '', index }) =>
    readLiteral(source, index + call.length, quote),
  );
}

function readLiteral(source: string, begin: number, quote: string): string {
  let text = '';
  for (let at = begin; at < source.length && source[at] !== quote; at++) {
    if (source[at] === '\\') {
      at += 1;
      text += source[at];
    } else if (quote === '`' && source.startsWith('${', at)) {
      text += '…';
      at = skipBraces(source, at + 1);
    } else {
      text += source[at];
    }
  }
  return text;
}

/** Where the brace that is opened here is closed. */
function skipBraces(source: string, begin: number): number {
  let depth = 0;
  for (let at = begin; at < source.length; at++) {
    if (source[at] === '{') depth += 1;
    if (source[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return source.length;
}
