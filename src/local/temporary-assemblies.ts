import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LocalChainError } from './local-chain-error.ts';

/** Folders for assemblies that are there only for as long as they run. */
export interface TemporaryAssemblies {
  /**
   * Makes a folder beside the assembly, `<assembly>.watch-…`.
   *
   * @throws LocalChainError where none can be made there.
   */
  make(): string;
  /** Removes a folder of these; any other stays, and what cannot be removed now. */
  remove(folder: string | undefined): void;
  /** Removes what is left of them. */
  removeAll(): void;
}

/** Keeps account of the folders beside an assembly. They go at the latest when this process ends by itself. */
export function createTemporaryAssemblies(assembly: string): TemporaryAssemblies {
  const folders = new Set<string>();
  const remove = (folder: string | undefined): void => {
    if (folder === undefined || !folders.has(folder)) {
      return;
    }
    try {
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
    } catch {
      // Something still writes into it, or has it open: it is tried again when everything ends.
    }
  };
  const removeAll = (): void => {
    for (const folder of folders) {
      remove(folder);
    }
    process.off('exit', removeAll);
  };
  return {
    make: () => {
      const folder = makeBeside(path.resolve(assembly));
      if (folders.size === 0) {
        process.on('exit', removeAll);
      }
      folders.add(folder);
      return folder;
    },
    remove,
    removeAll,
  };
}

function makeBeside(assembly: string): string {
  try {
    return mkdtempSync(`${assembly}.watch-`);
  } catch (error) {
    throw new LocalChainError(
      `no folder can be made beside "${assembly}": ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
