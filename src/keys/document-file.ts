import { chmod, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { RelayError } from '../errors.ts';
import { CommandError } from './command-error.ts';

/** A kind of document: how it is read, and written. */
export interface DocumentFormat<Document> {
  /** One without entries. */
  readonly empty: Document;
  /** @throws RelayError whose cause says what is wrong. */
  parse(text: string): Document;
}

/** For its owner alone, as what guards the way in. */
const newFileMode = 0o600;

/** Most bytes of a secret's value on AWS (Secrets Manager, CreateSecret, `SecretString`). */
const maxSecretBytes = 65_536;

/**
 * Reads a document.
 *
 * @throws CommandError where it does not exist, cannot be read, or is not such a document.
 */
export async function readDocumentFile<Document>(file: string, format: DocumentFormat<Document>): Promise<Document> {
  const text = await readText(file);
  if (text === undefined) throw new CommandError(`there is no file "${file}"`);
  return parseDocument(file, text, format);
}

/**
 * Changes a document: all of it or, where anything is wrong with the file or the change, nothing. A file that does not exist
 * is made, with mode 600; one that does keeps its mode. Two that change the same file at the same time do not lose an entry.
 *
 * @throws CommandError where the file cannot be read or written, is no such document, or would be none; what `change` throws.
 * @returns Whether the document fits into a secret on AWS.
 */
export async function changeDocumentFile<Document>(
  file: string,
  format: DocumentFormat<Document>,
  change: (document: Document) => Document,
): Promise<{ readonly fitsSecret: boolean }> {
  const target = await realpath(file).catch(() => file);
  const next = `${target}.new`;
  const handle = await open(next, 'wx', newFileMode).catch((error: unknown) => {
    throw codeOf(error) === 'EEXIST'
      ? new CommandError(
          `"${file}" is being changed by another command; where that one was interrupted, remove "${next}" and try again`,
        )
      : describe(file, 'written', error);
  });
  try {
    const before = await readText(target);
    const document = change(before === undefined ? format.empty : parseDocument(file, before, format));
    const text = `${JSON.stringify(document, undefined, 2)}\n`;
    parseDocument(file, text, format);
    try {
      await handle.writeFile(text);
      await handle.sync();
      if (before !== undefined) await chmod(next, (await stat(target)).mode);
      await rename(next, target);
    } catch (error) {
      throw describe(file, 'written', error);
    }
    return { fitsSecret: Buffer.byteLength(text) <= maxSecretBytes };
  } catch (error) {
    await unlink(next).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw describe(file, 'read', error);
  }
}

function parseDocument<Document>(file: string, text: string, format: DocumentFormat<Document>): Document {
  try {
    return format.parse(text);
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    throw new CommandError(`"${file}" cannot be used: ${String(error.cause)}`, { cause: error });
  }
}

function describe(file: string, what: string, error: unknown): CommandError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CommandError(`"${file}" cannot be ${what}: ${reason}`, { cause: error });
}

function codeOf(error: unknown): unknown {
  return (Object(error) as { readonly code?: unknown }).code;
}
