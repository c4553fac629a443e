import { parseKeyDocument } from '../identity/key-document.ts';
import type { KeyDocument, KeyEntry } from '../identity/key-document.ts';
import { createApiKey } from '../identity/new-key.ts';
import { keyUsage, readKeyArguments } from './arguments.ts';
import type { KeyArguments } from './arguments.ts';
import { CommandError } from './command-error.ts';
import type { CommandConsole } from './console.ts';
import { changeDocumentFile, readDocumentFile } from './document-file.ts';
import type { DocumentFormat } from './document-file.ts';
import { explainDeployment, reportErrors } from './report.ts';

const format: DocumentFormat<KeyDocument> = { empty: { keys: [] }, parse: parseKeyDocument };

/** So many hex digits of a hash are printed; two of 10,000 keys share them once in 5 million times. */
const printedDigits = 12;

/**
 * Runs `agentcore-relay key` and resolves to the exit code: 0; 1 where it cannot be done; 2 where the command line is wrong.
 * Only a key itself, or a list that was asked for, goes to the standard output.
 */
export function runKeyCommand(commandLine: readonly string[], console: CommandConsole): Promise<number> {
  return reportErrors('key', console, async () => {
    const told = readKeyArguments(commandLine, () => console.now());
    switch (told.action) {
      case 'help':
        console.print(keyUsage);
        return;
      case 'create':
        await create(told, console);
        return;
      case 'list':
        await list(told, console);
        return;
      case 'revoke':
        await revoke(told, console);
        return;
      default:
        told satisfies never;
    }
  });
}

async function create(told: KeyArguments & { readonly action: 'create' }, console: CommandConsole): Promise<void> {
  const { file, id, note, expiresAt } = told;
  const { key, hash } = createApiKey();
  const entry: KeyEntry = {
    id,
    hash,
    ...(note === undefined ? {} : { note }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const changed = await changeDocumentFile(file, format, ({ keys }) => ({ keys: [...keys, entry] }));
  const until = expiresAt === undefined ? '' : `, which expires at ${expiresAt}`;
  console.explain(`A key of ${JSON.stringify(id)}${until}. It is shown only now: ${file} has no more than its hash.\n`);
  console.print(`${key}\n`);
  explainDeployment(file, changed, console);
}

async function list({ file }: { readonly file: string }, console: CommandConsole): Promise<void> {
  const { keys } = await readDocumentFile(file, format);
  if (keys.length === 0) console.explain(`There is no key in ${file}.\n`);
  for (const key of keys) console.print(`${describeKey(key, console.now())}\n`);
}

async function revoke(told: KeyArguments & { readonly action: 'revoke' }, console: CommandConsole): Promise<void> {
  const { file } = told;
  // A file that is not there deserves a sentence of its own; what is decided below is decided with the file locked.
  await readDocumentFile(file, format);
  let revoked: readonly KeyEntry[] = [];
  const changed = await changeDocumentFile(file, format, ({ keys }) => {
    revoked = choose(keys, told, console.now());
    return { keys: keys.filter((key) => !revoked.includes(key)) };
  });
  for (const key of revoked) console.explain(`Revoked: ${describeKey(key, console.now())}\n`);
  explainDeployment(file, changed, console);
}

function choose(
  keys: readonly KeyEntry[],
  { file, id, which }: KeyArguments & { readonly action: 'revoke' },
  nowMs: number,
): readonly KeyEntry[] {
  const own = keys.filter((key) => key.id === id);
  const name = JSON.stringify(id);
  if (own.length === 0) throw new CommandError(`${name} has no key in ${file}`);
  if (which === 'all') return own;
  const prefix = which?.hashPrefix ?? '';
  const chosen = own.filter(({ hash }) => hash.startsWith(`sha256:${prefix}`));
  if (chosen.length === 1) return chosen;
  const what = chosen.length === 0 ? `no key whose hash begins with ${prefix}` : `${chosen.length} keys to choose from`;
  const choices = own.map((key) => `\n  ${describeKey(key, nowMs)}`).join('');
  throw new CommandError(`${name} has ${what}; name one with --hash-prefix, or all of them with --all:${choices}`);
}

function describeKey({ id, hash, expiresAt, note }: KeyEntry, nowMs: number): string {
  const expiry = expiresAt === undefined ? 'does not expire' : describeExpiry(expiresAt, nowMs);
  const digits = hash.slice('sha256:'.length).slice(0, printedDigits);
  // In JSON, a note cannot write to the terminal what its line breaks and control characters say.
  return [digits, id, expiry, ...(note === undefined ? [] : [JSON.stringify(note)])].join('  ');
}

function describeExpiry(expiresAt: string, nowMs: number): string {
  return `${Date.parse(expiresAt) <= nowMs ? 'expired' : 'expires'} ${expiresAt}`;
}
