import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { HarEntry } from './har.ts';
import { LocalChainError } from './local-chain-error.ts';

/** An HTTP Archive 1.2 that grows. */
export interface HarFile {
  /** Writes one entry more. The file is a whole archive before and after. */
  add(entry: HarEntry): void;
  /** Closes it. Idempotent. */
  close(): void;
}

/** What closes the list of entries and the archive. */
const end = '\n]}}\n';

/**
 * Begins an archive, in place of what the file holds. Each entry is written over the end of the archive, with a new end
 * behind it, in one call: so the file can be read at any time, also when this process has been killed, and nothing of it
 * is kept in memory.
 *
 * @param onFault told once, in a sentence, where the file cannot be written any more; nothing more is written then
 * @throws LocalChainError with a sentence where the file cannot be written.
 */
export function createHarFile(file: string, onFault: (sentence: string) => void): HarFile {
  let position = 0;
  let descriptor: number | undefined;
  const writeOver = (text: string): void => {
    if (descriptor === undefined) {
      return;
    }
    const bytes = Buffer.from(text + end);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
    }
    position += bytes.length - end.length;
  };
  const close = (): void => {
    if (descriptor !== undefined) {
      closeSync(descriptor);
      descriptor = undefined;
    }
  };
  let separator = '';
  try {
    // What is masked is not all that may be private.
    descriptor = openSync(file, 'w', 0o600);
    const creator = JSON.stringify({ name: 'agentcore-relay', version: readVersion() });
    writeOver(`{"log":{"version":"1.2","creator":${creator},"pages":[],"entries":[`);
  } catch (error) {
    close();
    throw new LocalChainError(describe(file, error), { cause: error });
  }
  return {
    add: (entry) => {
      try {
        writeOver(`${separator}\n${JSON.stringify(entry)}`);
        separator = ',';
      } catch (error) {
        cutOff(descriptor, position);
        close();
        onFault(describe(file, error));
      }
    },
    close,
  };
}

/** What was written of the last entry goes, so that the archive is whole again; a disk that fails altogether keeps it. */
function cutOff(descriptor: number | undefined, position: number): void {
  if (descriptor === undefined) {
    return;
  }
  try {
    writeSync(descriptor, end, position);
    ftruncateSync(descriptor, position + end.length);
  } catch {
    // The sentence about the first failure says it.
  }
}

function describe(file: string, error: unknown): string {
  return `the trace "${file}" cannot be written: ${error instanceof Error ? error.message : String(error)}`;
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
